// The packets and beginnings that nearly every wire case has: CONNECT, its answer, and what a refusal looks like.
import { number, packet, props, str } from './bytes.js';
import { closed, nothing, receive, type Step, send, type WireCase } from './steps.js';

export const CONNACK = '20 02 00 00';
/** Topic Alias Maximum 10, Maximum Packet Size 2000000, Receive Maximum 20. */
export const LIMITS = '22 00 0a | 27 00 1e 84 80 | 21 00 14';
export const CONNACK5 = `20 0e 00 00 | 0b ${LIMITS}`;
/** The session was there. */
export const RESUMED = '20 02 01 00';
export const RESUMED5 = `20 0e 01 00 | 0b ${LIMITS}`;
export const PINGREQ = 'c0 00';
export const PINGRESP = 'd0 00';
export const DISCONNECT = 'e0 00';

export type Version = 3 | 4 | 5;

export interface Connect {
  clientId?: string;
  /** The connect flags; 02, clean start, if not given. */
  flags?: string;
  keepAlive?: string;
  /** Properties of MQTT 5, without their length. */
  properties?: string;
  /** What stands after the client identifier. */
  rest?: string;
}

/** A CONNECT packet; of the version it takes only the layout, so that all of it can be wrong. */
export function connect(version: Version, options: Connect = {}): string {
  const { clientId = 'client', flags = '02', keepAlive = '00 00', properties = '', rest = '' } = options;
  const name = version === 3 ? 'MQIsdp' : 'MQTT';
  const head = `${str(name)} ${number(version, 1)} ${flags} ${keepAlive}`;
  return packet('10', head, version === 5 ? props(properties) : '', str(clientId), rest);
}

/** The steps that connect the client with this version. */
export function connected(version: Version, options: Connect = {}): Step[] {
  return [send(connect(version, options)), receive(version === 5 ? CONNACK5 : CONNACK)];
}

/** A case of a client that is connected. */
export function after(version: Version, name: string, ...steps: (Step | Step[])[]): WireCase {
  return { name: name.trim(), steps: [connected(version), steps].flat(2) };
}

/** The connected client sends something that is answered (or, without an answer, only accepted). */
export function accepts(version: Version, name: string, bytes: string, answer = ''): WireCase {
  const answered = answer === '' ? [] : [receive(answer)];
  return after(version, name, send(bytes), answered, nothing());
}

/** The connected client of MQTT 3.1 or 3.1.1 sends something that ends its connection. */
export function closes(version: 3 | 4, name: string, bytes: string): WireCase {
  return after(version, name, send(bytes), closed());
}

/** The connected client of MQTT 5 sends something that ends its connection with this reason code. */
export function disconnects(reason: string, name: string, bytes: string): WireCase {
  return after(5, name, send(bytes), receive('e0 01', reason), closed());
}

/** The first packet of a client is answered with this, and the connection stays. */
export function welcomes(name: string, bytes: string, answer: string): WireCase {
  return { name, steps: [send(bytes), receive(answer), ...nothing()] };
}

/** The first packet of a client ends the connection, with an answer or without one. */
export function refuses(name: string, bytes: string, answer = ''): WireCase {
  const answered = answer === '' ? [] : [receive(answer)];
  return { name, steps: [send(bytes), ...answered, closed()] };
}

/** A CONNECT of MQTT 5 is refused with this reason code. */
export function refuses5(reason: string, name: string, bytes: string): WireCase {
  return refuses(name, bytes, `20 03 00 ${reason} 00`);
}
