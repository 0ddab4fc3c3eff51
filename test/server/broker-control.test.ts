// $CONTROL/broker/v1 (mosquitto.conf(5), enable_control_api): the same answers as Mosquitto 2.1.2 gives. Needs the built
// program.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Client } from '../../src/client/client.js';
import { host, messagesOf, type RunningBroker, Scene } from './scene.js';

const TOPIC = '$CONTROL/broker/v1';

let scene: Scene;

beforeAll(() => {
  scene = new Scene();
});

afterAll(() => scene.close());

/** What is answered to a payload, as it was sent. */
async function answerTo(client: Client, payload: string): Promise<string> {
  const answers = await messagesOf(client, `${TOPIC}/response`);
  await client.publish(TOPIC, payload, { qos: 1 });
  await expect.poll(() => answers.length).toBe(1);
  await client.unsubscribe(`${TOPIC}/response`);
  return answers[0]![1];
}

async function withListeners(): Promise<{ broker: RunningBroker; client: Client; ports: number[] }> {
  const ports = await scene.ports(2);
  const plugin = scene.file(
    'plugin.mjs',
    `export default { name: 'echo', controlTopics: { '$CONTROL/echo/v1': () => {} } };`,
  );
  const broker = await scene.start(`
    enable_control_api true
    allow_anonymous true
    plugin ${plugin}
    listener ${ports[0]} ${host}
    listener ${ports[1]} localhost
    protocol websockets
    listener 0 ${scene.path('socket')}`);
  return { broker, client: await scene.connect(ports[0]!), ports };
}

it('lists listeners and plugins, and says who asked', async () => {
  const { broker, client, ports } = await withListeners();
  const asked = '{"commands":[{"command":"LISTlisteners"},{"command":"listPlugins","correlationData":"x"}]}';
  const listeners =
    `{"port":${ports[0]},"protocol":"mqtt","bind-address":"${host}","tls":false},` +
    `{"port":${ports[1]},"protocol":"mqtt+websockets","bind-address":"localhost","tls":false},` +
    `{"port":0,"protocol":"mqtt","socket-path":"${scene.path('socket')}","tls":false}`;
  const plugins = '{"name":"echo","control-endpoints":["$CONTROL/echo/v1"]}';
  expect(await answerTo(client, asked)).toBe(
    `{"responses":[{"command":"listListeners","data":{"listeners":[${listeners}]}},` +
      `{"command":"listPlugins","data":{"plugins":[${plugins}]},"correlationData":"x"}]}`,
  );
  await broker.logged(/: Broker: \S+\/\(null\) \| listListeners\n.*: Broker: \S+\/\(null\) \| listPlugins\n/);
});

it.each([
  ['bad', '{"command":"Unknown command","error":"Payload not valid JSON"}'],
  ['{}', '{"command":"Unknown command","error":"Invalid/missing commands"}'],
  [
    '{"commands":[1,{"command":"listPlugins"}]}',
    '{"command":"Unknown command","error":"Command not an object"}',
  ],
  ['{"commands":[{"command":1}]}', '{"command":"Unknown command","error":"Missing command"}'],
  ['{"commands":[{"command":"nope"}]}', '{"command":"nope","error":"Unknown command"}'],
  [
    '{"commands":[{"command":"listPlugins","correlationData":1}]}',
    '{"command":"listPlugins","error":"Invalid correlationData data type."}',
  ],
  ['{"commands":[]}', ''],
])('answers %s', async (payload, response) => {
  const port = await scene.port();
  await scene.start(`
    enable_control_api true
    listener ${port} ${host}
    allow_anonymous true`);
  expect(await answerTo(await scene.connect(port), payload)).toBe(`{"responses":[${response}]}`);
});

it('lists the addresses of a broker that serves this machine only', async () => {
  const port = await scene.port();
  await scene.start('enable_control_api true', { flags: ['-p', String(port)] });
  const answer = JSON.parse(
    await answerTo(await scene.connect(port), '{"commands":[{"command":"listListeners"}]}'),
  );
  expect(answer.responses[0].data.listeners).toContainEqual({
    port,
    protocol: 'mqtt',
    'bind-address': host,
    tls: false,
  });
});

it('is not there unless the configuration wants it', async () => {
  const port = await scene.port();
  await scene.start(`
    listener ${port} ${host}
    allow_anonymous true`);
  const client = await scene.connect(port);
  const answers = await messagesOf(client, '$CONTROL/#');
  await client.publish(TOPIC, '{"commands":[{"command":"listListeners"}]}', { qos: 1 });
  await expect.poll(() => answers).toEqual([[`${TOPIC}/response`, '{"error": "endpoint not available"}']]);
});
