// The player of wire cases itself: what it accepts, and how it says what went wrong.
import type { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { ANY, hex, packet, parseBytes, props, sized, str, user, variable } from './bytes.js';
import { describeBytes } from './describe-bytes.js';
import { memoryPair } from './memory-pair.js';
import { runCase } from './run-case.js';
import { closed, connection, drop, receive, type Step, send, silence } from './steps.js';

describe('the notation', () => {
  test('hex, text, any byte, and separators', () => {
    expect(parseBytes("10 0a | 'aé' ??ff")).toEqual([0x10, 0x0a, 0x61, 0xc3, 0xa9, ANY, 0xff]);
    expect(hex(parseBytes("'a' ??"))).toBe('61 ??');
  });

  test.each(['1', '1g', "'open", '?', '0x10'])('%s is an error', (text) => {
    expect(() => parseBytes(text)).toThrow(SyntaxError);
  });

  test('constructors count', () => {
    expect(parseBytes(packet('30', str('a/b'), props(user('n', 'v'), '01 01'), "'x'"))).toEqual(
      parseBytes("30 10 | 00 03 'a/b' | 09 26 00 01 'n' 00 01 'v' 01 01 | 'x'"),
    );
    expect(sized('ff')).toBe('0001 ff');
    expect(
      [0, 127, 128, 16_383, 16_384, 268_435_455].map((value) => hex(parseBytes(variable(value)))),
    ).toEqual(['00', '7f', '80 01', 'ff 7f', '80 80 01', 'ff ff ff 7f']);
  });

  test('packets are named', () => {
    expect(describeBytes(parseBytes('20 02 00 00 d0 00 30 05 00'))).toBe(
      ['CONNACK     20 02 00 00', 'PINGRESP    d0 00', 'PUBLISH     30 05 00'].join('\n'),
    );
  });
});

/** Plays steps against a peer that does `act` with each chunk that it gets. */
function play(steps: Step[], act: (chunk: Uint8Array, stream: Duplex) => void, split = false): Promise<void> {
  const open = () => {
    const [near, far] = memoryPair();
    far.on('data', (chunk: Uint8Array) => act(chunk, far));
    return near;
  };
  return runCase({ name: 'a name', steps }, { open, split, patience: 30 });
}

const echo = (chunk: Uint8Array, stream: Duplex) => stream.write(chunk);

describe('the player', () => {
  test('takes what is expected, in any pieces', async () => {
    const chunks: number[] = [];
    const count = (chunk: Uint8Array, stream: Duplex) => {
      chunks.push(chunk.length);
      stream.write(chunk);
    };
    await play([send('01 02 03'), receive('01 ??'), receive('03'), silence(5), drop()], count, true);
    expect(chunks).toEqual([1, 1, 1]);
  });

  test('knows connections apart', async () => {
    const other = connection('other');
    await play([send('01'), other.send('02'), receive('01'), other.receive('02')], echo);
  });

  test('sees the end of a connection, closed or destroyed', async () => {
    await play([send('01'), closed()], (_, stream) => stream.end());
    await play([send('01'), closed()], (_, stream) => stream.destroy());
    await play([send('01'), receive('02'), closed()], (_, stream) => stream.end(Uint8Array.of(2)));
  });

  test('says what came instead', async () => {
    await expect(play([send('c0 00'), receive('d0 00')], echo)).rejects.toThrow(
      'a name\nstep 2 of 2 (client): receive d0 00\nexpected:\n  PINGRESP    d0 00\ncame:\n  PINGREQ     c0 00',
    );
  });

  test('says what is missing, too much, or too early', async () => {
    await expect(play([send('01 02'), receive('01 02 03')], echo)).rejects.toThrow('came:\n  type 0');
    await expect(play([send('01'), receive('01')], (_, stream) => stream.end())).rejects.toThrow(
      'came:\n  the connection closed',
    );
    await expect(play([send('01'), closed()], () => {})).rejects.toThrow('came:\n  nothing');
    await expect(play([send('01'), silence(30)], echo)).rejects.toThrow('expected:\n  nothing');
    await expect(play([send('01 02'), receive('01')], echo)).rejects.toThrow('after the last step');
  });
});
