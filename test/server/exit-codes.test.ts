// What ends the start of the broker: exit codes that scripts and systemd units know from Mosquitto, with a text that
// says what to do. Needs the built program.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Certificates, makeCertificates } from '../tools/certificates.js';
import { host, listening, passwordLine, Scene } from './scene.js';

let scene: Scene;
let certificates: Certificates;
let port: number;

beforeAll(async () => {
  scene = new Scene();
  certificates = makeCertificates();
  chmodSync(certificates.folder, 0o755);
  port = await scene.port();
});

afterAll(async () => {
  await scene.close();
  certificates.remove();
});

/** Expects that the broker does not start with these lines below a listener; returns what it said. */
async function refusal(lines: string, code: number, complaint: RegExp): Promise<string> {
  const config = `listener ${port} ${host}\n${lines}`.replaceAll('{dir}', certificates.folder);
  const exit = await scene.run(config, { limit: 5000 }).exited;
  expect(exit.stderr).toMatch(complaint);
  expect(exit.stderr).not.toMatch(/^\s+at .*\.js/m);
  expect(exit.code).toBe(code);
  return exit.stderr;
}

describe('a configuration that is wrong ends the start with 3', () => {
  it.each<[string, string, RegExp]>([
    ['a name that is none, and the name that was meant', 'max_conections 10', /max_connections/],
    ['a value that is none', 'max_qos 3', /Error: 'max_qos' must be between 0 and 2 inclusive/],
    ['half of a certificate', 'certfile {dir}/server.crt', /Both certfile and keyfile must be provided/],
    ['a bridge without an address', 'connection x\ntopic # both', /no remote addresses defined/],
    ['a folder that is not there', 'include_dir {dir}/missing', /Unable to open include_dir/],
  ])('naming %s', async (_, lines, complaint) => {
    const said = await refusal(lines, 3, complaint);
    expect(said).toMatch(/mosquitto\.conf:\d+/);
  });

  it('within a second of running', async () => {
    const before = process.hrtime.bigint();
    await refusal('no_such_option 1', 3, /Unknown configuration variable/);
    expect(Number(process.hrtime.bigint() - before) / 1e6).toBeLessThan(5000);
  });

  it('as --test-config says it, with the same exit code', async () => {
    const wrong = scene.config('max_qos 3');
    expect((await scene.program(['-c', wrong, '--test-config']).exited).code).toBe(3);
    const right = scene.config(`listener ${port}`);
    const exit = await scene.program(['-c', right, '--test-config']).exited;
    expect(exit).toMatchObject({ code: 0, stderr: expect.stringContaining('Configuration file is OK.') });
  });

  it('when the file is missing, too', async () => {
    const exit = await scene.program(['-c', scene.path('missing.conf')]).exited;
    expect(exit.stderr).toContain(`Error: Unable to open config file '${scene.path('missing.conf')}'.`);
    expect(exit.code).toBe(3);
  });
});

describe('files of users and rules', () => {
  it.each(['password_file', 'psk_file', 'acl_file'])('a missing %s ends the start with 13', async (option) => {
    await refusal(`${option} {dir}/missing`, 13, /Error: Unable to open .*missing/);
  });

  it.each([
    ['password_file', 'a line without a colon\n'],
    ['password_file', 'ann:$9$unknown$hash\n'],
    ['psk_file', 'device:not hexadecimal\n'],
    ['acl_file', 'topics # read\n'],
  ])('a broken %s ends the start with 3, and nobody gets in without it: %j', async (option, content) => {
    const path = scene.file(`broken-${option}`, content);
    await refusal(`${option} ${path}`, 3, new RegExp(`Error: .*broken-${option}|Error: .*line 1`));
  });
});

describe('what a listener needs', () => {
  it('a port in use ends the start with 1', async () => {
    const server = await listening();
    const taken = (server.address() as AddressInfo).port;
    try {
      const exit = await scene.run(`listener ${taken} ${host}`).exited;
      expect(exit.stderr).toContain('Error: Address already in use');
      expect(exit.stderr).toContain(`${host}:${taken} is in use by another program`);
      expect(exit.code).toBe(1);
    } finally {
      server.close();
    }
  });

  it.each([
    ['certfile {dir}/missing\nkeyfile {dir}/server.key', /Unable to load server certificate ".*missing"\. Check certfile/],
    ['certfile {dir}/server.crt\nkeyfile {dir}/missing', /Unable to load server key file ".*missing"\. Check keyfile/],
    ['certfile {dir}/server.crt\nkeyfile {dir}/client.key', /Error: .*server\.crt.*client\.key.*\n.*OpenSSL Error/],
    ['certfile {dir}/server.ext\nkeyfile {dir}/server.key', /Error: .*server\.ext.*\n.*OpenSSL Error/],
    [
      'certfile {dir}/server.crt\nkeyfile {dir}/server.key\ncafile {dir}/missing',
      /Unable to load CA certificates\. Check cafile ".*missing"/,
    ],
    [
      'certfile {dir}/server.crt\nkeyfile {dir}/server.key\ncafile {dir}/garbage',
      /Error: .*cafile.*garbage/,
    ],
    [
      'certfile {dir}/server.crt\nkeyfile {dir}/server.key\nciphers NONE',
      /Error: .*ciphers.*NONE/,
    ],
    [
      'certfile {dir}/server.crt\nkeyfile {dir}/server.key\ntls_version tlsv1.1',
      /Error: .*tls_version.*tlsv1\.2/,
    ],
  ])('an unreadable certificate, key or list ends the start with 1: %s', async (lines, complaint) => {
    writeFileSync(
      join(certificates.folder, 'garbage'),
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    );
    await refusal(lines, 1, complaint);
  });

  it('an interface that is not there ends the start with 1', async () => {
    await refusal('bind_interface nothere0', 1, /nothere0/);
  });

  it('a host that is not this machine ends the start with 1', async () => {
    const exit = await scene.run(`listener ${port} 192.0.2.1`).exited;
    expect(exit).toMatchObject({ code: 1, stderr: expect.stringMatching(/Error: .*192\.0\.2\.1/s) });
  });
});

describe('a broker that starts', () => {
  it('serves as soon as it says so, and ends with 0 by SIGTERM', async () => {
    scene.file('users', passwordLine('ann', 'secret'));
    const broker = await scene.start(`listener ${port} ${host}\npassword_file ${scene.path('users')}`);
    const ann = await scene.connect(port, { username: 'ann', password: 'secret' });
    const ended = new Promise((resolve) => ann.on('disconnect', ({ error }) => resolve(error.reason)));
    expect(await broker.stop()).toMatchObject({ code: 0 });
    expect(await ended).toBe(0x8b);
    expect(broker.log).toMatch(/terminating\n$/);
  });

  it('ends with 0 by SIGINT while a client is in the middle of connecting', async () => {
    const broker = await scene.start(`listener ${port} ${host}\nallow_anonymous true`);
    const { connect } = await import('node:net');
    const half = connect({ port, host });
    half.on('error', () => {});
    half.write(Buffer.from('10', 'hex'));
    await broker.logged(/New connection from/);
    broker.signal('SIGINT');
    expect((await broker.program.exited).code).toBe(0);
    half.destroy();
  });

  it('leaves no pid file behind when it cannot serve after all', async () => {
    const path = scene.path('broker.pid');
    await refusal(`bind_interface nothere0\npid_file ${path}`, 1, /nothere0/);
    expect(() => readFileSync(path)).toThrow('ENOENT');
  });
});
