// The three QoS flows (MQTT 5 section 4.3), with the server as their sender and as their receiver.
import { describe, expect, test } from 'vitest';
import { type AcknowledgementPacket, ReasonCode } from '../../src/protocol/index.js';
import { text } from './client.js';
import { testOurs, useServer } from './server.js';

const server = useServer();

describe('the server as sender', () => {
  test('[MQTT-4.3.1-1] [MQTT-2.2.1-2] QoS 0 is a PUBLISH with DUP 0 and no packet identifier', async () => {
    const client = await server.connect();
    await client.subscribe('a', { qos: 2 });
    client.send(client.message('a', 'x', { qos: 0 }));
    const message = await client.next('publish');
    expect(message).toMatchObject({ qos: 0, dup: false });
    expect(message).not.toHaveProperty('packetId');
  });

  test('[MQTT-4.3.2-1] [MQTT-4.3.2-2] [MQTT-4.3.3-1] [MQTT-4.3.3-2] [MQTT-2.2.1-4] new messages have DUP 0 and an identifier that no other unacknowledged one has', async () => {
    const publisher = await server.connect();
    const client = await server.connect({ acknowledge: false });
    await client.subscribe('a', { qos: 2 });
    const identifiers = new Set<number>();
    for (let i = 0; i < 20; i++) {
      await publisher.publish('a', 'x', { qos: i % 2 === 0 ? 1 : 2 });
      const message = await client.next('publish');
      expect(message.dup).toBe(false);
      identifiers.add(message.packetId!);
    }
    expect(identifiers.size).toBe(20);
    expect(identifiers.has(0)).toBe(false);
  });

  test('identifiers count up, as Mosquitto’s do', async () => {
    const publisher = await server.connect();
    const client = await server.connect();
    await client.subscribe('a', { qos: 1 });
    const identifiers = [];
    for (let i = 0; i < 5; i++) {
      await publisher.publish('a', 'x', { qos: 1 });
      identifiers.push((await client.next('publish')).packetId);
    }
    expect(identifiers).toEqual([1, 2, 3, 4, 5]);
  });

  testOurs('[MQTT-4.3.2-1] identifiers go around, and pass over one that is still in use', async () => {
    const publisher = await server.connect();
    const client = await server.connect({ acknowledge: false });
    await client.subscribe('a', { qos: 1 });
    await publisher.publish('a', 'held', { qos: 1 });
    const held = (await client.next('publish')).packetId!;
    const batch = Array.from({ length: 19 }, (_, i) =>
      publisher.message('a', 'x', { qos: 1, packetId: i + 1 }),
    );
    const first = held + 1;
    let last = held;
    let around = 0;
    const wrong: number[] = [];
    while (around === 0 || last < first) {
      publisher.send(...batch);
      const acknowledgements: AcknowledgementPacket[] = [];
      for (const _ of batch) {
        await publisher.next('puback');
        const packetId = (await client.next('publish')).packetId!;
        if (packetId < last) around++;
        if (packetId === held || packetId === 0) wrong.push(packetId);
        acknowledgements.push({ type: 'puback', packetId, reason: 0 });
        last = packetId;
      }
      client.send(...acknowledgements);
    }
    expect(wrong).toEqual([]);
    expect(around).toBe(1);
  });

  test('[MQTT-4.3.3-4] [MQTT-2.2.1-5] [MQTT-3.6.2-1] QoS 2: PUBREC is answered with PUBREL of the same identifier', async () => {
    const publisher = await server.connect();
    const client = await server.connect({ acknowledge: false });
    await client.subscribe('a', { qos: 2 });
    for (let i = 0; i < 3; i++) await publisher.publish('a', `${i}`, { qos: 2 });
    const messages = [
      await client.next('publish'),
      await client.next('publish'),
      await client.next('publish'),
    ];
    for (const index of [1, 0, 2]) {
      const packetId = messages[index]!.packetId!;
      client.acknowledge('pubrec', packetId);
      expect(await client.next('pubrel')).toMatchObject({ packetId, reason: 0 });
    }
    for (const message of messages) client.acknowledge('pubcomp', message.packetId!);
    await client.nothing();
  });

  testOurs('[MQTT-4.3.3-4] [MQTT-4.4.0-2] QoS 2: a PUBREC of 0x80 or above ends the exchange', async () => {
    const publisher = await server.connect();
    const client = await server.connect({ acknowledge: false, properties: { receiveMaximum: 1 } });
    await client.subscribe('a', { qos: 2 });
    await publisher.publish('a', 'refused', { qos: 2 });
    await publisher.publish('a', 'next', { qos: 2 });
    const refused = await client.next('publish');
    client.acknowledge('pubrec', refused.packetId!, ReasonCode.QuotaExceeded);
    expect(text(await client.next('publish'))).toBe('next'); // no PUBREL comes
  });

  test('[MQTT-4.3.3-3] [MQTT-4.3.3-5] a repeated PUBREC is answered again', async () => {
    const publisher = await server.connect();
    const client = await server.connect({ acknowledge: false });
    await client.subscribe('a', { qos: 2 });
    await publisher.publish('a', 'x', { qos: 2 });
    const { packetId } = await client.next('publish');
    for (let i = 0; i < 3; i++) {
      client.acknowledge('pubrec', packetId!);
      expect(await client.next('pubrel')).toMatchObject({ packetId });
    }
  });

  test('acknowledgements of what was never sent change nothing', async () => {
    const publisher = await server.connect();
    const client = await server.connect({ acknowledge: false });
    await client.subscribe('a', { qos: 1 });
    client.acknowledge('puback', 1000);
    client.acknowledge('pubcomp', 1001);
    client.acknowledge('pubrec', 1002);
    const answer = await client.next('pubrel');
    expect(answer.packetId).toBe(1002);
    expect([0, ReasonCode.PacketIdentifierNotFound]).toContain(answer.reason);
    await publisher.publish('a', 'x', { qos: 1 });
    expect(text(await client.next('publish'))).toBe('x');
  });
});

describe('the server as receiver', () => {
  test('[MQTT-4.3.2-4] QoS 1: PUBACK has the identifier of the PUBLISH', async () => {
    const client = await server.connect();
    for (const packetId of [1, 65_535, 255, 256]) {
      client.send(client.message('a', 'x', { qos: 1, packetId }));
      expect(await client.next('puback')).toMatchObject({ packetId });
    }
  });

  test('[MQTT-4.3.2-5] QoS 1: the same identifier again is another message, whatever DUP says', async () => {
    const client = await server.connect();
    const receiver = await server.connect();
    await receiver.subscribe('a', { qos: 1 });
    await client.publish('a', 'one', { qos: 1, packetId: 5 });
    await client.publish('a', 'two', { qos: 1, packetId: 5, dup: true });
    expect(await receiver.texts(2)).toEqual(['one', 'two']);
  });

  test('[MQTT-4.3.3-8] [MQTT-4.3.3-11] QoS 2: PUBREC and PUBCOMP have the identifier of the PUBLISH', async () => {
    const client = await server.connect();
    for (const packetId of [1, 65_535, 255]) {
      client.send(client.message('a', 'x', { qos: 2, packetId }));
      expect(await client.next('pubrec')).toMatchObject({ packetId });
    }
    for (const packetId of [255, 1, 65_535]) {
      client.acknowledge('pubrel', packetId);
      expect(await client.next('pubcomp')).toMatchObject({ packetId, reason: 0 });
    }
  });

  test('[MQTT-4.3.3-10] QoS 2: until its PUBREL a repeated PUBLISH is answered and not delivered again', async () => {
    for (const version of [4, 5] as const) {
      const client = await server.connect({ version });
      const receiver = await server.connect();
      await receiver.subscribe('a', { qos: 2 });
      for (const dup of [false, true]) {
        client.send(client.message('a', 'once', { qos: 2, packetId: 9, dup }));
        expect(await client.next('pubrec')).toMatchObject({ packetId: 9, reason: 0 });
      }
      client.acknowledge('pubrel', 9);
      await client.next('pubcomp');
      expect(await receiver.texts(1)).toEqual(['once']);
      await receiver.nothing();
      await receiver.disconnect();
    }
  });

  testOurs('[MQTT-4.3.3-10] QoS 2: nor is it without DUP, or if it comes many times', async () => {
    const client = await server.connect();
    const receiver = await server.connect();
    await receiver.subscribe('a', { qos: 2 });
    for (const dup of [false, false, true, true, false]) {
      client.send(client.message('a', 'once', { qos: 2, packetId: 9, dup }));
      expect(await client.next('pubrec')).toMatchObject({ packetId: 9, reason: 0 });
    }
    client.acknowledge('pubrel', 9);
    await client.next('pubcomp');
    expect(await receiver.texts(1)).toEqual(['once']);
    await receiver.nothing();
  });

  test('[MQTT-4.3.3-12] QoS 2: after PUBCOMP the same identifier is another message', async () => {
    const client = await server.connect();
    const receiver = await server.connect();
    await receiver.subscribe('a', { qos: 2 });
    await client.publish('a', 'one', { qos: 2, packetId: 9 });
    await client.publish('a', 'two', { qos: 2, packetId: 9, dup: true });
    expect(await receiver.texts(2)).toEqual(['one', 'two']);
  });

  test('[MQTT-4.3.3-9] QoS 2: after a refusing PUBREC the same identifier is another message', async () => {
    const client = await server.connect();
    const receiver = await server.connect();
    await receiver.subscribe('a', { qos: 2 });
    client.send(client.message('$SYS/x', 'no', { qos: 2, packetId: 9 }));
    expect(await client.next('pubrec')).toMatchObject({ packetId: 9, reason: ReasonCode.NotAuthorized });
    expect(await client.publish('a', 'yes', { qos: 2, packetId: 9 })).toBe(0);
    expect(await receiver.texts(1)).toEqual(['yes']);
  });

  test('[MQTT-3.7.2-1] QoS 2: PUBREL of an unknown identifier is answered all the same', async () => {
    for (const version of [4, 5] as const) {
      const client = await server.connect({ version });
      client.acknowledge('pubrel', 77);
      const answer = await client.next('pubcomp');
      expect(answer.packetId).toBe(77);
      expect([0, ReasonCode.PacketIdentifierNotFound]).toContain(answer.reason);
    }
  });

  test('[MQTT-4.3.3-11] QoS 2: PUBREL twice is answered twice', async () => {
    const client = await server.connect();
    await client.publish('a', 'x', { qos: 2, packetId: 3 });
    client.acknowledge('pubrel', 3);
    expect(await client.next('pubcomp')).toMatchObject({ packetId: 3 });
  });

  test('the identifiers of client and server are apart', async () => {
    const client = await server.connect({ acknowledge: false });
    await client.subscribe('a', { qos: 2 });
    client.send(client.message('a', 'x', { qos: 2, packetId: 1 }));
    const seen = [];
    client.acknowledge('pubrel', 1);
    for (let i = 0; i < 3; i++) {
      const packet = await client.any();
      seen.push(packet.type);
      if (packet.type === 'publish') expect(packet.packetId).toBe(1);
    }
    expect(seen.sort()).toEqual(['pubcomp', 'publish', 'pubrec']);
    client.acknowledge('pubrec', 1);
    expect(await client.next('pubrel')).toMatchObject({ packetId: 1 });
  });
});

describe('an acknowledgement of the wrong kind', () => {
  for (const [published, wrong] of [
    [1, 'pubrec'],
    [2, 'puback'],
    [2, 'pubcomp'],
  ] as const) {
    testOurs(
      `[MQTT-4.13.1-1] ${wrong} for a QoS ${published} message ends the connection with 0x82`,
      async () => {
        const publisher = await server.connect();
        const client = await server.connect({ acknowledge: false });
        await client.subscribe('a', { qos: 2 });
        await publisher.publish('a', 'x', { qos: published });
        const { packetId } = await client.next('publish');
        client.acknowledge(wrong, packetId!);
        await client.disconnected(ReasonCode.ProtocolError);
      },
    );
  }
});
