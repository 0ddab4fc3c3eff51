// Routing against its definition: clients subscribe, unsubscribe and publish at random (by a seed), and after
// every publication each has exactly the copies that topicMatches says it should have.
import { expect, test } from 'vitest';
import { type QoS, topicMatches } from '../../src/protocol/index.js';
import { type TestClient, text } from './client.js';
import { useServer } from './server.js';

const server = useServer();
const STEPS = 700;
const names = ['a', 'b', 'c', '', '$x'];

interface Wanted {
  readonly qos: QoS;
  readonly identifier: number;
  readonly noLocal: boolean;
}

/** A generator that gives the same numbers for the same seed. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * limit);
  };
}

/** What a client has got, as 'qos/identifier', and that all of it is this message. */
async function copies(client: TestClient, topic: string, payload: string): Promise<string[]> {
  const got: string[] = [];
  client.send({ type: 'pingreq' });
  for (let packet = await client.any(); packet.type !== 'pingresp'; packet = await client.any()) {
    if (packet.type !== 'publish') continue; // acknowledgements of the publisher
    expect([packet.topic, text(packet)]).toEqual([topic, payload]);
    got.push(`${packet.qos}/${packet.properties?.subscriptionIdentifier?.[0] ?? 0}`);
  }
  return got.sort();
}

test.each([1, 2, 3])(
  '[MQTT-3.3.2-3] [MQTT-4.5.0-1] [MQTT-3.8.3-3] [MQTT-3.10.4-1] a random history, seed %i',
  async (seed) => {
    const random = generator(seed);
    const level = (): string => names[random(names.length)]!;
    const topic = (): string => Array.from({ length: 1 + random(3) }, level).join('/') || 'a';
    const filter = (): string => {
      const parts = Array.from({ length: 1 + random(3) }, () => (random(3) === 0 ? '+' : level()));
      if (random(3) === 0) parts.push('#');
      return parts.join('/') || '#';
    };
    const clients: [client: TestClient, subscriptions: Map<string, Wanted>][] = [];
    for (const version of [5, 5, 4, 3, 5] as const)
      clients.push([await server.connect({ version }), new Map()]);
    const publisher = clients[0]![0];

    for (let step = 0; step < STEPS; step++) {
      const what = random(10);
      const [client, subscriptions] = clients[random(clients.length)]!;
      const isNew = client.version === 5;
      if (what < 2) {
        const wanted = {
          qos: random(3) as QoS,
          identifier: isNew ? random(300) : 0,
          noLocal: isNew && random(2) === 0,
        };
        const properties =
          wanted.identifier > 0 ? { subscriptionIdentifier: [wanted.identifier] } : undefined;
        const name = filter();
        await client.subscribe(name, { ...wanted, retainHandling: 2 }, properties);
        subscriptions.set(name, wanted);
      } else if (what < 4) {
        const name = [...subscriptions.keys()][random(subscriptions.size)] ?? filter();
        const { reasons } = await client.unsubscribe(name);
        if (isNew) expect(reasons).toEqual([subscriptions.delete(name) ? 0x00 : 0x11]);
        else subscriptions.delete(name);
      } else {
        const [name, qos, payload] = [topic(), random(3) as QoS, `${step}`];
        publisher.send(publisher.message(name, payload, { qos, packetId: 1 }));
        if (qos === 2) publisher.acknowledge('pubrel', 1);
        for (const [receiver, held] of clients) {
          const wanted = [...held]
            .filter(([text, { noLocal }]) => topicMatches(text, name) && !(noLocal && receiver === publisher))
            .map(([, subscription]) => `${Math.min(subscription.qos, qos)}/${subscription.identifier}`);
          expect(await copies(receiver, name, payload), `step ${step}, topic ${name}`).toEqual(wanted.sort());
        }
      }
    }
  },
);
