// MQTT packets of the log cases, in the notation of the wire cases.
import { number, packet, props, sized, str } from '../wire/bytes.js';

export interface ConnectParts {
  readonly version?: 3 | 4 | 5;
  /** The connect flags. */
  readonly flags?: number;
  readonly keepAlive?: number;
  readonly properties?: string;
  /** What follows the client id: will, user name, password. */
  readonly rest?: string;
}

export function connect(id: string, parts: ConnectParts = {}): string {
  const { version = 4, flags = 2, keepAlive = 60, properties = '', rest = '' } = parts;
  const name = str(version === 3 ? 'MQIsdp' : 'MQTT');
  const own = version === 5 ? props(properties) : '';
  return packet('10', name, number(version, 1), number(flags, 1), number(keepAlive, 2), own, str(id), rest);
}

/** A client with a user name and a password. */
export function login(id: string, user: string, password: string, version: 4 | 5 = 4): string {
  return connect(id, { version, flags: 0xc2, rest: `${str(user)} ${str(password)}` });
}

export interface PublishParts {
  readonly qos?: 0 | 1 | 2;
  readonly packetId?: number;
  readonly retain?: boolean;
  readonly dup?: boolean;
}

function publishOf(topic: string, payload: string, parts: PublishParts, properties: string): string {
  const { qos = 0, packetId = 1, retain = false, dup = false } = parts;
  const first = 0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  return packet(number(first, 1), str(topic), qos > 0 ? number(packetId, 2) : '', properties, `'${payload}'`);
}

/** PUBLISH of MQTT 3.1 and 3.1.1. */
export function publish(topic: string, payload: string, parts: PublishParts = {}): string {
  return publishOf(topic, payload, parts, '');
}

/** PUBLISH of MQTT 5. */
export function publish5(topic: string, payload: string, parts: PublishParts = {}, properties = ''): string {
  return publishOf(topic, payload, parts, props(properties));
}

type Filter = readonly [filter: string, options: number];

function filtersOf(filters: readonly Filter[]): string {
  return filters.map(([filter, options]) => `${str(filter)} ${number(options, 1)}`).join(' ');
}

export function subscribe(...filters: Filter[]): string {
  return packet('82', '00 01', filtersOf(filters));
}

export function subscribe5(...filters: Filter[]): string {
  return packet('82', '00 01', props(), filtersOf(filters));
}

export function unsubscribe(...filters: string[]): string {
  return packet('a2', '00 02', ...filters.map(str));
}

export function unsubscribe5(...filters: string[]): string {
  return packet('a2', '00 02', props(), ...filters.map(str));
}

/** PUBACK, PUBREC, PUBREL or PUBCOMP of success. */
export function acknowledge(kind: 'puback' | 'pubrec' | 'pubrel' | 'pubcomp', packetId: number): string {
  const first = { puback: '40', pubrec: '50', pubrel: '62', pubcomp: '70' }[kind];
  return packet(first, number(packetId, 2));
}

export const ping = 'c0 00';
export const disconnect = 'e0 00';

/** Topic and payload of a will, before MQTT 5. */
export function will(topic: string, payload: string): string {
  return `${str(topic)} ${str(payload)}`;
}

/** Properties, topic and payload of a will of MQTT 5. */
export function will5(topic: string, payload: string, properties = ''): string {
  return `${props(properties)} ${will(topic, payload)}`;
}

export { number, packet, props, sized, str };
