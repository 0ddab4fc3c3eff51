// PINGREQ, DISCONNECT, AUTH, the packets that only a server may send, and the type 0 that nobody may.
import { packet, props, str, user } from '../bytes.js';
import { accepts, after, closes, connected, disconnects } from '../openings.js';
import { closed, connection, receive, type Step, send, type WireCase } from '../steps.js';

const pings: WireCase[] = [
  accepts(3, 'PINGREQ in 3.1', 'c0 00', 'd0 00'),
  accepts(4, '[MQTT3-3.12.4-1] PINGREQ in 3.1.1', 'c0 00', 'd0 00'),
  accepts(5, '[MQTT-3.12.4-1] PINGREQ', 'c0 00', 'd0 00'),
  accepts(5, 'three PINGREQ at once', 'c0 00 c0 00 c0 00', 'd0 00 d0 00 d0 00'),
  ...['c1 00', 'c2 00', 'c8 00'].flatMap((bytes) => [
    closes(4, `[MQTT3-2.2.2-2] PINGREQ with first byte ${bytes.slice(0, 2)} in 3.1.1`, bytes),
    disconnects('81', `[MQTT-2.1.3-1] PINGREQ with first byte ${bytes.slice(0, 2)}`, bytes),
  ]),
  closes(4, '[MQTT3-4.8.0-1] PINGREQ with a payload in 3.1.1', 'c0 01 00'),
  disconnects('81', '[MQTT-4.13.1-1] PINGREQ with a payload', 'c0 01 00'),
  closes(4, 'PINGREQ with a remaining length of five bytes in 3.1.1', 'c0 80 80 80 80 00'),
  disconnects('81', '[MQTT-4.13.1-1] PINGREQ with a remaining length of five bytes', 'c0 80 80 80 80 00'),
];

/** Packets that only a server may send. */
const fromServers = [
  '20 02 00 00',
  '20 03 00 00 00',
  '90 03 00 01 00',
  '90 04 00 01 00 00',
  'b0 02 00 01',
  'd0 00',
];

const notForUs: WireCase[] = [
  ...fromServers.flatMap((bytes) => [
    closes(4, `[MQTT3-4.8.0-1] what only a server sends, in 3.1.1: ${bytes}`, bytes),
    disconnects('82', `[MQTT-4.13.1-1] what only a server sends: ${bytes}`, bytes),
  ]),
  closes(4, '[MQTT3-4.8.0-1] the packet type 0 in 3.1.1', '00 00'),
  disconnects('82', '[MQTT-4.13.1-1] the packet type 0', '00 00'),
  closes(3, 'the packet type 15 in 3.1', 'f0 00'),
  closes(4, '[MQTT3-4.8.0-1] the packet type 15 in 3.1.1', 'f0 00'),
];

const leaves = (name: string, bytes: string): WireCase => after(5, name, send(bytes), closed());

const disconnect: WireCase[] = [
  closes(3, 'DISCONNECT in 3.1', 'e0 00'),
  closes(4, 'DISCONNECT in 3.1.1 closes the connection', 'e0 00'),
  closes(4, '[MQTT3-4.8.0-1] DISCONNECT with a reason code in 3.1.1', 'e0 01 00'),
  leaves('[MQTT-3.14.4-2] DISCONNECT', 'e0 00'),
  leaves('nothing after a DISCONNECT is answered', 'e0 00 c0 00'),
  leaves('DISCONNECT with reason code 0', 'e0 01 00'),
  leaves('DISCONNECT with an empty list of properties', 'e0 02 00 00'),
  leaves('DISCONNECT with will', 'e0 01 04'),
  ...['80', '81', '82', '83', '90', '93', '94', '95', '96', '97', '98', '99'].map((reason) =>
    leaves(`[MQTT-3.14.2-1] DISCONNECT with reason code ${reason}`, `e0 01 ${reason}`),
  ),
  leaves(
    'DISCONNECT with reason string and user properties',
    packet('e0', '80', props('1f', str('tired'), user('a', 'b'), user('a', 'b'))),
  ),
  leaves('DISCONNECT with session expiry 0 when it was 0', packet('e0', '00', props('11 00000000'))),
  disconnects(
    '82',
    '[MQTT-4.13.1-1] DISCONNECT that sets a session expiry when it was 0',
    packet('e0', '00', props('11 00000001')),
  ),
  ...['e1 00', 'e2 00', 'e8 00'].flatMap((bytes) => [
    closes(4, `[MQTT3-3.14.1-1] DISCONNECT with first byte ${bytes.slice(0, 2)} in 3.1.1`, bytes),
    disconnects('81', `[MQTT-3.14.1-1] DISCONNECT with first byte ${bytes.slice(0, 2)}`, bytes),
  ]),
  disconnects('81', 'DISCONNECT with properties longer than the packet', 'e0 02 00 05'),
  disconnects('81', 'DISCONNECT with a property cut off', 'e0 05 00 05 11 00 00'),
];

const auth: WireCase[] = [
  ...['f0 00', 'f0 01 18', 'f0 02 19 00', 'f0 02 00 00'].map((bytes) =>
    disconnects('82', `[MQTT-4.13.1-1] AUTH without a method in CONNECT: ${bytes}`, bytes),
  ),
  disconnects(
    '82',
    '[MQTT-4.12.0-6] re-authentication without a method in CONNECT',
    packet('f0', '19', props('15', str('SCRAM-SHA-256'), '16', str('data'))),
  ),
  ...['f1 00', 'f2 00', 'f8 00'].map((bytes) =>
    disconnects('81', `[MQTT-3.15.1-1] AUTH with first byte ${bytes.slice(0, 2)}`, bytes),
  ),
];

const watcher = connection('watcher');

/** The client has a will of QoS 0 and does something; then the watcher gets the will, or does not. */
function will(version: 4 | 5, id: string, name: string, end: Step[], sent: boolean): WireCase {
  const topic = `will/${id}`;
  const empty = version === 5 ? '00' : '';
  return {
    name,
    steps: [
      watcher.send(packet('10', str('MQTT'), '04 02 0000', str(`watch ${id}`))),
      watcher.receive('20 02 00 00'),
      watcher.send(packet('82', '00 01', str(topic), '00')),
      watcher.receive('90 03 00 01 00'),
      ...connected(version, { flags: '06', rest: `${empty} ${str(topic)} ${str('gone')}` }),
      ...end,
      ...(sent ? [watcher.receive(packet('30', str(topic), "'gone'"))] : watcher.nothing()),
      ...watcher.nothing(),
    ],
  };
}

const client = connection('client');
const newcomer = connection('newcomer');

const wills: WireCase[] = [
  will(
    4,
    'a',
    '[MQTT3-3.14.4-3] [MQTT3-3.1.2-10] DISCONNECT drops the will in 3.1.1',
    [send('e0 00'), closed()],
    false,
  ),
  will(
    4,
    'b',
    '[MQTT3-3.1.2-8] [MQTT3-3.1.2-16] the will of a connection that breaks',
    [client.drop()],
    true,
  ),
  will(4, 'c', '[MQTT3-3.1.2-8] the will of a client that breaks the rules', [send('00 00'), closed()], true),
  will(
    4,
    'd',
    'a DISCONNECT with a reason code in 3.1.1 is no DISCONNECT: the will goes out',
    [send('e0 01 00'), closed()],
    true,
  ),
  will(5, 'e', '[MQTT-3.14.4-3] [MQTT-3.1.2-10] DISCONNECT drops the will', [send('e0 00'), closed()], false),
  will(
    5,
    'f',
    '[MQTT-3.14.4-3] DISCONNECT with reason code 0 drops the will',
    [send('e0 01 00'), closed()],
    false,
  ),
  will(
    5,
    'g',
    '[MQTT-3.1.2-8] DISCONNECT with reason code 4 sends the will',
    [send('e0 01 04'), closed()],
    true,
  ),
  will(
    5,
    'h',
    '[MQTT-3.1.2-8] [MQTT-3.1.2-10] DISCONNECT with reason code 0x80 sends the will',
    [send('e0 01 80'), closed()],
    true,
  ),
  will(5, 'i', '[MQTT-3.1.2-8] [MQTT-3.1.2-14] the will of a connection that breaks', [client.drop()], true),
  will(
    5,
    'j',
    '[MQTT-3.1.2-8] the will of a client that breaks the rules',
    [send('00 00'), receive('e0 01 82'), closed()],
    true,
  ),
  will(
    5,
    'k',
    '[MQTT-3.1.2-8] the will of a client whose session expiry may not be raised',
    [send(packet('e0', '00', props('11 00000001'))), receive('e0 01 82'), closed()],
    true,
  ),
  will(
    4,
    'l',
    '[MQTT3-3.1.2-8] [MQTT3-3.1.4-2] the will of a client that is displaced',
    [
      newcomer.send(packet('10', str('MQTT'), '04 02 0000', str('client'))),
      newcomer.receive('20 02 00 00'),
      closed(),
      ...newcomer.nothing(),
    ],
    true,
  ),
];

export const otherCases: readonly WireCase[] = [...pings, ...notForUs, ...disconnect, ...auth, ...wills];
