// SIGHUP: what a changed configuration changes, what a broken one does not, and what the log says. Needs the built
// program.
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { host, listening, messagesOf, passwordLine, Scene } from './scene.js';

let scene: Scene;
let port: number;
let other: number;

beforeEach(async () => {
  scene = new Scene();
  [port, other] = (await scene.ports(2)) as [number, number];
});

afterEach(() => scene.close());

const open = (at: number, more = '') => `listener ${at} ${host}\nlistener_allow_anonymous true\n${more}\n`;
const unreachable = { code: 'unreachable' };

describe('options that a reload changes', () => {
  it('hold for new connections; those that are there keep theirs', async () => {
    const broker = await scene.start(open(port, 'max_inflight_messages 5'));
    const early = await scene.connect(port, { clientId: 'early' });
    const seen = await messagesOf(early, 'a/#');
    await broker.reload(
      `${open(port, 'max_topic_alias 3\nmax_connections 2')}max_inflight_messages 9\nmax_packet_size 300\nmax_keepalive 20`,
    );
    const { properties } = await scene.connack(port);
    expect(properties).toMatchObject({
      receiveMaximum: 9,
      maximumPacketSize: 300,
      topicAliasMaximum: 3,
      serverKeepAlive: 20,
    });
    await scene.refused(port, 0x97);
    await early.publish('a/b', 'x'.repeat(1000), { qos: 1 });
    await expect.poll(() => seen.length).toBe(1);
    await broker.reload(`${open(port)}clientid_prefixes dev-`);
    await scene.refused(port, 0x87, { clientId: 'other' });
    expect((await scene.connect(port, { clientId: 'dev-1' })).connected).toBe(true);
    expect(early.connected).toBe(true);
  });

  it('are users and rules, too: who is no longer a user is sent away, and the others stay', async () => {
    const users = scene.file('users', passwordLine('ann', 'one') + passwordLine('bob', 'two'));
    const rules = scene.file('rules', 'user ann\ntopic write a/#\n');
    const config = `listener ${port} ${host}\npassword_file ${users}\nacl_file ${rules}`;
    const broker = await scene.start(config);
    const ann = await scene.connect(port, { username: 'ann', password: 'one' });
    const bob = await scene.connect(port, { username: 'bob', password: 'two' });
    const told = new Promise((resolve) => bob.on('disconnect', ({ error }) => resolve(error.reason)));
    await expect(ann.publish('b/1', '', { qos: 1 })).rejects.toMatchObject({ reason: 0x87 });
    scene.file('users', passwordLine('ann', 'one') + passwordLine('eve', 'three'));
    scene.file('rules', 'user ann\ntopic write b/#\n');
    await broker.reload();
    expect(await told).toBe(0x87);
    expect((await scene.connect(port, { username: 'eve', password: 'three' })).connected).toBe(true);
    await ann.publish('b/1', '', { qos: 1 });
  });

  it('are listeners: new ones are opened, those that are gone are closed, and their clients stay', async () => {
    const broker = await scene.start(open(port));
    const early = await scene.connect(port);
    const seen = await messagesOf(early, 'moved/#');
    expect(await broker.reload(open(other))).toContain(`Closing listener ${host}:${port}`);
    await expect(scene.connect(port)).rejects.toMatchObject(unreachable);
    const late = await scene.connect(other);
    await late.publish('moved/1', 'hello', { qos: 1 });
    await expect.poll(() => seen).toEqual([['moved/1', 'hello']]);
  });

  it('are the addresses of a port: it is not closed to itself', async () => {
    const everywhere = `listener ${port}\nallow_anonymous true`;
    const broker = await scene.start(everywhere);
    const said = await broker.reload(open(port));
    expect(said).not.toContain('Error');
    expect((await scene.connect(port)).connected).toBe(true);
    expect(await broker.reload(everywhere)).not.toContain('Error');
    expect((await scene.connect(port, { host: '::1' })).connected).toBe(true);
  });
});

describe('a listener that a reload cannot open', () => {
  it('is told of, does not keep others from changing, and is opened by a later reload', async () => {
    const server = await listening();
    const { port: taken } = server.address() as AddressInfo;
    const broker = await scene.start(open(port));
    const config = `${open(taken)}${open(port, 'max_topic_alias 3')}`;
    expect(await broker.reload(config)).toContain(`${host}:${taken} is in use by another program`);
    expect((await scene.connack(port)).properties).toMatchObject({ topicAliasMaximum: 3 });
    await new Promise((resolve) => server.close(resolve));
    expect(await broker.reload()).not.toContain('Error');
    expect((await scene.connect(taken)).connected).toBe(true);
  });
});

describe('a reload that changes nothing', () => {
  it('is one with a mistake in the file: the log says where', async () => {
    const broker = await scene.start(open(port, 'max_topic_alias 3'));
    const said = await broker.reloadInVain(`${open(other, 'max_topic_alias 4')}\nno_such_option 1`);
    expect(said).toMatch(/Error: Unknown configuration variable 'no_such_option'.*mosquitto\.conf:\d+/s);
    expect((await scene.connack(port)).properties).toMatchObject({ topicAliasMaximum: 3 });
    await expect(scene.connect(other)).rejects.toMatchObject(unreachable);
  });

  it.each(['password_file', 'psk_file', 'acl_file'])(
    'is one with a broken %s, whatever else it changes',
    async (option) => {
      const good = scene.file('good', passwordLine('ann', 'one'));
      const config = (file: string) => `per_listener_settings true
        listener ${port} ${host}
        password_file ${good}
        listener ${other} ${host}
        allow_anonymous true
        ${file}`;
      const broker = await scene.start(config(''));
      const ann = await scene.connect(port, { username: 'ann', password: 'one' });
      scene.file('good', passwordLine('eve', 'two'));
      scene.file('broken', 'ann:$9$unknown$hash\n');
      const said = await broker.reloadInVain(config(`${option} ${scene.path('broken')}\nmax_topic_alias 3`));
      expect(said).toMatch(/Error: .*broken/);
      expect(ann.connected).toBe(true);
      await scene.refused(port, 0x87, { username: 'eve', password: 'two' });
      expect((await scene.connect(port, { username: 'ann', password: 'one' })).connected).toBe(true);
      expect((await scene.connack(other)).properties).toMatchObject({ topicAliasMaximum: 10 });
    },
  );

  it('is one whose file has no listener any more: the sockets are not opened to everybody', async () => {
    const users = scene.file('users', passwordLine('ann', 'one'));
    const broker = await scene.start(`listener ${port} ${host}\npassword_file ${users}`);
    const said = await broker.reloadInVain('');
    expect(said).toContain("Warning: The 'listener' option has changed");
    await scene.refused(port, 0x87);
    expect((await scene.connect(port, { username: 'ann', password: 'one' })).connected).toBe(true);
  });

  it('is one with a log file that cannot be opened: the log stays where it was', async () => {
    const broker = await scene.start(open(port));
    const said = await broker.reload(open(port, `log_dest file ${scene.path('missing/log')}`));
    expect(said).toMatch(/Error: Unable to open log file .*missing\/log for writing/);
    await scene.connect(port, { clientId: 'still-logged' });
    await broker.logged(/as still-logged/);
  });
});

describe('options that take a restart', () => {
  it('are named by every reload, until they are as they were', async () => {
    const broker = await scene.start(open(port));
    const named = (text: string) =>
      [...text.matchAll(/Warning: The '(.*)' option has changed; that takes effect with the next start\./g)]
        .map(([, name]) => name)
        .sort();
    const changed = open(port, `pid_file ${scene.path('pid')}\nallow_duplicate_messages false`);
    const both = ['allow_duplicate_messages', 'pid_file'];
    expect(named(await broker.reload(changed))).toEqual(both);
    expect(named(await broker.reload())).toEqual(both);
    expect(named(await broker.reload(open(port)))).toEqual([]);
  });
});

describe('SIGHUP at a bad time', () => {
  it('while the broker starts comes after that', async () => {
    const program = scene.run(open(port));
    await program.until('first line', ({ stderr }) => / starting\n/.test(stderr));
    process.kill(program.pid, 'SIGHUP');
    await program.until('end of the reload', ({ stderr }) => /running\n.*Reloaded config\./s.test(stderr));
    expect((await scene.connect(port)).connected).toBe(true);
  });

  it('many times at once ends nothing', async () => {
    const broker = await scene.start(open(port));
    const client = await scene.connect(port);
    for (let i = 0; i < 30; i++) broker.signal('SIGHUP');
    await broker.reload(open(port, 'max_topic_alias 3'));
    await expect
      .poll(async () => (await scene.connack(port)).properties)
      .toMatchObject({ topicAliasMaximum: 3 });
    expect(client.connected).toBe(true);
    expect(broker.log).not.toMatch(/MaxListeners|Unhandled/);
  });
});
