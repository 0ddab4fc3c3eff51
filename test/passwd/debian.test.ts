// Password files between versions: `pondhawk passwd` and the mosquitto_passwd 2.0 of Debian change each other's, and
// Debian's broker reads them. Whom it lets in are users with salts of 12 bytes, as 2.0 writes them: those with the
// salts of 64 bytes that Mosquitto 2.1 and Pondhawk write come in again with 2.1.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectAsync } from 'mqtt';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parsePasswordFile } from '../../src/auth/password-file.js';
import { PasswordVerifier } from '../../src/auth/password-hash.js';
import { describeWith } from '../interop/needs.js';
import { readRecording } from './recording.js';

const debianPasswd = '/usr/bin/mosquitto_passwd';
const debianBroker = '/usr/sbin/mosquitto';
const mosquitto = {
  debianPackage: 'mosquitto',
  present: () => existsSync(debianPasswd) && existsSync(debianBroker),
};
const pondhawk = fileURLToPath(new URL('../../bin/pondhawk', import.meta.url));

let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'passwd-debian-'));
  file = join(folder, 'pw');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ours = (...args: string[]): Buffer => execFileSync(pondhawk, ['passwd', ...args], { stdio: 'pipe' });
const theirs = (...args: string[]): Buffer => execFileSync(debianPasswd, args, { stdio: 'pipe' });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return once(socket, 'connect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy());
}

/** Runs Debian's broker with the file for as long as `use` takes. */
async function withBroker(use: (port: number) => Promise<void>): Promise<void> {
  const port = await freePort();
  const config = join(folder, 'mosquitto.conf');
  const lines = ['user root', `listener ${port} 127.0.0.1`, 'allow_anonymous false', `password_file ${file}`];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const child = spawn(debianBroker, ['-c', config], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  try {
    for (let tries = 0; tries < 100 && child.exitCode === null && !(await answers(port)); tries++)
      await pause(50);
    expect(child.exitCode).toBeNull();
    await use(port);
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}

async function isLetIn(port: number, username: string, password: string): Promise<boolean> {
  const options = { host: '127.0.0.1', port, username, password, reconnectPeriod: 0 };
  return connectAsync(options).then(
    async (client) => {
      await client.endAsync(true);
      return true;
    },
    () => false,
  );
}

describeWith([mosquitto], 'with the Mosquitto of Debian', () => {
  it('a file that ours has changed still lets in whom 2.0 wrote', async () => {
    rmSync(file, { force: true });
    theirs('-c', '-b', file, 'ann', 'sécret');
    ours('-b', file, 'bob', 'hidden');
    ours('-H', 'sha512', '-b', file, 'cid', 'buried');
    await withBroker(async (port) => {
      expect(await isLetIn(port, 'ann', 'sécret')).toBe(true);
      expect(await isLetIn(port, 'ann', 'hidden')).toBe(false);
    });
  });

  it('a user that ours wrote is as unknown to 2.0 as one of Mosquitto 2.1', async () => {
    const [original] = readRecording().written;
    writeFileSync(file, original!.content, { mode: 0o600 });
    ours('-b', file, 'bob', 'hidden');
    await withBroker(async (port) => {
      expect([await isLetIn(port, 'ann', 'sécret'), await isLetIn(port, 'bob', 'hidden')]).toEqual([
        false,
        false,
      ]);
    });
  });

  it('both programs change a file in turn', async () => {
    rmSync(file, { force: true });
    theirs('-c', '-b', file, 'ann', 'one');
    ours('-b', file, 'bob', 'two');
    theirs('-b', file, 'cid', 'three');
    ours('-D', file, 'ann');
    theirs('-b', file, 'bob', 'four');
    ours('-b', file, 'cid', 'five');
    const users = parsePasswordFile(readFileSync(file), file);
    expect([...users.keys()]).toEqual(['bob', 'cid']);
    const verifier = new PasswordVerifier();
    expect(await verifier.verify(users.get('bob')!, Buffer.from('four'))).toBe(true);
    expect(await verifier.verify(users.get('cid')!, Buffer.from('five'))).toBe(true);
  });
});
