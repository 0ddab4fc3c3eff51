// Sockets that systemd hands over, with descriptors and tables as Linux shows them.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ActivatedSocket, activatedSockets } from './socket-activation.js';

const tcp = (state: string, inode: number): string =>
  `   0: 0100007F:075B 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 100 0 0 10 0\n`;
const unix = (flags: string, type: string, inode: number): string =>
  `0000000000000000: 00000002 00000000 ${flags} ${type} 01 ${inode} /run/mqtt.sock\n`;

const tables: Readonly<Record<string, string>> = {
  tcp: `  sl  local_address rem_address   st tx_queue ...\n${tcp('0A', 101)}${tcp('01', 102)}`,
  tcp6: `  sl  local_address ...\n${tcp('0A', 103)}`,
  udp: `  sl  local_address ...\n${tcp('07', 104)}`,
  unix: `Num       RefCount Protocol Flags    Type St Inode Path\n${unix('00010000', '0001', 105)}${unix('00000000', '0001', 106)}${unix('00000000', '0002', 107)}`,
};

let proc: string;

beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'proc-'));
  mkdirSync(join(proc, 'fd'));
  mkdirSync(join(proc, 'net'));
  for (const [name, text] of Object.entries(tables)) writeFileSync(join(proc, 'net', name), text);
});

afterEach(() => rmSync(proc, { recursive: true }));

/** What descriptors 3 and following are. */
function descriptors(...targets: string[]): void {
  targets.forEach((target, at) => symlinkSync(target, join(proc, 'fd', String(3 + at))));
}

function sockets(env: NodeJS.ProcessEnv): ActivatedSocket[] {
  return activatedSockets({ LISTEN_PID: '42', ...env }, 42, proc);
}

describe('sockets that systemd has opened', () => {
  it('are taken with their names', () => {
    descriptors('socket:[101]', 'socket:[103]', 'socket:[105]');
    expect(sockets({ LISTEN_FDS: '3', LISTEN_FDNAMES: 'mqtt::local' })).toEqual([
      { fd: 3, name: 'mqtt' },
      { fd: 4, name: 'unknown' },
      { fd: 5, name: 'local' },
    ]);
  });

  it('may come without names', () => {
    descriptors('socket:[101]');
    expect(sockets({ LISTEN_FDS: '1' })).toEqual([{ fd: 3, name: 'unknown' }]);
  });

  it('may be of another network, where their tables cannot be seen', () => {
    descriptors('socket:[999]');
    expect(sockets({ LISTEN_FDS: '1' })).toHaveLength(1);
  });

  it('are not looked for when they are of another process, or of none', () => {
    for (const env of [{ LISTEN_PID: '41' }, { LISTEN_PID: undefined }, { LISTEN_PID: '042' }])
      expect(sockets({ LISTEN_FDS: '1', ...env })).toEqual([]);
    expect(sockets({})).toEqual([]);
  });

  it('are announced to this process only: the variables are taken out', () => {
    descriptors('socket:[101]');
    const env = { LISTEN_PID: '42', LISTEN_FDS: '1', LISTEN_FDNAMES: 'mqtt', PATH: '/bin' };
    activatedSockets(env, 42, proc);
    expect(env).toEqual({ PATH: '/bin' });
  });

  it.each([
    ['socket:[102]', 'a connection, not a socket that listens'],
    ['socket:[104]', 'a socket for datagrams'],
    ['socket:[106]', 'a connection, not a socket that listens'],
    ['socket:[107]', 'a socket for datagrams'],
    ['pipe:[101]', 'no socket but pipe:[101]'],
    ['/dev/null', 'no socket but /dev/null'],
  ])('are refused when one is %s: %s', (target, problem) => {
    descriptors('socket:[101]', target);
    expect(() => sockets({ LISTEN_FDS: '2' })).toThrow(
      `descriptor 4 (LISTEN_FDS=2) is ${problem}; use ListenStream= in the .socket unit`,
    );
  });

  it('are refused when one is not there', () => {
    descriptors('socket:[101]');
    expect(() => sockets({ LISTEN_FDS: '2' })).toThrow(/descriptor 4 .* is not open/);
  });

  it.each(['', '0', '-1', 'x', '257', '1.5', '99999999999999'])('are refused when there are %j', (count) => {
    expect(() => sockets({ LISTEN_FDS: count })).toThrow(
      `LISTEN_FDS is '${count}'; it must be the number of sockets, from 1 to 256`,
    );
  });
});
