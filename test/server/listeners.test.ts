// Several listeners at once, each with rules of its own, and what an MQTT 5 client is told of them in CONNACK.
// Needs the built program.
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningBroker } from './scene.js';
import { host, messagesOf, passwordLine, Scene } from './scene.js';

let scene: Scene;

beforeAll(() => {
  scene = new Scene();
});

afterAll(() => scene.close());

describe('listeners with options of their own', () => {
  let open: number;
  let strict: number;
  let named: number;
  let closed: number;
  let small: number;

  beforeAll(async () => {
    const ports = await scene.ports(5);
    [open, strict, named, closed, small] = ports as [number, number, number, number, number];
    scene.file('users', passwordLine('ann', 'secret'));
    await scene.start(`
      allow_anonymous false
      password_file ${scene.path('users')}
      max_inflight_messages 7
      max_keepalive 30
      retain_available false
      listener ${open} ${host}
      listener_allow_anonymous true
      listener_auto_id_prefix open-
      listener ${strict} ${host}
      listener_allow_anonymous true
      max_qos 1
      max_topic_alias 3
      max_topic_alias_broker 0
      accept_protocol_versions 4, 5
      listener ${named} ${host}
      use_username_as_clientid true
      listener ${closed} ${host}
      listener ${small} ${host}
      listener_allow_anonymous true
      max_connections 2`);
  });

  it('lets clients without a name in where listener_allow_anonymous says so, and nowhere else', async () => {
    expect((await scene.connect(open)).connected).toBe(true);
    await scene.refused(closed, 0x87);
    const ann = await scene.connect(closed, { username: 'ann', password: 'secret' });
    expect(ann.connected).toBe(true);
  });

  it('wants the right password of everybody who has a name, also where nobody needs one', async () => {
    await scene.refused(open, 0x87, { username: 'ann', password: 'wrong' });
  });

  it('makes up client ids that begin with listener_auto_id_prefix', async () => {
    const { clientId } = await scene.connack(open, { clientId: '' });
    expect(clientId).toMatch(/^open-[0-9A-F-]{36}$/);
  });

  it('says in CONNACK what a listener allows', async () => {
    const { properties } = await scene.connack(strict, { keepAlive: 60 });
    expect(properties).toMatchObject({
      maximumQoS: 1,
      topicAliasMaximum: 3,
      receiveMaximum: 7,
      retainAvailable: 0,
      serverKeepAlive: 30,
    });
    const other = await scene.connack(open, { keepAlive: 20 });
    expect(other.properties).toMatchObject({ topicAliasMaximum: 10, receiveMaximum: 7 });
    expect(other.properties).not.toHaveProperty('maximumQoS');
    expect(other.properties).not.toHaveProperty('serverKeepAlive');
  });

  it('delivers with the largest QoS of the listener, and grants no more', async () => {
    const reader = await scene.connect(strict, { clientId: 'reader' });
    const { filters } = await reader.subscribe('qos/#', { qos: 2 });
    expect(filters).toEqual([{ filter: 'qos/#', reason: 1 }]);
    const seen: number[] = [];
    reader.on('message', ({ qos }) => seen.push(qos));
    const writer = await scene.connect(open);
    await writer.publish('qos/2', '', { qos: 2 });
    await expect.poll(() => seen).toEqual([1]);
  });

  it('takes the versions of MQTT that accept_protocol_versions names', async () => {
    const old = { version: 3, clientId: 'old', keepAlive: 30 } as const;
    await scene.refused(strict, 0x84, old);
    const four = await scene.connect(strict, { version: 4, keepAlive: 30 });
    const three = await scene.connect(open, old);
    expect([four.connected, three.connected]).toEqual([true, true]);
  });

  it('takes no more clients than max_connections, and others when some have gone', async () => {
    const first = await scene.connect(small);
    const second = await scene.connect(small);
    await scene.refused(small, 0x97);
    expect((await scene.connect(open)).connected).toBe(true);
    await first.disconnect();
    await expect
      .poll(
        () =>
          scene.connack(small).then(
            () => 'in',
            () => 'out',
          ),
        { timeout: 5000 },
      )
      .toBe('in');
    expect(second.connected).toBe(true);
  });

  it('takes the user name for the client id', async () => {
    const { clientId } = await scene.connack(named, { clientId: 'x', username: 'ann', password: 'secret' });
    expect(clientId).toBe('ann');
    await scene.refused(named, 0x87, { clientId: 'x' });
  });

  it('carries messages from one listener to the other', async () => {
    const seen = await messagesOf(await scene.connect(open), 'between/#');
    const ann = await scene.connect(named, { username: 'ann', password: 'secret' });
    await ann.publish('between/listeners', 'hello', { qos: 1 });
    await expect.poll(() => seen).toEqual([['between/listeners', 'hello']]);
  });
});

describe('per_listener_settings', () => {
  it('gives each listener its own users', async () => {
    const [first, second, third] = (await scene.ports(3)) as [number, number, number];
    scene.file('first', passwordLine('ann', 'one'));
    scene.file('second', passwordLine('ann', 'two') + passwordLine('bob', 'three'));
    await scene.start(`
      per_listener_settings true
      listener ${first} ${host}
      password_file ${scene.path('first')}
      listener ${second} ${host}
      password_file ${scene.path('second')}
      listener ${third} ${host}
      allow_anonymous true`);
    await scene.connect(first, { username: 'ann', password: 'one' });
    await scene.connect(second, { username: 'ann', password: 'two' });
    await scene.connect(second, { username: 'bob', password: 'three' });
    await scene.connect(third);
    await scene.refused(first, 0x87, { username: 'ann', password: 'two' });
    await scene.refused(first, 0x87, { username: 'bob', password: 'three' });
    await scene.refused(second, 0x87, { username: 'ann', password: 'one' });
    for (const port of [first, second]) await scene.refused(port, 0x87);
  });

  it('keeps two listeners of one port apart, one for each family of addresses', async () => {
    const port = await scene.port();
    await scene.start(`
      per_listener_settings true
      listener ${port}
      socket_domain ipv4
      allow_anonymous false
      listener ${port}
      socket_domain ipv6
      allow_anonymous true`);
    await scene.refused(port, 0x87);
    expect((await scene.connect(port, { host: '::1' })).connected).toBe(true);
  });
});

describe('a unix socket', () => {
  const withSocket = (path: string) => `listener 0 ${path}\nallow_anonymous true`;
  const local = (path: string) => ({ protocol: 'unix', path }) as const;

  it('serves, and is gone with the broker', async () => {
    const path = scene.path('mqtt.sock');
    const broker = await scene.start(withSocket(path));
    expect(statSync(path).isSocket()).toBe(true);
    expect((await scene.connect(0, local(path))).connected).toBe(true);
    await broker.stop();
    expect(existsSync(path)).toBe(false);
  });

  it('replaces what a broker that was killed has left', async () => {
    const path = scene.path('left.sock');
    const killed = await scene.start(withSocket(path));
    killed.signal('SIGKILL');
    await killed.program.exited;
    expect(existsSync(path)).toBe(true);
    await scene.start(withSocket(path));
    expect((await scene.connect(0, local(path))).connected).toBe(true);
  });
});

describe('the default listener', () => {
  it('is made by port and bind_address', async () => {
    const port = await scene.port();
    await scene.start(`port ${port}\nbind_address ${host}\nallow_anonymous true`);
    expect((await scene.connect(port)).connected).toBe(true);
    await expect(scene.connect(port, { host: '::1' })).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('include_dir', () => {
  it('reads the files of the folder that end in .conf, in the order of their names', async () => {
    const [first, second] = (await scene.ports(2)) as [number, number];
    mkdirSync(scene.path('conf.d'));
    scene.file('conf.d/b.conf', `listener ${second} ${host}\n`);
    scene.file('conf.d/A.conf', 'allow_anonymous true\n');
    scene.file('conf.d/c.conf.off', 'no such option\n');
    const broker: RunningBroker = await scene.start(
      `listener ${first} ${host}\ninclude_dir ${scene.path('conf.d')}`,
    );
    for (const port of [first, second]) expect((await scene.connect(port)).connected).toBe(true);
    expect(broker.log).toMatch(/A\.conf'.*b\.conf'/s);
    expect(broker.log).not.toContain('c.conf');
  });
});
