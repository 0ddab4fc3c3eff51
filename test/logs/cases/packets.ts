// The packets of clients that do nothing wrong, or too much.
import { client, type LogCase } from '../log-case.js';
import {
  acknowledge,
  connect,
  login,
  packet,
  ping,
  publish,
  publish5,
  str,
  subscribe,
  subscribe5,
  unsubscribe,
  unsubscribe5,
} from '../packets.js';
import { secured } from './start.js';

const a = client('a');
const b = client('b');
const c = client('c');

const many = [1, 2, 3, 4, 5].map((packetId) => b.send(publish('p', 'hello', { qos: 1, packetId })));

export const packetCases: readonly LogCase[] = [
  {
    name: 'messages of all QoS with MQTT 3.1.1',
    steps: [
      a.send(connect('sub'), subscribe(['q/#', 2])),
      b.send(connect('pub')),
      b.send(publish('q/0', 'zero')),
      b.send(publish('q/1', 'one', { qos: 1, packetId: 7 })),
      a.send(acknowledge('puback', 1)),
      b.send(publish('q/2', 'two', { qos: 2, packetId: 8 })),
      b.send(acknowledge('pubrel', 8)),
      a.send(acknowledge('pubrec', 2)),
      a.send(acknowledge('pubcomp', 2)),
    ],
  },
  {
    name: 'messages of all QoS with MQTT 5',
    steps: [
      a.send(connect('sub', { version: 5 }), subscribe5(['q/#', 2])),
      b.send(connect('pub', { version: 5 })),
      b.send(publish5('q/0', 'zero')),
      b.send(publish5('q/1', 'one', { qos: 1, packetId: 7 })),
      a.send(packet('40', '00 01 10 00')),
      b.send(publish5('q/2', 'two', { qos: 2, packetId: 8 })),
      b.send(acknowledge('pubrel', 8)),
      a.send(acknowledge('pubrec', 2)),
      a.send(acknowledge('pubcomp', 2)),
    ],
  },
  {
    name: 'nobody subscribed',
    steps: [
      a.send(connect('one', { version: 5 })),
      a.send(publish5('nobody', 'x', { qos: 1 })),
      a.send(publish5('nobody', 'x', { qos: 2, packetId: 2 })),
      a.send(acknowledge('pubrel', 2)),
      b.send(connect('two')),
      b.send(publish('nobody', 'x', { qos: 1 })),
    ],
  },
  {
    name: 'a message goes to two clients with the QoS of each',
    steps: [
      a.send(connect('one'), subscribe(['m', 0])),
      c.send(connect('two'), subscribe(['m', 1])),
      b.send(connect('pub'), publish('m', 'x', { qos: 2 }), acknowledge('pubrel', 1)),
    ],
  },
  {
    name: 'retained messages',
    steps: [
      b.send(connect('pub'), publish('r/1', 'one', { retain: true })),
      b.send(publish('r/2', 'two', { retain: true, qos: 1 })),
      a.send(connect('sub'), subscribe(['r/1', 1], ['r/+', 1])),
      c.send(connect('sub5', { version: 5 }), subscribe5(['r/2', 2])),
      b.send(publish('r/1', '', { retain: true })),
    ],
  },
  {
    name: 'subscriptions come and go',
    steps: [
      a.send(connect('one')),
      a.send(subscribe(['a/b', 0], ['a/+', 1], ['#', 2])),
      a.send(subscribe(['a/b', 2])),
      a.send(unsubscribe('a/b', 'none')),
      b.send(connect('two', { version: 5 })),
      b.send(subscribe5(['$share/g/a', 1], ['$SYS/broker/x', 0], ['n', 0x2d])),
      b.send(unsubscribe5('$share/g/a', 'none')),
    ],
  },
  {
    name: 'a client pings',
    steps: [
      a.send(connect('one')),
      a.send(ping),
      b.send(connect('two', { version: 5 })),
      b.send(`${ping} ${ping}`),
    ],
  },
  {
    name: 'a message is sent again',
    steps: [
      a.send(connect('one'), publish('t', 'x', { qos: 2 })),
      a.send(publish('t', 'x', { qos: 2, dup: true })),
      a.send(acknowledge('pubrel', 1)),
      a.send(acknowledge('pubrel', 1)),
      a.send(publish('t', 'x', { qos: 1, packetId: 2, dup: true })),
    ],
  },
  {
    name: 'a packet identifier is used for something else',
    steps: [
      a.send(connect('one'), publish('t', 'x', { qos: 2 })),
      a.send(publish('other', 'x', { qos: 2 })),
      a.send(acknowledge('pubrel', 1)),
    ],
  },
  {
    name: 'packet identifiers are unknown',
    steps: [
      a.send(connect('one')),
      a.send(acknowledge('puback', 9)),
      a.send(acknowledge('pubrec', 9)),
      a.send(acknowledge('pubrel', 9)),
      a.send(acknowledge('pubcomp', 9)),
    ],
  },
  {
    name: 'a topic has an alias',
    steps: [
      a.send(connect('sub', { version: 5, properties: '22 00 05' }), subscribe5(['t', 0])),
      b.send(connect('pub', { version: 5 }), publish5('t', 'one', {}, '23 00 01')),
      b.send(publish5('', 'two', {}, '23 00 01')),
    ],
  },
  {
    name: 'users may not do everything',
    ...secured,
    steps: [
      a.send(login('one', 'u', 'p')),
      a.send(publish('x', 'hi'), publish('x', 'hi', { qos: 1 }), publish('x', 'hi', { qos: 2, packetId: 2 })),
      a.send(publish('u/no', 'hi')),
      a.send(subscribe(['x', 1], ['u/no', 0], ['u/#', 1])),
      a.send(unsubscribe('x')),
      b.send(login('five', 'u', 'p', 5)),
      b.send(publish5('x', 'hi', { qos: 1, retain: true })),
      b.send(publish5('x', 'hi', { qos: 2, packetId: 2 })),
      b.send(subscribe5(['x', 1])),
    ],
  },
  {
    name: 'topics that belong to the broker',
    steps: [
      a.send(connect('one')),
      a.send(publish('$SYS/broker/x', 'hi', { qos: 1 })),
      a.send(publish('$share/g/t', 'hi', { qos: 1, packetId: 2 })),
      a.send(publish('$other/t', 'hi', { qos: 1, packetId: 3 })),
    ],
  },
  {
    name: 'messages and packets are too large',
    config: ['max_packet_size 100', 'message_size_limit 20'],
    steps: [
      a.send(connect('one'), publish('t', 'x'.repeat(30))),
      b.send(connect('two', { version: 5 }), publish5('t', 'x'.repeat(30), { qos: 1 })),
      a.send(publish('t', 'x'.repeat(130))),
      b.send(publish5('t', 'x'.repeat(130))),
    ],
  },
  {
    name: 'a message is too large for a subscriber',
    steps: [
      a.send(connect('small', { version: 5, properties: '27 00 00 00 14' }), subscribe5(['t', 0])),
      b.send(connect('pub'), publish('t', 'x'.repeat(40))),
    ],
  },
  {
    name: 'a connection is not used as its listener says',
    config: ['max_qos 1', 'retain_available false'],
    steps: [
      a.send(connect('one'), publish('t', 'x', { qos: 2 })),
      b.send(connect('two', { version: 5 }), publish5('t', 'x', { retain: true })),
      c.send(connect('three'), subscribe(['t', 2])),
    ],
  },
  {
    name: 'messages are dropped for a client that is offline',
    config: ['max_queued_messages 2'],
    steps: [
      a.send(connect('off', { flags: 0 }), subscribe(['p', 1])),
      a.close(),
      b.send(connect('pub')),
      ...many,
      c.send(connect('off', { flags: 0 })),
    ],
  },
  {
    name: 'messages are dropped for a client that does not acknowledge',
    config: ['max_queued_messages 1', 'max_inflight_messages 1'],
    steps: [a.send(connect('slow'), subscribe(['p', 1])), b.send(connect('pub')), ...many],
  },
  {
    name: 'a client sends more than the receive maximum',
    config: ['max_inflight_messages 1'],
    steps: [
      a.send(connect('five', { version: 5 }), publish5('t', 'x', { qos: 2 })),
      a.send(publish5('t', 'x', { qos: 2, packetId: 2 })),
    ],
  },
  {
    name: 'a shared subscription takes turns',
    steps: [
      a.send(connect('one'), subscribe(['$share/g/t', 0])),
      c.send(connect('two'), subscribe(['$share/g/t', 0])),
      b.send(connect('pub'), publish('t', '1')),
      b.send(publish('t', '2')),
    ],
  },
  {
    name: 'a client does not get its own message with no local',
    steps: [
      a.send(connect('one', { version: 5 }), subscribe5(['t', 0x04])),
      a.send(publish5('t', 'x')),
      b.send(connect('two', { version: 5 }), packet('30', str('t'), '00')),
    ],
  },
];
