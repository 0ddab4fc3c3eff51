// A hostile server: whatever it sends, the process lives, nothing hangs, memory stays bounded, and what the client
// says about it is a ClientError.
import { describe, expect, it } from 'vitest';
import { Random } from '../../fuzz/random.js';
import { ClientError } from '../../src/client/index.js';
import { encodePacket, type Packet, type ProtocolVersion } from '../../src/protocol/index.js';
import { FakeServer, newClient, pause, until, within } from './help.js';

const payload = (text: string): Uint8Array => new TextEncoder().encode(text);

function samples(version: ProtocolVersion): Uint8Array[] {
  const user: [string, string][] = [['name', 'value']];
  const packets: Packet[] = [
    {
      type: 'connack',
      sessionPresent: false,
      reason: 0,
      properties: { receiveMaximum: 5, topicAliasMaximum: 3 },
    },
    {
      type: 'publish',
      topic: 'a/b',
      payload: payload('hello'),
      qos: 0,
      retain: false,
      dup: false,
      properties: { userProperties: user },
    },
    {
      type: 'publish',
      topic: 'a/b',
      payload: payload('hello'),
      qos: 1,
      retain: true,
      dup: false,
      packetId: 7,
    },
    {
      type: 'publish',
      topic: 'a/b',
      payload: payload('hello'),
      qos: 2,
      retain: false,
      dup: true,
      packetId: 8,
      properties: { topicAlias: 1, subscriptionIdentifier: [1, 300], contentType: 'x' },
    },
    { type: 'puback', packetId: 1, reason: 0x10, properties: { reasonString: 'r' } },
    { type: 'pubrec', packetId: 2, reason: 0 },
    { type: 'pubrel', packetId: 8, reason: 0 },
    { type: 'pubcomp', packetId: 2, reason: 0 },
    { type: 'suback', packetId: 3, reasons: [0, 1, 0x80], properties: { userProperties: user } },
    { type: 'unsuback', packetId: 4, reasons: [0, 0x11] },
    { type: 'pingresp' },
    { type: 'disconnect', reason: 0x8b, properties: { serverReference: 'x' } },
    {
      type: 'auth',
      reason: 0x18,
      properties: { authenticationMethod: 'm', authenticationData: payload('d') },
    },
    { type: 'connect', version, cleanStart: true, keepAlive: 1, clientId: 'x' },
    { type: 'pingreq' },
  ];
  return packets.map((packet) => encodePacket(packet, version));
}

/** What a hostile server sends next: noise, packets, or packets with something wrong. */
function attack(random: Random, list: readonly Uint8Array[]): Uint8Array {
  if (random.chance(0.15)) return random.bytes(1 + random.below(40));
  const parts = Array.from({ length: 1 + random.below(4) }, () => {
    const bytes = Uint8Array.from(random.pick(list));
    const changes = random.below(4);
    for (let i = 0; i < changes; i++) bytes[random.below(bytes.length)] = random.next();
    return random.chance(0.1) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
  });
  return Buffer.concat(parts);
}

describe.each([4, 5] as const)('random bytes and broken packets (version %i)', (version) => {
  it.each([1, 2])(
    'end in a ClientError or are survived, and the client still works afterwards (seed %i)',
    async (seed) => {
      const random = new Random(seed, version);
      const list = samples(version);
      const server = await FakeServer.start();
      const client = newClient({
        url: server.url,
        version,
        clientId: 'c',
        cleanStart: false,
        topicAliasMaximum: 2,
        retryFirstConnect: true,
        reconnect: { minDelay: 0, maxDelay: 0 },
      });
      const strange: unknown[] = [];
      client.on('error', (error) => {
        if (!(error instanceof ClientError)) strange.push(error);
      });
      client.on('disconnect', ({ error }) => {
        if (!(error instanceof ClientError)) strange.push(error);
      });
      client.on('message', (message) => (message.qos === 1 ? pause(1) : undefined));
      const connecting = client.connect();
      const settled: Promise<unknown>[] = [];
      const watch = (promise: Promise<unknown>): void => {
        settled.push(
          promise.catch((error: unknown) => {
            if (!(error instanceof ClientError)) strange.push(error);
          }),
        );
      };
      for (const qos of [0, 1, 2] as const) watch(client.publish('t', 'x', { qos }));
      watch(client.subscribe(['a/b', 'a/#'], { qos: 2 }, () => {}));
      watch(client.unsubscribe('q'));
      for (let round = 0; round < 100; round++) {
        const socket = await server.socket();
        socket.resume();
        const isWelcome = random.chance(0.8);
        if (isWelcome) {
          const bytes = version === 5 ? [0x20, 3, 1, 0, 0] : [0x20, 2, 1, 0];
          socket.write(Uint8Array.from(bytes));
        }
        for (let i = random.below(6); i >= 0; i--) socket.write(attack(random, list));
        if (random.chance(0.5)) await pause(random.below(3));
        socket.end();
      }
      // a server that behaves finds a client that does
      for (;;) {
        const peer = await server.peer(version);
        await peer.welcome({}, false);
        if (client.state === 'ended') throw new Error('the client gave up');
        peer.onPublish = (packet) => {
          if (packet.qos === 1) peer.acknowledge('puback', packet.packetId!);
          if (packet.qos === 2) peer.acknowledge('pubrec', packet.packetId!);
        };
        await within(connecting, 'connecting').catch(() => {});
        const result = client.publish('end', 'x', { qos: 1 });
        await within(result, 'a message at the end');
        break;
      }
      expect(strange).toEqual([]);
      client.destroy();
      await within(Promise.all(settled), 'everything that was asked');
    },
  );
});

describe('a server that wants memory', () => {
  it('by announcing 256 MB and sending nothing gets none', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve();
    const before = process.memoryUsage().arrayBuffers;
    peer.sendBytes(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1, 65));
    await pause(50);
    peer.sendBytes(new Uint8Array(10));
    await pause(50);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
    expect(client.connected).toBe(true);
  });

  it('by a packet larger than we take is refused with the reason', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({ maximumPacketSize: 1000, reconnect: false });
    const ended = new Promise((resolve) => client.on('end', resolve));
    peer.sendBytes(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f));
    expect(await within(ended, 'the end')).toMatchObject({ code: 'protocol', reason: 0x95 });
    expect(await peer.next('disconnect')).toMatchObject({ reason: 0x95 });
  });

  it('[MQTT-3.3.4-9] by more messages in flight than we take is refused with the reason', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({ receiveMaximum: 10, reconnect: false });
    const ended = new Promise((resolve) => client.on('end', resolve));
    let count = 0;
    client.on('message', () => {
      count++;
      return new Promise(() => {});
    });
    for (let id = 1; id <= 100; id++) peer.send(peer.message('t', 'x', { qos: 1, packetId: id }));
    expect(await within(ended, 'the end', 500)).toMatchObject({ code: 'protocol', reason: 0x93 });
    expect(count).toBeLessThanOrEqual(10);
  });

  it('by new topics all the time, or by many aliases, does not get it', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({ topicAliasMaximum: 10 });
    let count = 0;
    client.on('message', () => void count++);
    for (let i = 0; i < 20; i++)
      peer.send(
        ...Array.from({ length: 1000 }, (_, j) =>
          peer.message(`topic/${i}/${j}`, '', { properties: { topicAlias: 1 + (j % 10) } }),
        ),
      );
    await until(() => count === 20_000, 'the messages');
    expect(client.connected).toBe(true);
  });

  it('by acknowledging what was never sent gets nothing but the answers that MQTT wants', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve();
    peer.send(
      { type: 'puback', packetId: 1, reason: 0 },
      { type: 'pubcomp', packetId: 2, reason: 0 },
      { type: 'suback', packetId: 3, reasons: [0] },
      { type: 'unsuback', packetId: 4, reasons: [] },
      { type: 'pingresp' },
      { type: 'pubrec', packetId: 5, reason: 0 },
      { type: 'pubrel', packetId: 6, reason: 0 },
    );
    expect(await peer.next('pubrel')).toMatchObject({ packetId: 5, reason: 0x92 });
    expect(await peer.next('pubcomp')).toMatchObject({ packetId: 6, reason: 0x92 });
    expect(client.connected).toBe(true);
  });

  it('with a SUBACK that has too few, too many or no reasons is understood as a refusal of the rest', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({ subscriptionIdentifiers: false });
    const result = client.subscribe(['a', 'b', 'c']);
    peer.send({ type: 'suback', packetId: (await peer.next('subscribe')).packetId, reasons: [0] });
    expect((await within(result, 'the answer')).filters.map(({ reason }) => reason)).toEqual([0, 0x80, 0x80]);
    const other = client.subscribe('d');
    peer.send({ type: 'suback', packetId: (await peer.next('subscribe')).packetId, reasons: [] });
    await expect(within(other, 'the answer')).rejects.toMatchObject({ code: 'rejected', reason: 0x80 });
  });

  it('with an UNSUBACK for a SUBSCRIBE is not believed', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve();
    const result = client.subscribe('a');
    const { packetId } = await peer.next('subscribe');
    peer.send({ type: 'unsuback', packetId, reasons: [0] });
    peer.send({ type: 'suback', packetId, reasons: [0] });
    expect((await within(result, 'the answer')).filters).toEqual([{ filter: 'a', reason: 0 }]);
  });
});
