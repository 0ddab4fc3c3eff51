// The scripted session: traffic of every kind, an update after each step, and what the $SYS tree says then.
// Only what is the same at every run is kept: no times, no memory.
import { setTimeout as pause } from 'node:timers/promises';
import { type ConnectOptions, TestClient, text } from '../behaviour/client.js';
import type { World } from './world.js';

/** Topics of the tree and what they say. */
export type Values = Readonly<Record<string, string>>;

export interface SessionResult {
  /** What the counters say after each step. */
  readonly steps: Readonly<Record<string, Values>>;
  /** The whole tree then, times and memory as their form only. */
  readonly tree: Values;
  /** The topics that an update tells somebody who subscribed to all of them, in order; without sizes. */
  readonly updates: Readonly<Record<string, readonly string[]>>;
  /** The counters after those steps that Mosquitto counts in a way that we do not. */
  readonly oddSteps: Readonly<Record<string, Values>>;
}

/** What is read after every step: an equal number of bytes, so that both brokers go on counting alike. */
const WATCHED = [
  ...['total', 'maximum', 'disconnected', 'inactive', 'connected', 'active', 'expired'].map(
    (name) => `clients/${name}`,
  ),
  ...['stored', 'received', 'sent'].map((name) => `messages/${name}`),
  ...['count', 'bytes'].map((name) => `store/messages/${name}`),
  ...['subscriptions/count', 'shared_subscriptions/count', 'retained messages/count'],
  ...['bytes/received', 'bytes/sent', 'publish/bytes/received', 'publish/bytes/sent'],
  ...['dropped', 'received', 'sent'].map((name) => `publish/messages/${name}`),
  ...['packet/out/count', 'packet/out/bytes', 'connections/socket/count'],
].map((topic) => `$SYS/broker/${topic}`);

/** The tree itself is stored too, and is not of the same size in both: what is stored is told as growth. */
const GROWTH: Readonly<Record<string, number>> = {
  '$SYS/broker/messages/stored': 1,
  '$SYS/broker/store/messages/count': 1,
  '$SYS/broker/retained messages/count': 1,
  '$SYS/broker/store/messages/bytes': 1000,
};

const big = (letter: string): string => letter.repeat(10_000);

class Session {
  readonly #world: World;
  readonly #clients = new Map<string, TestClient>();
  #start: Values | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  async join(clientId: string, options: ConnectOptions = {}): Promise<TestClient> {
    const { version = 4, acknowledge } = options;
    const client = new TestClient(await this.#world.open(), version, acknowledge);
    await client.handshake({ ...options, version, clientId });
    this.#clients.set(clientId, client);
    return client;
  }

  client(clientId: string): TestClient {
    return this.#clients.get(clientId)!;
  }

  /** A connection on which nothing is sent. */
  async stranger(): Promise<TestClient> {
    return new TestClient(await this.#world.open(), 4);
  }

  update(): Promise<void> {
    return this.#world.update();
  }

  expiry(): Promise<void> {
    return this.#world.expiry();
  }

  /** Subscribes, and takes everything that comes up to the answer to a PINGREQ. */
  async read(filters: readonly string[]): Promise<Values> {
    const observer = await this.join('observer');
    await observer.request(filters.map((filter) => ({ filter })));
    const values: Record<string, string> = {};
    observer.send({ type: 'pingreq' });
    for (let packet = await observer.any(); packet.type === 'publish'; packet = await observer.any())
      values[packet.topic] = text(packet);
    await observer.disconnect();
    return values;
  }

  async readCounters(): Promise<Values> {
    const values = await this.read(WATCHED);
    this.#start ??= values;
    const grown = Object.entries(GROWTH).map(([topic, unit]) => [
      topic,
      String(Math.round((Number(values[topic]) - Number(this.#start![topic])) / unit)),
    ]);
    return { ...values, ...Object.fromEntries(grown) };
  }
}

type Step = (session: Session) => Promise<unknown>;

/** Publishes, and waits until the subscribers have it. */
async function publish(session: Session, receivers: string[], ...message: Parameters<TestClient['publish']>) {
  await session.client('publisher').publish(...message);
  for (const receiver of receivers) await session.client(receiver).next('publish');
}

const steps: Readonly<Record<string, Step>> = {
  'nothing happened yet': async () => {},
  'clients come and subscribe': async (session) => {
    await session.join('publisher');
    const subscriber = await session.join('subscriber');
    await subscriber.subscribe('a/#', { qos: 2 });
    await subscriber.subscribe('b', { qos: 1 });
    await subscriber.subscribe('b', { qos: 1 });
    const sharing = await session.join('sharing', { version: 5 });
    await sharing.subscribe('$share/group/s/#', { qos: 1 });
  },
  'QoS 0': (session) => publish(session, ['subscriber'], 'a/0', 'hello'),
  'QoS 1': (session) => publish(session, ['subscriber'], 'a/1', 'hello', { qos: 1 }),
  'QoS 2': (session) => publish(session, ['subscriber'], 'a/2', 'hello', { qos: 2 }),
  'a message that nobody wants': (session) => publish(session, [], 'c', 'hello', { qos: 1 }),
  'a shared subscription': (session) => publish(session, ['sharing'], 's/1', 'hello', { qos: 1 }),
  'retained messages': async (session) => {
    await publish(session, [], 'r/1', big('a'), { retain: true });
    await publish(session, [], 'r/2', big('b'), { retain: true, qos: 1 });
    await publish(session, [], 'r/2', big('c'), { retain: true });
    await publish(session, [], 'r/3', big('d'), { retain: true });
    await publish(session, [], 'r/3', '', { retain: true });
  },
  'retained messages are read': async (session) => {
    const reader = await session.join('reader');
    await reader.subscribe('r/#', { qos: 1 });
    await reader.next('publish');
    await reader.next('publish');
    await reader.disconnect();
  },
  'a session that stays': async (session) => {
    const away = await session.join('away', { cleanStart: false });
    await away.subscribe('q/#', { qos: 1 });
    await away.disconnect();
  },
  'another session for the same messages': async (session) => {
    const away = await session.join('also away', { version: 5, properties: { sessionExpiryInterval: 1000 } });
    await away.subscribe('q/#', { qos: 2 });
    await away.disconnect();
  },
  'messages for who is away': async (session) => {
    await publish(session, [], 'q/1', big('e'));
    await publish(session, [], 'q/1', big('f'), { qos: 1 });
    await publish(session, [], 'q/2', big('g'), { qos: 2 });
  },
  'one comes back': async (session) => {
    const back = await session.join('away', { cleanStart: false });
    await back.next('publish');
    await back.next('publish');
    await back.nothing();
  },
  'and the other': async (session) => {
    const back = await session.join('also away', { version: 5, cleanStart: false });
    await back.next('publish');
    await back.next('publish');
    await back.nothing();
  },
  'a client that does not acknowledge': async (session) => {
    const slow = await session.join('slow', { cleanStart: false, acknowledge: false });
    await slow.subscribe('slow', { qos: 1 });
    await publish(session, ['slow'], 'slow', big('h'), { qos: 1 });
    await publish(session, ['slow'], 'slow', big('i'), { qos: 1 });
  },
  'acknowledges at last': async (session) => {
    const slow = session.client('slow');
    for (const id of [1, 2]) slow.acknowledge('puback', id);
    await slow.nothing();
  },
  'a will': async (session) => {
    const dying = await session.join('dying', { will: { topic: 'a/will', payload: 'gone', qos: 1 } });
    await dying.drop();
    await session.client('subscriber').next('publish');
  },
  'the end of subscriptions': async (session) => {
    await session.client('subscriber').unsubscribe('b', 'not there');
    await session.client('sharing').unsubscribe('$share/group/s/#');
  },
  'a stranger who is refused': async (session) => {
    const nameless = await session.stranger();
    await nameless.handshake({ clientId: '', cleanStart: false }, 2);
    await nameless.closed();
  },
  'a session is taken over': async (session) => {
    const old = session.client('away');
    await session.join('away', { cleanStart: false });
    await old.closed();
  },
  'a queue overflows': async (session) => {
    await session.client('also away').unsubscribe('q/#');
    await session.client('away').disconnect();
    const publisher = session.client('publisher');
    publisher.send(...Array.from({ length: 103 }, () => publisher.message('q/3', 'more', { qos: 1 })));
    for (let i = 0; i < 103; i++) await publisher.next('puback');
  },
  'a session is begun anew': async (session) => {
    await session.join('away', { cleanStart: true });
  },
  'a session expires': async (session) => {
    const short = await session.join('short', { version: 5, properties: { sessionExpiryInterval: 1 } });
    await short.subscribe('q/#', { qos: 1 });
    await short.disconnect();
    await session.expiry();
  },
  'everybody says goodbye': async (session) => {
    for (const name of ['publisher', 'subscriber', 'sharing', 'away', 'also away', 'slow'])
      await session.client(name).disconnect();
  },
};

/** Where Mosquitto counts as we do not. */
const oddSteps: Readonly<Record<string, Step>> = {
  'too large for the subscriber': async (session) => {
    const small = await session.join('small', { version: 5, properties: { maximumPacketSize: 100 } });
    await small.subscribe('large', { qos: 1 });
    await session.join('publisher');
    await publish(session, [], 'large', big('j'), { qos: 1 });
    await small.nothing();
    await small.disconnect();
    await session.client('publisher').disconnect();
  },
  'a first packet that is not CONNECT': async (session) => {
    const early = await session.stranger();
    early.send({ type: 'pingreq' });
    await early.closed();
  },
  'more strangers than sessions without their client': async (session) => {
    await session.stranger();
    await session.stranger();
  },
  'a retained message that waits for a session': async (session) => {
    const away = await session.join('away', { cleanStart: false });
    await away.subscribe('q/#', { qos: 1 });
    await away.disconnect();
    const publisher = await session.join('publisher');
    await publisher.publish('q/1', big('k'), { qos: 1, retain: true });
  },
  'a QoS 2 message without its PUBREL': async (session) => {
    const publisher = await session.join('publisher');
    publisher.send(publisher.message('q/1', big('l'), { qos: 2 }));
    await publisher.next('pubrec');
  },
  'a clean session that does not acknowledge': async (session) => {
    const slow = await session.join('slow', { acknowledge: false });
    await slow.subscribe('slow', { qos: 1 });
    await session.join('publisher');
    await publish(session, ['slow'], 'slow', big('m'), { qos: 1 });
  },
};

/** Numbers that are the same at every run stay, others are told by their form. */
function settled(topic: string, value: string): string {
  if (/\/(heap|uptime|store)\b|retained messages|messages\/stored/.test(topic))
    return value.replace(/\d+/, 'N');
  return value;
}

/** Whether these change is a matter of how many digits the others have. */
const OF_SIZE = /heap|store\/messages\/bytes/;

/** What updates tell to somebody who listens all the time. */
async function listen(session: Session): Promise<SessionResult['updates']> {
  const updates: Record<string, string[]> = {};
  const listener = await session.join('listener');
  let told: string[] = [];
  listener.onPublish = ({ topic, retain, qos }) =>
    told.push(`${topic}${retain ? ' retained' : ''} QoS ${qos}`);
  await listener.subscribe('$SYS/broker/#', { qos: 2 });
  for (const name of ['after it came', 'after nothing', 'after nothing again']) {
    await pause(100);
    told = [];
    await session.update();
    await pause(100);
    updates[name] = told.filter((line) => !OF_SIZE.test(line));
  }
  await listener.drop();
  return updates;
}

async function playStep(session: Session, step: Step): Promise<Values> {
  await step(session);
  await session.update();
  return session.readCounters();
}

async function playSteps(world: World): Promise<Omit<SessionResult, 'oddSteps'>> {
  const session = new Session(world);
  const results: Record<string, Values> = {};
  for (const [name, step] of Object.entries(steps)) results[name] = await playStep(session, step);
  const tree = await session.read(['$SYS/#']);
  return {
    steps: results,
    tree: Object.fromEntries(Object.entries(tree).map(([topic, value]) => [topic, settled(topic, value)])),
    updates: await listen(session),
  };
}

async function inWorld<T>(start: () => Promise<World>, work: (world: World) => Promise<T>): Promise<T> {
  const world = await start();
  try {
    return await work(world);
  } finally {
    await world.stop();
  }
}

/** The session, in a world of its own, and each odd step in another. */
export async function playSession(start: () => Promise<World>): Promise<SessionResult> {
  const played = await inWorld(start, playSteps);
  const odd: Record<string, Values> = {};
  for (const [name, step] of Object.entries(oddSteps))
    odd[name] = await inWorld(start, async (world) => {
      const session = new Session(world);
      await session.readCounters();
      return playStep(session, step);
    });
  return { ...played, oddSteps: odd };
}
