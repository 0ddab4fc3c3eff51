// Clients that connect, in all forms, and their ways to leave.
import { client, type LogCase } from '../log-case.js';
import {
  acknowledge,
  connect,
  disconnect,
  login,
  packet,
  publish,
  str,
  subscribe,
  will,
  will5,
} from '../packets.js';
import { secured } from './start.js';

const a = client('a');
const b = client('b');
const c = client('c');
const d = client('d');
const e = client('e');
const f = client('f');

export const sessionCases: readonly LogCase[] = [
  {
    name: 'clients of all versions connect and disconnect',
    steps: [
      a.send(connect('one', { version: 3 })),
      b.send(connect('two')),
      c.send(connect('three', { version: 5, keepAlive: 0 })),
      d.send(connect('four', { flags: 0, keepAlive: 65_535 })),
      a.send(disconnect),
      b.send(disconnect),
      c.send(disconnect),
      d.send(disconnect),
    ],
  },
  {
    name: 'clients give a user name',
    steps: [
      a.send(login('one', 'anna', 'secret')),
      b.send(login('two', 'bert', 'secret', 5)),
      c.send(connect('three', { flags: 0x82, rest: str('') })),
    ],
  },
  {
    name: 'clients have a will',
    steps: [
      a.send(connect('one', { flags: 0x2e, rest: will('w/1', 'gone') })),
      a.close(),
      b.send(connect('two', { flags: 0x06, rest: will('w/2', '') })),
      b.send(disconnect),
      c.send(connect('three', { version: 5, flags: 0x16, rest: will5('w/3', 'gone') })),
      c.send('e0 01 04'),
    ],
  },
  {
    name: 'a will goes to who subscribed',
    steps: [
      a.send(connect('watcher'), subscribe(['w/#', 1])),
      b.send(connect('two', { flags: 0x0e, rest: will('w/2', 'gone') })),
      b.close(),
      c.send(connect('three', { version: 5, flags: 0x06, rest: will5('w/3', 'gone') })),
      c.send('e0 01 04'),
    ],
  },
  {
    name: 'a will is sent later',
    steps: [
      a.send(connect('watcher'), subscribe(['w/#', 1])),
      b.send(
        connect('two', {
          version: 5,
          flags: 0x06,
          properties: '11 00 00 00 05',
          rest: will5('w/2', 'gone', '18 00 00 00 02'),
        }),
      ),
      b.close(),
      { do: 'wait', milliseconds: 4000 },
    ],
  },
  {
    name: 'another broker connects as a bridge',
    steps: [
      a.send(packet('10', str('MQTT'), '84 02 00 3c', str('bridge'))),
      b.send(packet('10', str('MQIsdp'), '83 c2 00 3c', str('old'), str('u'), str('p'))),
      a.send(disconnect),
    ],
  },
  {
    name: 'clients without an id get one',
    steps: [a.send(connect('')), b.send(connect('', { version: 5 })), a.send(publish('t', 'x'))],
  },
  {
    name: 'clients without an id are refused',
    config: ['allow_zero_length_clientid false'],
    steps: [
      a.send(connect('')),
      b.send(connect('', { version: 5 })),
      c.send(connect('', { version: 3 })),
      d.send(connect('', { flags: 0 })),
    ],
  },
  {
    name: 'a session is taken over',
    steps: [
      a.send(connect('same')),
      b.send(connect('same', { version: 5 })),
      c.send(connect('same', { version: 5 })),
    ],
  },
  {
    name: 'a session is taken over and its will is sent',
    steps: [
      d.send(connect('watcher'), subscribe(['w/#', 0])),
      a.send(connect('same', { flags: 0x06, rest: will('w/1', 'gone') })),
      b.send(connect('same')),
    ],
  },
  {
    name: 'a session is resumed and messages that waited are sent',
    steps: [
      a.send(connect('keeper', { flags: 0 }), subscribe(['p/#', 1])),
      a.close(),
      b.send(connect('source'), publish('p/1', 'one', { qos: 1 })),
      b.send(publish('p/2', 'two', { qos: 2, packetId: 2 }), acknowledge('pubrel', 2)),
      b.send(publish('p/3', 'three')),
      c.send(connect('keeper', { flags: 0 })),
      c.send(acknowledge('puback', 1)),
      c.close(),
      d.send(connect('keeper', { flags: 0 })),
      d.close(),
      e.send(connect('keeper')),
    ],
  },
  {
    name: 'a session expires',
    steps: [
      a.send(connect('short', { version: 5, properties: '11 00 00 00 01' })),
      a.send(disconnect),
      { do: 'wait', milliseconds: 3500 },
    ],
  },
  {
    name: 'a client does not keep its keep alive',
    steps: [a.send(connect('lazy', { keepAlive: 1 })), { do: 'wait', milliseconds: 3500 }],
  },
  {
    name: 'connections end without DISCONNECT',
    steps: [
      a.send(connect('one')),
      a.close(),
      b.send(connect('two', { version: 5 })),
      b.reset(),
      c.send(''),
      c.close(),
      d.send('10'),
      d.close(),
    ],
  },
  {
    name: 'DISCONNECT has a reason code and properties',
    steps: [
      a.send(connect('one', { version: 5 })),
      a.send('e0 01 81'),
      b.send(connect('two', { version: 5, properties: '11 00 00 00 05' })),
      b.send('e0 07 00 05 11 00 00 00 00'),
      c.send(connect('three', { version: 5 })),
      c.send('e0 07 00 05 11 00 00 00 01'),
    ],
  },
  {
    name: 'only known users are let in',
    ...secured,
    config: [...secured.config, 'allow_anonymous false'],
    base: ['listener {port} 127.0.0.1', 'log_type all', 'log_dest stderr', 'user {user}'],
    steps: [
      a.send(connect('anonymous')),
      b.send(connect('anonymous5', { version: 5 })),
      c.send(login('wrong', 'u', 'q')),
      d.send(login('wrong5', 'u', 'q', 5)),
      e.send(login('unknown', 'nobody', 'p')),
      f.send(login('known', 'u', 'p')),
    ],
  },
  {
    name: 'anonymous clients are refused by default',
    base: ['listener {port} 127.0.0.1', 'log_type all', 'log_dest stderr', 'user {user}'],
    steps: [a.send(connect('anonymous')), b.send(login('any', 'u', 'p', 5))],
  },
  {
    name: 'client ids must begin with a prefix',
    config: ['clientid_prefixes ok-'],
    steps: [a.send(connect('no')), b.send(connect('ok-yes')), c.send(connect('no5', { version: 5 }))],
  },
  {
    name: 'the user name is the client id',
    config: ['use_username_as_clientid true'],
    steps: [a.send(connect('no')), b.send(login('no', 'anna', 'p'))],
  },
  {
    name: 'there are too many connections',
    config: ['max_connections 1'],
    steps: [a.send(connect('one')), b.send(connect('two')), a.close(), c.send(connect('three'))],
  },
  {
    name: 'there are too many clients',
    config: ['global_max_clients 1'],
    steps: [a.send(connect('one')), b.send(connect('two')), c.send(connect('three', { version: 5 }))],
  },
  {
    name: 'only MQTT 5 is allowed',
    config: ['accept_protocol_versions 5'],
    steps: [a.send(connect('one')), b.send(connect('two', { version: 5 }))],
  },
  {
    name: 'the keep alive is limited',
    config: ['max_keepalive 100'],
    steps: [
      a.send(connect('one', { keepAlive: 101 })),
      b.send(connect('two', { version: 5, keepAlive: 101 })),
      c.send(connect('three', { keepAlive: 100 })),
      d.send(connect('four', { keepAlive: 0 })),
    ],
  },
  {
    name: 'a client asks for enhanced authentication',
    steps: [
      a.send(connect('one', { version: 5, properties: `15 ${str('SCRAM-SHA-1')}` })),
      b.send(connect('two', { version: 5 })),
      b.send('f0 00'),
      c.send(connect('three')),
      c.send('f0 00'),
    ],
  },
];
