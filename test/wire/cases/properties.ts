// Every property of MQTT 5 on every packet that a client may send: taken where it may stand, malformed where it
// may not, a protocol error when it is repeated, malformed when it is cut off.
import { packet, parseBytes, props, str, user } from '../bytes.js';
import { after, CONNACK5, connect, DISCONNECT, refuses5 } from '../openings.js';
import { closed, nothing, receive, type Step, send, type WireCase } from '../steps.js';

type Where =
  | 'CONNECT'
  | 'will'
  | 'PUBLISH'
  | 'PUBACK'
  | 'PUBREC'
  | 'PUBREL'
  | 'PUBCOMP'
  | 'SUBSCRIBE'
  | 'UNSUBSCRIBE'
  | 'DISCONNECT';

interface Place {
  /** The packet with these properties. */
  packet(...properties: string[]): string;
  /** What follows when it is right, apart from CONNACK. */
  right: Step[];
}

const places: Record<Where, Place> = {
  CONNECT: {
    packet: (...properties) => connect(5, { properties: properties.join(' ') }),
    right: [receive(CONNACK5), ...nothing()],
  },
  will: {
    packet: (...properties) =>
      connect(5, { flags: '06', rest: `${props(...properties)} ${str('w/property')} ${str('m')}` }),
    right: [receive(CONNACK5), ...nothing(), send(DISCONNECT), closed()],
  },
  PUBLISH: {
    packet: (...properties) => packet('32', str('nobody/property'), '00 01', props(...properties), "'m'"),
    right: [receive('40 03 00 01 10'), ...nothing()],
  },
  PUBACK: { packet: (...properties) => packet('40', '00 09 00', props(...properties)), right: nothing() },
  PUBREC: {
    packet: (...properties) => packet('50', '00 09 00', props(...properties)),
    right: [receive('62 02 00 09'), ...nothing()],
  },
  PUBREL: {
    packet: (...properties) => packet('62', '00 09 00', props(...properties)),
    right: [receive('70 02 00 09'), ...nothing()],
  },
  PUBCOMP: { packet: (...properties) => packet('70', '00 09 00', props(...properties)), right: nothing() },
  SUBSCRIBE: {
    packet: (...properties) => packet('82', '00 01', props(...properties), str('property'), '00'),
    right: [receive('90 04 00 01 00 00'), ...nothing()],
  },
  UNSUBSCRIBE: {
    packet: (...properties) => packet('a2', '00 01', props(...properties), str('property')),
    right: [receive('b0 04 00 01 00 11'), ...nothing()],
  },
  DISCONNECT: { packet: (...properties) => packet('e0', '00', props(...properties)), right: [closed()] },
};

interface Property {
  name: string;
  bytes: string;
  /** Where a client may use it. */
  legal: Where[];
  repeatable?: true;
}

const acknowledgements: Where[] = ['PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP'];
const everywhere = Object.keys(places) as Where[];

const properties: Property[] = [
  { name: 'payload format indicator', bytes: '01 01', legal: ['PUBLISH', 'will'] },
  { name: 'message expiry interval', bytes: '02 00 00 00 05', legal: ['PUBLISH', 'will'] },
  { name: 'content type', bytes: `03 ${str('type')}`, legal: ['PUBLISH', 'will'] },
  { name: 'response topic', bytes: `08 ${str('answer')}`, legal: ['PUBLISH', 'will'] },
  { name: 'correlation data', bytes: '09 00 02 00 ff', legal: ['PUBLISH', 'will'] },
  { name: 'subscription identifier', bytes: '0b 05', legal: ['SUBSCRIBE'] },
  { name: 'session expiry interval', bytes: '11 00 00 00 00', legal: ['CONNECT', 'DISCONNECT'] },
  { name: 'assigned client identifier', bytes: `12 ${str('id')}`, legal: [] },
  { name: 'server keep alive', bytes: '13 00 05', legal: [] },
  // the two of authentication are legal in CONNECT, where they are refused for other reasons: see connect5.ts
  { name: 'authentication method', bytes: `15 ${str('method')}`, legal: [] },
  { name: 'authentication data', bytes: '16 00 01 00', legal: [] },
  { name: 'request problem information', bytes: '17 01', legal: ['CONNECT'] },
  { name: 'will delay interval', bytes: '18 00 00 00 00', legal: ['will'] },
  { name: 'request response information', bytes: '19 00', legal: ['CONNECT'] },
  { name: 'response information', bytes: `1a ${str('answers/')}`, legal: [] },
  { name: 'server reference', bytes: `1c ${str('elsewhere')}`, legal: ['DISCONNECT'] },
  { name: 'reason string', bytes: `1f ${str('why')}`, legal: [...acknowledgements, 'DISCONNECT'] },
  { name: 'receive maximum', bytes: '21 00 01', legal: ['CONNECT'] },
  { name: 'topic alias maximum', bytes: '22 00 00', legal: ['CONNECT'] },
  { name: 'topic alias', bytes: '23 00 01', legal: ['PUBLISH'] },
  { name: 'maximum QoS', bytes: '24 01', legal: [] },
  { name: 'retain available', bytes: '25 01', legal: [] },
  { name: 'user property', bytes: user('name', 'value'), legal: everywhere, repeatable: true },
  { name: 'maximum packet size', bytes: '27 00 01 00 00', legal: ['CONNECT'] },
  { name: 'wildcard subscription available', bytes: '28 01', legal: [] },
  { name: 'subscription identifiers available', bytes: '29 01', legal: [] },
  { name: 'shared subscription available', bytes: '2a 01', legal: [] },
];

const isConnect = (where: Where) => where === 'CONNECT' || where === 'will';

function taken(where: Where, name: string, ...bytes: string[]): WireCase {
  const steps = [send(places[where].packet(...bytes)), ...places[where].right];
  return isConnect(where) ? { name, steps } : after(5, name, steps);
}

function refused(reason: string, where: Where, name: string, ...bytes: string[]): WireCase {
  const sent = places[where].packet(...bytes);
  if (isConnect(where)) return refuses5(reason, name, sent);
  return after(5, name, send(sent), receive('e0 01', reason), closed());
}

function legalCases({ name, bytes, legal, repeatable }: Property): WireCase[] {
  return legal.flatMap((where) => {
    const cutOff = parseBytes(bytes).slice(0, -1);
    return [
      taken(where, `[MQTT-2.2.2-1] ${name} in ${where}`, bytes),
      repeatable
        ? taken(where, `${name} twice in ${where}`, bytes, bytes)
        : refused('82', where, `[MQTT-4.13.1-1] ${name} twice in ${where}`, bytes, bytes),
      refused(
        '81',
        where,
        `[MQTT-4.13.1-1] ${name} cut off in ${where}`,
        cutOff.map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
      ),
    ];
  });
}

function illegalCases({ name, bytes, legal }: Property): WireCase[] {
  const inConnectToo = name.startsWith('authentication') ? ['CONNECT'] : [];
  return everywhere
    .filter((where) => !legal.includes(where) && !inConnectToo.includes(where))
    .filter((where) => !(name === 'subscription identifier' && where === 'PUBLISH'))
    .map((where) => refused('81', where, `[MQTT-4.13.1-1] ${name} may not stand in ${where}`, bytes));
}

/** Identifiers that MQTT does not have, and the identifier of a property written in two bytes. */
const unknown = ['00 00', '04 00', '10 00', '7e 00', '7f 00', '80 01 00', 'ff ff ff ff 01'];

const unknownCases = unknown.flatMap((bytes) =>
  everywhere.map((where) =>
    refused('81', where, `[MQTT-4.13.1-1] an unknown property in ${where}: ${bytes}`, bytes),
  ),
);

export const propertyCases: readonly WireCase[] = [
  ...properties.flatMap(legalCases),
  ...properties.flatMap(illegalCases),
  ...unknownCases,
];
