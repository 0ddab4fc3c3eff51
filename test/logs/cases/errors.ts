// Clients that break the protocol, one connection for each way.
import { client, type LogCase, type LogStep } from '../log-case.js';
import { connect, packet, publish, str, subscribe, subscribe5, unsubscribe, will } from '../packets.js';

function each(prefix: string, packets: readonly string[]): LogStep[] {
  return packets.map((bytes, at) => client(`${prefix}${at + 1}`).send(bytes));
}

/** After CONNECT. */
function after(connected: string, prefix: string, packets: readonly string[]): LogStep[] {
  return packets.flatMap((bytes, at) => {
    const one = client(`${prefix}${at + 1}`);
    return [one.send(connected), one.send(bytes)];
  });
}

const name = str('MQTT');

export const errorCases: readonly LogCase[] = [
  {
    name: 'the first packet is no CONNECT',
    steps: each('c', ['c0 00', '00 00', '16 03 01 00 05 01 02 03 04 05', "'GET / HTTP/1.1' 0d 0a 0d 0a"]),
  },
  {
    name: 'the protocol of CONNECT is wrong',
    steps: each('c', [
      packet('10', name, '06 02 00 3c', str('x')),
      packet('10', str('MQIsdp'), '04 02 00 3c', str('x')),
      packet('10', name, '03 02 00 3c', str('x')),
      packet('10', str('XXXX'), '04 02 00 3c', str('x')),
      packet('10', str('XXXXX'), '04 02 00 3c', str('x')),
    ]),
  },
  {
    name: 'CONNECT ends too early or too late',
    steps: each('c', [
      packet('10', '00'),
      packet('10', "00 04 'MQ'"),
      packet('10', name),
      packet('10', name, '04'),
      packet('10', name, '04 02'),
      connect('x', { flags: 0x82 }),
      connect('x', { flags: 0xc2, rest: str('u') }),
      connect('x', { rest: "'zzz'" }),
      connect('x', { version: 5, rest: "'zzz'" }),
    ]),
  },
  {
    name: 'the flags of CONNECT are wrong',
    steps: each('c', [
      packet('11', name, '04 02 00 3c', str('x')),
      connect('x', { flags: 0x03 }),
      connect('x', { flags: 0x1e, rest: will('w', 'x') }),
      connect('x', { flags: 0x0a }),
      connect('x', { flags: 0x22 }),
      connect('x', { flags: 0x42, rest: str('p') }),
    ]),
  },
  {
    name: 'the properties of CONNECT are wrong',
    steps: each('c', [
      connect('x', { version: 5, properties: '21 00 00' }),
      connect('x', { version: 5, properties: '27 00 00 00 00' }),
      connect('x', { version: 5, properties: '0b 01' }),
      connect('x', { version: 5, properties: '16 00 01 61' }),
    ]),
  },
  {
    name: 'the will or the client id of CONNECT is wrong',
    steps: each('c', [
      connect('x', { flags: 0x06, rest: will('', 'x') }),
      connect('x', { flags: 0x06, rest: will('a/#', 'x') }),
      packet('10', name, '04 02 00 3c', '00 02 c3 28'),
      packet('10', name, '05 02 00 3c 00', '00 02 c3 28'),
      packet('10', name, '04 02 00 3c', '00 01 00'),
    ]),
  },
  {
    name: 'the length of a packet is wrong',
    steps: [
      ...each('c', ['10 ff ff ff ff 7f', '10 ff ff 7f']),
      ...after(connect('x'), 'd', ['30 ff ff ff ff 7f', 'c0 01 00', 'e0 01 00', '40 03 00 01 00']),
    ],
  },
  {
    name: 'a client sends CONNECT twice',
    steps: [
      ...after(connect('x'), 'c', [connect('x')]),
      ...after(connect('y', { version: 5 }), 'd', [connect('y', { version: 5 })]),
    ],
  },
  {
    name: 'PUBLISH is wrong',
    steps: [
      ...after(connect('x'), 'c', [
        packet('36', str('t'), '00 01'),
        packet('38', str('t')),
        publish('', 'x'),
        publish('a/#', 'x'),
        packet('32', str('t'), '00 00'),
        packet('32', str('t')),
      ]),
      ...after(connect('y', { version: 5 }), 'd', [
        packet('30', '00 00', '03 23 00 03'),
        packet('30', str('t'), '03 23 00 63'),
        packet('30', str('t'), '03 23 00 00'),
        packet('30', str('t'), '02 0b 01'),
      ]),
    ],
  },
  {
    name: 'SUBSCRIBE is wrong',
    steps: [
      ...after(connect('x'), 'c', [
        subscribe(['', 0]),
        subscribe(['a#', 0]),
        subscribe(['a', 3]),
        packet('82', '00 00', str('a'), '00'),
        packet('82', '00 01'),
        packet('82', '00 01', str('a')),
        packet('80', '00 01', str('a'), '00'),
      ]),
      ...after(connect('y', { version: 5 }), 'd', [
        subscribe5(['$share/g/t', 4]),
        subscribe5(['t', 0xc0]),
        packet('82', '00 01', '02 0b 00', str('t'), '00'),
        packet('82', '00 01', '02 01 00', str('t'), '00'),
      ]),
    ],
  },
  {
    name: 'UNSUBSCRIBE is wrong',
    steps: after(connect('x'), 'c', [
      unsubscribe(''),
      unsubscribe('a#'),
      packet('a2', '00 00', str('a')),
      packet('a2', '00 02'),
      packet('a0', '00 02', str('a')),
    ]),
  },
  {
    name: 'a client sends what only a broker sends',
    steps: after(connect('x'), 'c', ['d0 00', '20 02 00 00', '90 03 00 01 00', 'b0 02 00 01']),
  },
  {
    name: 'other packets are wrong',
    steps: [
      ...after(connect('x'), 'c', [
        '00 00',
        'c1 00',
        'e1 00',
        '40 02 00 00',
        '50 02 00 00',
        '62 02 00 00',
        '60 02 00 01',
        '70 02 00 00',
      ]),
      ...after(connect('y', { version: 5 }), 'd', [
        '00 00',
        '40 03 00 01 55',
        '50 03 00 01 55',
        '62 03 00 01 55',
        '70 03 00 01 55',
        'e0 02 00 ff',
      ]),
    ],
  },
];
