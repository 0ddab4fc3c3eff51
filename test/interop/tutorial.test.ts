// A beginner's first programs, as they stand in many introductions to MQTT: they publish and subscribe without
// waiting for the connection, give any user name and password, and never stop by themselves.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerUnderTest, startBroker } from './broker-under-test.js';
import { describeWith, needs, python } from './needs.js';
import { killPrograms, Program, run } from './program.js';

let broker: BrokerUnderTest;
const clients: MqttClient[] = [];

async function connect(options: IClientOptions = {}): Promise<MqttClient> {
  const client = await connectAsync({ host: broker.host, port: broker.port, reconnectPeriod: 0, ...options });
  clients.push(client);
  return client;
}

/** Subscribes, and resolves to what comes there. */
async function inbox(topic: string, options?: IClientOptions): Promise<string[]> {
  const client = await connect(options);
  const messages: string[] = [];
  client.on('message', (_, payload) => messages.push(payload.toString()));
  await client.subscribeAsync(topic, { qos: 2 });
  return messages;
}

function beginner(name: string): Program {
  const file = join(import.meta.dirname, 'tutorial', `${name}.py`);
  return new Program(python, ['-u', '-X', 'utf8', file, String(broker.port)]);
}

beforeAll(async () => {
  broker = await startBroker();
});
afterEach(async () => {
  await killPrograms();
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});
afterAll(() => broker.stop());

describe("a beginner's first steps with a client that has a window", () => {
  it('shows A what B published', async () => {
    const user = { username: 'TEST', password: 'TEST' };
    const seenByA = await inbox('/topic/qos0', user);
    const b = await connect(user);
    await b.publishAsync('/topic/qos0', 'hello,BZL first mqtt message!');
    await expect.poll(() => seenByA).toEqual(['hello,BZL first mqtt message!']);
  });

  it('shows it to the one that published it, if it subscribed', async () => {
    const both = await connect({ username: 'TEST', password: 'TEST' });
    const seen: string[] = [];
    both.on('message', (topic, payload) => seen.push(`${topic}: ${payload}`));
    await both.subscribeAsync('/topic/qos0');
    await both.publishAsync('/topic/qos0', 'hello,BZL first mqtt message!');
    await expect.poll(() => seen).toEqual(['/topic/qos0: hello,BZL first mqtt message!']);
  });
});

describeWith([needs.pahoPython], "a beginner's first programs", () => {
  it('first_subscription stays connected', async () => {
    const program = beginner('first_subscription');
    const end = program.exited.then(() => 'ended');
    const publisher = await connect();
    for (let round = 0; round < 10; round++) {
      await publisher.publishAsync('/topic/qos0', 'to whom it concerns');
      expect(await Promise.race([end, sleep(100, 'runs')])).toBe('runs');
    }
    expect(program.stderr).toBe('');
  });

  it('send_and_receive sends its JSON and prints what comes', async () => {
    const sent = await inbox('data/send');
    const program = beginner('send_and_receive');
    await program.untilLines(/^On Subscribed/);
    await expect.poll(() => sent).toHaveLength(1);
    expect(JSON.parse(sent[0] ?? '')).toMatchObject({
      type: 2,
      messageId: '9fcda359-89f5-4933-xxxx',
      data: { recommendType: 'temRecommend' },
    });
    const publisher = await connect();
    await publisher.publishAsync('data/receive', '你好', { qos: 1 });
    await program.untilLines(/^主题/);
    expect(program.lines()).toEqual([
      'Connected with result code 0',
      'On Subscribed: qos = 0',
      '主题:data/receive 消息:你好',
    ]);
  });

  it('publish_chat reaches a subscriber exactly once', async () => {
    const chat = await inbox('chat');
    beginner('publish_chat');
    await expect.poll(() => chat, { timeout: 10_000 }).toEqual(['hello liefyuan']);
    // The library sends it once more when it learns that it is connected; QoS 2 hides that.
    await sleep(300);
    expect(chat).toEqual(['hello liefyuan']);
  });

  it('publish_and_subscribe publishes and prints what comes', async () => {
    const seen = await inbox('/test/server');
    const program = beginner('publish_and_subscribe');
    await expect.poll(() => seen, { timeout: 10_000 }).toContain('Hello Python!');
    const publisher = await connect();
    // it does not say when it has subscribed, so publish until it prints
    const printed = program.untilLines(/./);
    const done = printed.then(() => true);
    while (!(await Promise.race([done, sleep(100, false)]))) {
      await publisher.publishAsync('/server', 'hello, program', { qos: 1 });
    }
    expect((await printed)[0]).toBe("/server :b'hello, program'");
  });

  it('subscribe_chat prints what another of these programs publishes', async () => {
    const program = beginner('subscribe_chat');
    await program.untilLines(/^Connected with result code 0$/);
    beginner('publish_chat');
    await program.untilLines(/^chat /);
    expect(program.lines()[1]).toBe("chat :b'hello liefyuan'");
  });
});

describeWith(
  [needs.pahoPython, needs.mosquittoSub, needs.mosquittoPub, needs.stdbuf],
  "a beginner's first programs and the command line",
  () => {
    const at = (): string[] => ['-h', broker.host, '-p', String(broker.port)];

    it('publish_chat reaches mosquitto_sub -t chat', async () => {
      const subscriber = new Program('stdbuf', ['-oL', 'mosquitto_sub', ...at(), '-t', 'chat', '-d']);
      await subscriber.untilLines(/^Subscribed/);
      beginner('publish_chat');
      await subscriber.untilLines(/^hello liefyuan$/);
    });

    it('subscribe_chat prints what mosquitto_pub publishes', async () => {
      const program = beginner('subscribe_chat');
      await program.untilLines(/^Connected/);
      const publish = () => run('mosquitto_pub', [...at(), '-t', 'chat', '-m', 'from a terminal']);
      const done = program.untilLines(/^chat /).then(() => true);
      do await publish();
      while (!(await Promise.race([done, sleep(50, false)])));
      expect(program.lines()[1]).toBe("chat :b'from a terminal'");
    });
  },
);
