// Topic aliases (MQTT 5 section 3.3.2.3.4) in both directions: they belong to one connection.
import { describe, expect, test } from 'vitest';
import { ReasonCode } from '../../src/protocol/index.js';
import { freshId, text } from './client.js';
import { testOurs, useServer } from './server.js';

describe('from the client', () => {
  const server = useServer();

  test('[MQTT-3.3.2-12] every alias up to the Topic Alias Maximum stands for the topic it came with', async () => {
    const client = await server.connect();
    const subscriber = await server.connect();
    await subscriber.subscribe('alias/#');
    const maximum = client.connack.properties!.topicAliasMaximum!;
    for (let topicAlias = 1; topicAlias <= maximum; topicAlias++) {
      client.send(client.message(`alias/${topicAlias}`, 'full', { properties: { topicAlias } }));
    }
    for (let topicAlias = 1; topicAlias <= maximum; topicAlias++) {
      client.send(client.message('', 'short', { qos: 1, properties: { topicAlias } }));
      expect(await client.next('puback')).toMatchObject({ reason: 0 });
    }
    for (const payload of ['full', 'short']) {
      for (let topicAlias = 1; topicAlias <= maximum; topicAlias++) {
        const message = await subscriber.next('publish');
        expect(message).toMatchObject({ topic: `alias/${topicAlias}`, properties: {} });
        expect(text(message)).toBe(payload);
      }
    }
  });

  test('an alias can be given another topic', async () => {
    const client = await server.connect();
    await client.subscribe('alias/#');
    for (const topic of ['alias/a', 'alias/b', '']) {
      client.send(client.message(topic, 'x', { properties: { topicAlias: 1 } }));
    }
    const topics = [];
    for (let i = 0; i < 3; i++) topics.push((await client.next('publish')).topic);
    expect(topics).toEqual(['alias/a', 'alias/b', 'alias/b']);
  });

  testOurs('[MQTT-3.3.2-8] alias 0 ends the connection with 0x94', async () => {
    const client = await server.connect();
    client.send(client.message('a', 'x', { properties: { topicAlias: 0 } }));
    await client.disconnected(ReasonCode.TopicAliasInvalid);
  });

  test('[MQTT-3.3.2-9] [MQTT-3.2.2-17] an alias above the maximum ends the connection with 0x94', async () => {
    const client = await server.connect();
    const topicAlias = client.connack.properties!.topicAliasMaximum! + 1;
    client.send(client.message('a', 'x', { properties: { topicAlias } }));
    await client.disconnected(ReasonCode.TopicAliasInvalid);
  });

  test('an alias that was never set ends the connection with 0x82', async () => {
    const client = await server.connect();
    client.send(client.message('', 'x', { properties: { topicAlias: 1 } }));
    await client.disconnected(ReasonCode.ProtocolError);
  });

  test('[MQTT-3.3.2-7] an alias does not survive its connection, though the session does', async () => {
    const session = { clientId: freshId(), cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    const first = await server.connect(session);
    await first.publish('a', 'x', { properties: { topicAlias: 1 } });
    await first.disconnect();
    const second = await server.connect(session);
    second.send(second.message('', 'x', { properties: { topicAlias: 1 } }));
    await second.disconnected(ReasonCode.ProtocolError);
  });

  test('two clients have aliases of their own', async () => {
    const one = await server.connect();
    const two = await server.connect();
    await one.publish('of/one', '', { properties: { topicAlias: 1 } });
    two.send(two.message('', 'x', { properties: { topicAlias: 1 } }));
    await two.disconnected(ReasonCode.ProtocolError);
  });

  test('the will knows no alias', async () => {
    const observer = await server.connect();
    await observer.subscribe('will');
    const client = await server.connect({ will: { topic: 'will', payload: 'gone' } });
    await client.publish('other', '', { properties: { topicAlias: 1 } });
    await client.drop();
    expect(await observer.next('publish')).toMatchObject({ topic: 'will', properties: {} });
  });
});

describe('from the server', () => {
  const server = useServer();

  test('[MQTT-3.1.2-27] there is none for a client that did not offer any', async () => {
    const publisher = await server.connect();
    for (const properties of [{}, { topicAliasMaximum: 0 }]) {
      const client = await server.connect({ properties });
      await client.subscribe('a');
      for (let i = 0; i < 2; i++) {
        await publisher.publish('a');
        expect(await client.next('publish')).toMatchObject({ topic: 'a', properties: {} });
      }
    }
  });

  test('[MQTT-3.1.2-26] [MQTT-3.3.2-11] aliases stay within what the client offered', async () => {
    const publisher = await server.connect();
    const subscriber = await server.connect({ properties: { topicAliasMaximum: 2 } });
    await subscriber.subscribe('alias/#');
    const known = new Map<number, string>();
    for (const topic of ['alias/1', 'alias/2', 'alias/3', 'alias/1', 'alias/2', 'alias/3']) {
      await publisher.publish(topic, topic);
      const message = await subscriber.next('publish');
      const alias = message.properties!.topicAlias;
      if (message.topic !== '' && alias !== undefined) known.set(alias, message.topic);
      expect(message.topic === '' ? known.get(alias!) : message.topic).toBe(topic);
      if (alias !== undefined) expect(alias).toBeLessThanOrEqual(2);
    }
    expect(known.size).toBe(2);
  });

  test('[MQTT-3.3.2-7] a new connection begins without aliases, resent messages included', async () => {
    const publisher = await server.connect();
    const session = {
      clientId: freshId(),
      cleanStart: false,
      properties: { sessionExpiryInterval: 60, topicAliasMaximum: 5 },
    };
    const first = await server.connect({ ...session, acknowledge: false });
    await first.subscribe('a', { qos: 1 });
    await publisher.publish('a', '1', { qos: 1 });
    await publisher.publish('a', '2', { qos: 1 });
    expect(await first.next('publish')).toMatchObject({ topic: 'a' });
    expect(await first.next('publish')).toMatchObject({ topic: '' });
    await first.drop();
    const second = await server.connect(session);
    for (const payload of ['1', '2']) {
      const resent = await second.next('publish');
      expect(resent.dup).toBe(true);
      expect(text(resent)).toBe(payload);
      if (payload === '1') expect(resent.topic).toBe('a');
    }
  });

  testOurs('a message that is too large for the client takes no alias with it', async () => {
    const publisher = await server.connect();
    const properties = { topicAliasMaximum: 5, maximumPacketSize: 40 };
    const subscriber = await server.connect({ properties });
    await subscriber.subscribe('alias');
    await publisher.publish('alias', 'x'.repeat(100));
    await publisher.publish('alias', 'small');
    const message = await subscriber.next('publish');
    expect(message).toMatchObject({ topic: 'alias' });
    expect(text(message)).toBe('small');
  });
});

describe('with aliases off', () => {
  const server = useServer({ maxTopicAlias: 0, maxTopicAliasBroker: 0 });

  test('[MQTT-3.2.2-18] the client may use none, and gets none', async () => {
    const client = await server.connect({ properties: { topicAliasMaximum: 10 } });
    expect(client.connack.properties).not.toHaveProperty('topicAliasMaximum');
    const publisher = await server.connect();
    await client.subscribe('a');
    for (let i = 0; i < 2; i++) {
      await publisher.publish('a');
      expect(await client.next('publish')).toMatchObject({ topic: 'a', properties: {} });
    }
    client.send(client.message('a', 'x', { properties: { topicAlias: 1 } }));
    await client.disconnected(ReasonCode.TopicAliasInvalid);
  });
});
