// What ends the broker, and its start: exit codes that scripts and systemd units know from Mosquitto, with a text that
// says what to do. Needs the built program.
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { host, passwordLine, Scene } from './scene.js';

let scene: Scene;
let port: number;

beforeAll(async () => {
  scene = new Scene();
  port = await scene.port();
});

afterAll(() => scene.close());

const refusal = (lines: string, code: number, complaint: RegExp): Promise<string> =>
  scene.refusal(`listener ${port} ${host}\n${lines}`.replaceAll('{dir}', scene.folder), code, complaint);

describe('a configuration that is wrong ends the start with 3', () => {
  it.each<[string, string, RegExp]>([
    ['a name that is none, and the name that was meant', 'max_conections 10', /max_connections/],
    ['half of a certificate', 'certfile {dir}/server.crt', /Both certfile and keyfile must be provided/],
  ])('naming %s, and file and line', async (_, lines, complaint) => {
    expect(await refusal(lines, 3, complaint)).toMatch(/mosquitto\.conf:\d+/);
  });

  it('with --test-config too, which ends with 0 when nothing is wrong', async () => {
    const wrong = scene.config('max_qos 3', 'wrong.conf');
    expect((await scene.program(['-c', wrong, '--test-config']).exited).code).toBe(3);
    const right = scene.config(`listener ${port}`, 'right.conf');
    const exit = await scene.program(['-c', right, '--test-config']).exited;
    expect(exit).toMatchObject({ code: 0, stderr: expect.stringContaining('Configuration file is OK.') });
  });

  it('when there is no such file', async () => {
    const exit = await scene.program(['-c', scene.path('missing.conf')]).exited;
    expect(exit.stderr).toContain(`Error: Unable to open config file '${scene.path('missing.conf')}'.`);
    expect(exit.code).toBe(3);
  });
});

describe('files of users, keys and rules', () => {
  it.each(['password_file', 'psk_file', 'acl_file'])(
    'a missing %s ends the start with 13',
    async (option) => {
      await refusal(`${option} {dir}/missing`, 13, /Error: Unable to open .*missing/);
    },
  );

  it.each([
    ['password_file', 'ann:$9$unknown$hash\n'],
    ['psk_file', 'device:not hexadecimal\n'],
    ['acl_file', 'topics # read\n'],
  ])('a broken %s ends the start with 3, so that nobody gets in without it', async (option, content) => {
    const path = scene.file(`broken-${option}`, content);
    await refusal(`${option} ${path}`, 3, /Error: .*broken-.*line 1/i);
  });
});

describe('a broker that ran', () => {
  it('ends with 0 by SIGTERM, after its clients were told', async () => {
    scene.file('users', passwordLine('ann', 'secret'));
    const broker = await scene.start(`listener ${port} ${host}\npassword_file ${scene.path('users')}`);
    const ann = await scene.connect(port, { username: 'ann', password: 'secret' });
    const told = new Promise((resolve) => ann.on('disconnect', ({ error }) => resolve(error.reason)));
    expect(await broker.stop()).toMatchObject({ code: 0 });
    expect(await told).toBe(0x8b);
    expect(broker.log).toMatch(/terminating\n$/);
  });

  it('ends with 0 by SIGINT while a client is in the middle of connecting', async () => {
    const broker = await scene.start(`listener ${port} ${host}\nallow_anonymous true`);
    const half = connect({ port, host });
    half.on('error', () => {});
    half.write(Buffer.from('10', 'hex'));
    await broker.logged(/New connection from/);
    broker.signal('SIGINT');
    expect((await broker.program.exited).code).toBe(0);
    half.destroy();
  });

  it('leaves no pid file behind, nor does one that could not serve', async () => {
    const path = scene.path('broker.pid');
    const broker = await scene.start(`listener ${port} ${host}\npid_file ${path}`);
    expect(existsSync(path)).toBe(true);
    await broker.stop();
    expect(existsSync(path)).toBe(false);
    await refusal(`bind_interface nothere0\npid_file ${path}`, 1, /nothere0/);
    expect(existsSync(path)).toBe(false);
  });
});
