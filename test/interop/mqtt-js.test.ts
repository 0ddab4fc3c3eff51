// MQTT.js, the client of most Node programs and of browsers, against the broker, in the three versions that it
// speaks.
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, {
  connectAsync,
  type IClientOptions,
  type IConnackPacket,
  type IPublishPacket,
  type MqttClient,
} from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerUnderTest, startBroker, uniqueName } from './broker-under-test.js';

let broker: BrokerUnderTest;
const clients: MqttClient[] = [];
const qualities = [0, 1, 2] as const;
const topicOf = (): string => `iop/${uniqueName('js')}`;

const versions = {
  '3.1': { protocolVersion: 3, protocolId: 'MQIsdp' },
  '3.1.1': { protocolVersion: 4, protocolId: 'MQTT' },
  '5': { protocolVersion: 5, protocolId: 'MQTT' },
} as const satisfies Record<string, IClientOptions>;

async function connect(options: IClientOptions): Promise<MqttClient> {
  const where = { host: broker.host, port: broker.port, reconnectPeriod: 0, connectTimeout: 10_000 };
  const client = await connectAsync({ ...where, clientId: uniqueName('js'), ...options });
  clients.push(client);
  return client;
}

/** Keeps what comes to a client. Set up before it subscribes, or before it connects to its old session. */
class Inbox {
  readonly packets: IPublishPacket[] = [];

  constructor(client: MqttClient) {
    // a packet with a topic alias may come without its topic, which the client knows
    client.on('message', (topic, _payload, packet) => this.packets.push({ ...packet, topic }));
  }

  get payloads(): string[] {
    return this.packets.map(({ payload }) => payload.toString());
  }

  async holding(count: number): Promise<IPublishPacket[]> {
    await expect.poll(() => this.packets.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
    return this.packets;
  }
}

async function inboxOf(client: MqttClient, topic: string, qos: 0 | 1 | 2 = 0): Promise<Inbox> {
  const inbox = new Inbox(client);
  await client.subscribeAsync(topic, { qos });
  return inbox;
}

/** Ends the connection as a power failure does, and waits until the client knows. */
async function cut(client: MqttClient): Promise<void> {
  const closed = new Promise<void>((resolve) => client.once('close', resolve));
  client.stream.destroy();
  await closed;
}

/** Connects to a session that may have messages waiting: they come before connectAsync has resolved. */
function comeBack(client: MqttClient): Promise<IConnackPacket> {
  const connected = connackOf(client);
  client.reconnect();
  return connected;
}

function connackOf(client: MqttClient): Promise<IConnackPacket> {
  return new Promise((resolve) => client.once('connect', resolve));
}

beforeAll(async () => {
  broker = await startBroker();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});
afterAll(() => broker.stop());

describe.each(Object.keys(versions) as (keyof typeof versions)[])('MQTT.js, MQTT %s', (name) => {
  const version = versions[name];

  it.each(qualities)('sends and receives a burst of 5,000 messages at QoS %i, in order', async (qos) => {
    const topic = topicOf();
    const inbox = await inboxOf(await connect(version), topic, qos);
    const publisher = await connect(version);
    const expected = Array.from({ length: 5000 }, (_, index) => `message ${index}`);
    // QoS 2 no faster than the receive maximum that brokers usually grant: MQTT.js itself does not look at it.
    const window = qos === 2 ? 20 : 500;
    let next = 0;
    const publishing = async (): Promise<void> => {
      while (next < expected.length) await publisher.publishAsync(topic, expected[next++] ?? '', { qos });
    };
    await Promise.all(Array.from({ length: window }, publishing));
    await inbox.holding(expected.length);
    expect(inbox.payloads).toEqual(expected);
    expect(new Set(inbox.packets.map((packet) => packet.qos))).toEqual(new Set([qos]));
  });

  it('keeps, replaces and clears retained messages', async () => {
    const topic = topicOf();
    const publisher = await connect(version);
    for (const qos of qualities) {
      await publisher.publishAsync(`${topic}/${qos}`, 'old', { qos, retain: true });
      await publisher.publishAsync(`${topic}/${qos}`, `kept ${qos}`, { qos, retain: true });
    }
    const inbox = await inboxOf(await connect(version), `${topic}/+`, 2);
    const kept = (await inbox.holding(3)).map(({ topic, payload, qos, retain }) => ({
      ...{ topic, payload: payload.toString(), qos, retain },
    }));
    expect(kept.sort((a, b) => a.topic.localeCompare(b.topic))).toEqual(
      qualities.map((qos) => ({ topic: `${topic}/${qos}`, payload: `kept ${qos}`, qos, retain: true })),
    );
    for (const qos of qualities) await publisher.publishAsync(`${topic}/${qos}`, '', { qos, retain: true });
    const later = await inboxOf(await connect(version), `${topic}/+`, 2);
    await publisher.publishAsync(`${topic}/end`, 'end', { qos: 1 });
    await later.holding(1);
    expect(later.payloads).toEqual(['end']);
  });

  it('has its will published when its connection breaks, not when it ends', async () => {
    const topic = topicOf();
    const inbox = await inboxOf(await connect(version), `${topic}/#`, 2);
    const will = (name: string) => ({
      topic: `${topic}/${name}`,
      payload: Buffer.from(name),
      qos: 1 as const,
      retain: false,
    });
    const polite = await connect({ ...version, will: will('polite') });
    await polite.endAsync();
    const broken = await connect({ ...version, will: will('broken') });
    await cut(broken);
    await inbox.holding(1);
    await sleep(100);
    expect(inbox.payloads).toEqual(['broken']);
  });

  it('comes back to its session and gets what was queued, in order', async () => {
    const topic = topicOf();
    const session: IClientOptions = { ...version, clean: false };
    if (name === '5') session.properties = { sessionExpiryInterval: 600 };
    const client = await connect(session);
    const inbox = await inboxOf(client, `${topic}/#`, 2);
    await cut(client);
    const publisher = await connect(version);
    for (const qos of [1, 2] as const) {
      for (let index = 0; index < 50; index++)
        await publisher.publishAsync(`${topic}/${qos}`, `${index}`, { qos });
    }
    const connack = await comeBack(client);
    if (name !== '3.1') expect(connack.sessionPresent).toBe(true);
    await inbox.holding(100);
    for (const qos of [1, 2]) {
      const ofQos = inbox.packets.filter((packet) => packet.topic === `${topic}/${qos}`);
      expect(ofQos.map(({ payload }) => Number(payload.toString()))).toEqual(
        Array.from({ length: 50 }, (_, i) => i),
      );
    }
    expect(inbox.packets).toHaveLength(100);
  });

  it('delivers what it published while it was away, once', async () => {
    const topic = topicOf();
    const inbox = await inboxOf(await connect(version), topic, 2);
    const session = name === '5' ? { properties: { sessionExpiryInterval: 600 } } : {};
    const publisher = await connect({ ...version, ...session, clean: false, reconnectPeriod: 100 });
    await cut(publisher);
    const payloads = [0, 1, 2].map((index) => `while away ${index}`);
    await Promise.all(payloads.map((payload) => publisher.publishAsync(topic, payload, { qos: 2 })));
    await inbox.holding(3);
    await sleep(100);
    expect(inbox.payloads).toEqual(payloads);
  });

  it('unsubscribes', async () => {
    const topic = topicOf();
    const client = await connect(version);
    const inbox = new Inbox(client);
    await client.subscribeAsync([`${topic}/a`, `${topic}/b`]);
    await client.unsubscribeAsync(`${topic}/a`);
    for (const name of ['a', 'b']) await client.publishAsync(`${topic}/${name}`, name, { qos: 1 });
    await inbox.holding(1);
    expect(inbox.payloads).toEqual(['b']);
  });

  it('is told what it was granted, topic by topic', async () => {
    const topic = topicOf();
    const client = await connect(version);
    const granted = await client.subscribeAsync({
      [`${topic}/0`]: { qos: 0 },
      [`${topic}/1`]: { qos: 1 },
      [`${topic}/2`]: { qos: 2 },
    });
    expect(granted.map(({ topic, qos }) => [topic, qos])).toEqual(
      qualities.map((qos) => [`${topic}/${qos}`, qos]),
    );
  });

  it('publishes from inside its message handler', async () => {
    const topic = topicOf();
    const client = await connect(version);
    client.on('message', (at, payload) => {
      if (at === `${topic}/ping`) client.publish(`${topic}/pong`, payload, { qos: 1 });
    });
    await client.subscribeAsync(`${topic}/ping`, { qos: 1 });
    const inbox = await inboxOf(await connect(version), `${topic}/pong`, 1);
    for (let index = 0; index < 100; index++)
      await client.publishAsync(`${topic}/ping`, `${index}`, { qos: 1 });
    await inbox.holding(100);
    expect(inbox.payloads).toEqual(Array.from({ length: 100 }, (_, index) => `${index}`));
  });
});

describe('MQTT.js, what MQTT 5 brought', () => {
  const version = versions['5'];

  it('passes on every property of a message', async () => {
    const topic = topicOf();
    const client = await connect(version);
    const inbox = await inboxOf(client, topic, 2);
    const properties = {
      payloadFormatIndicator: true,
      messageExpiryInterval: 600,
      responseTopic: `${topic}/answer`,
      correlationData: Buffer.from([0, 1, 255]),
      contentType: 'text/plain',
      userProperties: { 房间: '厨房', floors: ['1', '2'] },
    };
    for (const qos of qualities) await client.publishAsync(topic, '二十三度', { qos, properties });
    for (const packet of await inbox.holding(3)) {
      expect({ ...packet.properties, userProperties: { ...packet.properties?.userProperties } }).toEqual(
        properties,
      );
    }
  });

  it('answers a request', async () => {
    const topic = topicOf();
    const service = await connect(version);
    service.on('message', (_topic, payload, { properties }) => {
      const { responseTopic, correlationData } = properties ?? {};
      if (!responseTopic || !correlationData) return;
      service.publish(responseTopic, `${payload} to you`, { qos: 1, properties: { correlationData } });
    });
    await service.subscribeAsync(`${topic}/service`, { qos: 1 });
    const client = await connect(version);
    const inbox = await inboxOf(client, `${topic}/answers`, 1);
    const request = { responseTopic: `${topic}/answers`, correlationData: Buffer.from('17') };
    await client.publishAsync(`${topic}/service`, 'good morning', { qos: 1, properties: request });
    const [answer] = await inbox.holding(1);
    expect(answer?.payload.toString()).toBe('good morning to you');
    expect(answer?.properties?.correlationData?.toString()).toBe('17');
  });

  it('does not get its own messages with No Local', async () => {
    const topic = topicOf();
    const client = await connect(version);
    const inbox = new Inbox(client);
    await client.subscribeAsync(topic, { qos: 1, nl: true });
    await client.publishAsync(topic, 'own', { qos: 1 });
    const other = await connect(version);
    await other.publishAsync(topic, 'of another', { qos: 1 });
    await inbox.holding(1);
    expect(inbox.payloads).toEqual(['of another']);
  });

  it('sees the retain flag as published with Retain As Published', async () => {
    const topic = topicOf();
    const flags: Record<string, boolean[]> = {};
    for (const rap of [true, false]) {
      const client = await connect(version);
      client.on('message', (_topic, _payload, { retain }) => {
        const seen = flags[`rap ${rap}`] ?? [];
        flags[`rap ${rap}`] = [...seen, retain];
      });
      await client.subscribeAsync(topic, { qos: 1, rap });
    }
    const publisher = await connect(version);
    await publisher.publishAsync(topic, 'retained', { qos: 1, retain: true });
    await publisher.publishAsync(topic, 'not retained', { qos: 1 });
    await expect.poll(() => flags).toEqual({ 'rap true': [true, false], 'rap false': [false, false] });
    await publisher.publishAsync(topic, '', { qos: 1, retain: true });
  });

  it.each([
    [0, 2],
    [1, 1],
    [2, 0],
  ])('gets retained messages by Retain Handling %i: %i times for two subscriptions', async (rh, times) => {
    const topic = topicOf();
    const client = await connect(version);
    await client.publishAsync(topic, 'kept', { qos: 1, retain: true });
    const inbox = new Inbox(client);
    for (let round = 0; round < 2; round++) await client.subscribeAsync(topic, { qos: 1, rh });
    await client.subscribeAsync(`${topic}/end`, { qos: 1 });
    await client.publishAsync(`${topic}/end`, 'end', { qos: 1 });
    await inbox.holding(times + 1);
    expect(inbox.payloads).toEqual([...Array.from({ length: times }, () => 'kept'), 'end']);
    await client.publishAsync(topic, '', { qos: 1, retain: true });
  });

  it('uses topic aliases in both directions', async () => {
    const topic = topicOf();
    const subscriber = await connect({ ...version, properties: { topicAliasMaximum: 5 } });
    // not at QoS 2, where MQTT.js forgets the topic of a message that came with an alias alone
    const inbox = await inboxOf(subscriber, `${topic}/#`, 1);
    const publisher = await connect({ ...version, autoAssignTopicAlias: true });
    const sent: string[] = [];
    publisher.on('packetsend', (packet) => {
      if (packet.cmd === 'publish') sent.push(packet.topic);
    });
    const expected: [string, string][] = [];
    for (let index = 0; index < 200; index++) {
      const at = `${topic}/${index % 8}`;
      expected.push([at, `${index}`]);
      await publisher.publishAsync(at, `${index}`, { qos: qualities[index % 3] ?? 0 });
    }
    await inbox.holding(200);
    expect(inbox.packets.map(({ topic, payload }) => [topic, payload.toString()])).toEqual(expected);
    expect(sent.filter((topic) => topic === '').length).toBeGreaterThan(100); // aliases were in use
  });

  it.each(qualities)('shares 300 messages at QoS %i between three members', async (qos) => {
    const topic = topicOf();
    const inboxes = await Promise.all(
      [1, 2, 3].map(async () => inboxOf(await connect(version), `$share/group/${topic}`, qos)),
    );
    const publisher = await connect(version);
    for (let index = 0; index < 300; index++) await publisher.publishAsync(topic, `${index}`, { qos });
    const all = () => inboxes.flatMap(({ payloads }) => payloads.map(Number));
    await expect.poll(() => all().length).toBeGreaterThanOrEqual(300);
    expect(all().sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, index) => index));
    for (const { packets } of inboxes) expect(packets.length).toBeGreaterThan(0);
  });

  it('is told the identifiers of the subscriptions that matched', async () => {
    const topic = topicOf();
    const client = await connect(version);
    const inbox = new Inbox(client);
    await client.subscribeAsync(`${topic}/#`, {
      qos: 1,
      properties: { subscriptionIdentifier: 268_435_455 },
    });
    await client.subscribeAsync(`${topic}/+`, { qos: 1, properties: { subscriptionIdentifier: 1 } });
    await client.publishAsync(`${topic}/a`, 'both', { qos: 1 });
    await client.publishAsync(`${topic}/a/b`, 'one', { qos: 1 });
    await expect.poll(() => inbox.payloads).toContain('one');
    const identifiers = (payload: string) =>
      inbox.packets
        .filter((packet) => packet.payload.toString() === payload)
        .flatMap(({ properties }) => properties?.subscriptionIdentifier ?? [])
        .sort();
    // one message with both or two with one each
    expect(identifiers('both')).toEqual([1, 268_435_455]);
    expect(identifiers('one')).toEqual([268_435_455]);
  });

  it('publishes the will when the client disconnects with that reason', async () => {
    const topic = topicOf();
    const inbox = await inboxOf(await connect(version), topic, 1);
    const client = await connect({
      ...version,
      will: {
        ...{ topic, payload: Buffer.from('left'), qos: 1, retain: false },
        properties: { contentType: 'text/plain', userProperties: { cause: 'holiday' } },
      },
    });
    await client.endAsync(false, { reasonCode: 0x04 });
    const [will] = await inbox.holding(1);
    expect(will?.payload.toString()).toBe('left');
    expect(will?.properties).toMatchObject({
      contentType: 'text/plain',
      userProperties: { cause: 'holiday' },
    });
  });

  it('gets an identifier when it has none', async () => {
    const client = mqtt.connect({
      host: broker.host,
      port: broker.port,
      ...version,
      clientId: '',
      reconnectPeriod: 0,
    });
    clients.push(client);
    const connack = await connackOf(client);
    expect(connack.properties?.assignedClientIdentifier).toMatch(/./);
  });

  it('is told why when another client takes over its identifier', async () => {
    const clientId = uniqueName('taken');
    const older = await connect({ ...version, clientId });
    const told = new Promise((resolve) => older.once('disconnect', resolve));
    await connect({ ...version, clientId });
    expect(await told).toMatchObject({ cmd: 'disconnect', reasonCode: 0x8e });
  });

  it('respects the receive maximum of a slow subscriber', async () => {
    const topic = topicOf();
    const subscriber = await connect({ ...version, properties: { receiveMaximum: 3 } });
    let unacknowledged = 0;
    let most = 0;
    const payloads: string[] = [];
    subscriber.on('message', (_topic, payload) => payloads.push(payload.toString()));
    // handleMessage is the client's place to delay an acknowledgement
    subscriber.handleMessage = (_packet, done) => {
      most = Math.max(most, ++unacknowledged);
      setTimeout(() => {
        unacknowledged--;
        done();
      }, 5);
    };
    await subscriber.subscribeAsync(topic, { qos: 1 });
    const publisher = await connect(version);
    const expected = Array.from({ length: 60 }, (_, index) => `${index}`);
    for (const payload of expected) await publisher.publishAsync(topic, payload, { qos: 1 });
    await expect.poll(() => payloads.length, { timeout: 10_000 }).toBe(60);
    expect(payloads).toEqual(expected);
    expect(most).toBeLessThanOrEqual(3);
  });
});

it('keeps quiet connections alive', async () => {
  const quiet = await Promise.all(
    Object.values(versions).map(async (version) => {
      const client = await connect({ ...version, keepalive: 1 });
      const packets: string[] = [];
      client.on('packetreceive', ({ cmd }) => packets.push(cmd));
      return { client, packets };
    }),
  );
  await sleep(2500);
  for (const { client, packets } of quiet) {
    expect(client.connected).toBe(true);
    expect(packets).toContain('pingresp');
  }
});

it('forwards between the versions', async () => {
  const topic = topicOf();
  const all = Object.values(versions);
  const inboxes = await Promise.all(all.map(async (version) => inboxOf(await connect(version), topic, 2)));
  for (const [index, version] of all.entries()) {
    const publisher = await connect(version);
    await publisher.publishAsync(topic, `from ${index}`, { qos: 2 });
  }
  for (const inbox of inboxes) {
    await inbox.holding(3);
    expect(inbox.payloads).toEqual(['from 0', 'from 1', 'from 2']);
  }
});
