// What clients do in their lives, one short life after another, and what of it is left in a broker afterwards.
import { duplexPair } from 'node:stream';
import { Client, inParallel, newName, openSocket, pause } from './client.mjs';
import { acknowledgement, connect, Property, packet, publish, string, Type, unsubscribe } from './wire.mjs';

/** Every kind of topic that is used once it is known, so that the cache of topics has its final size early. */
const TOPICS = 300;

/** Connections of a program's own broker: most in memory, some over TCP. */
export function connectionsTo(broker, address) {
  let count = 0;
  return {
    open: async () => {
      if (address !== undefined && ++count % 4 === 0)
        return openSocket(address, `127.0.0.${1 + (count % 200)}`);
      const [ours, theirs] = duplexPair();
      // a stream in memory is neither closed with its other end nor reset
      ours.once('end', () => ours.end());
      ours.once('close', () => setImmediate(() => theirs.destroy()));
      theirs.once('close', () => setImmediate(() => ours.destroy()));
      broker.accept(theirs);
      return ours;
    },
  };
}

function topicOf(n) {
  return `life/${n % TOPICS}`;
}

/** Subscribes in every way, gets messages of every QoS, says goodbye. */
async function polite(target, n, version = 5) {
  const client = await Client.open(target, { version });
  const topic = topicOf(n);
  await client.subscribe([topic, 'life/+', `$share/g${n % 10}/${topic}`, `${topic}/#`], 2);
  client.send(publish({ topic, payload: 'a', version }));
  await client.request(publish({ topic, payload: 'b', qos: 1, id: 1, version }), Type.PUBACK, 1);
  await client.request(publish({ topic, payload: 'c', qos: 2, id: 2, version }), Type.PUBREC, 2);
  await client.request(acknowledgement(Type.PUBREL, 2), Type.PUBCOMP, 2);
  await client.request(unsubscribe({ id: 9, filters: ['life/+'], version }), Type.UNSUBACK, 9);
  client.end();
}

/** Leaves a QoS 2 handshake open on both sides and vanishes. */
async function abrupt(target, n) {
  const client = await Client.open(target);
  client.acknowledges = false;
  await client.subscribe(topicOf(n), 2);
  client.send(publish({ topic: topicOf(n), payload: 'x', qos: 2, id: 5 }));
  client.send(publish({ topic: topicOf(n), payload: 'y', qos: 1, id: 6 }));
  await pause(1);
  client.kill();
}

/** A session that waits for its client, gets messages meanwhile, and expires. */
async function expiring(target, n) {
  const client = await Client.open(target, { sessionExpiry: 1 });
  client.acknowledges = false;
  const topic = `life/waits/${n % TOPICS}`;
  await client.subscribe([topic, `$share/e/${topicOf(n)}`], 2);
  const publisher = await Client.open(target);
  for (let id = 1; id <= 30; id++)
    publisher.send(publish({ topic, payload: 'waits', qos: (id % 2) + 1, id }));
  if (n % 2 === 0) client.end();
  else client.kill();
  const extra = [[Property.MESSAGE_EXPIRY, 1]];
  await publisher.request(publish({ topic, payload: 'expires', qos: 1, id: 99, extra }), Type.PUBACK, 99);
  publisher.end();
}

/** Comes back, takes what has waited, and ends its session. */
async function returning(target, n) {
  const clientId = newName('returning');
  const topic = topicOf(n);
  const first = await Client.open(target, { clientId, clean: false, sessionExpiry: 100 });
  await first.subscribe(topic, 1);
  first.kill();
  const publisher = await Client.open(target);
  for (let id = 1; id <= 5; id++) publisher.send(publish({ topic, payload: 'waits', qos: 1, id }));
  await publisher.subscribe('sync', 0);
  publisher.end();
  const second = await Client.open(target, { clientId, clean: false, sessionExpiry: 100 });
  await second.subscribe('sync', 0);
  // the same as a DISCONNECT with session expiry 0
  second.socket.end(packet(0xe0, Buffer.from([0, 5, Property.SESSION_EXPIRY, 0, 0, 0, 0])));
  second.socket.resume();
}

/** Two with one id; in 3.1.1 the session ends when a clean one takes it over. */
async function takeOver(target, n) {
  const version = n % 2 === 0 ? 4 : 5;
  const clientId = newName('taken');
  const first = await Client.open(target, { version, clientId, clean: false, sessionExpiry: 1 });
  await first.subscribe([topicOf(n), 'life/+'], 1);
  const second = await Client.open(target, { version, clientId, clean: n % 3 === 0, sessionExpiry: 1 });
  await second.subscribe(topicOf(n), 1);
  const third = await Client.open(target, { version, clientId, clean: true });
  third.end();
}

async function will(target, n) {
  const later = n % 2 === 1;
  const message = { topic: topicOf(n), payload: 'gone', qos: 1, retain: n % 4 === 0, delay: later ? 1 : 0 };
  const clientId = newName('will');
  const options = { clientId, will: message, sessionExpiry: later ? 2 : 0 };
  const client = await Client.open(target, options);
  client.kill();
  if (n % 3 === 0 && later) {
    const again = await Client.open(target, { clientId, clean: false });
    again.end();
  }
}

/** Retained messages that expire, that are replaced and that are cleared. */
async function retained(target, n) {
  const client = await Client.open(target);
  const topic = topicOf(n);
  client.send(publish({ topic, payload: 'one', retain: true, extra: [[Property.MESSAGE_EXPIRY, 1]] }));
  client.send(publish({ topic: `${topic}/below/it`, payload: 'two', retain: true }));
  await client.subscribe([`${topic}/#`], 1);
  client.send(publish({ topic: `${topic}/below/it`, payload: 'three', retain: true }));
  client.send(publish({ topic: `${topic}/below/it`, retain: true }));
  await client.subscribe('sync', 0);
  client.end();
}

/** Goes while much is on its way to it. */
async function deaf(target, n) {
  const client = await Client.open(target);
  await client.subscribe(topicOf(n), 1);
  client.socket.pause();
  const payload = Buffer.alloc(20_000);
  for (let id = 1; id <= 10; id++) client.send(publish({ topic: topicOf(n), payload, qos: id % 2, id }));
  await pause(2);
  client.kill();
}

async function sharing(target, n) {
  const group = `$share/leaving${n}/life/shared/${n % 50}`;
  const first = await Client.open(target);
  const second = await Client.open(target);
  first.acknowledges = false;
  await first.subscribe(group, 1);
  await second.subscribe(group, 1);
  for (let id = 1; id <= 40; id++)
    second.send(publish({ topic: `life/shared/${n % 50}`, payload: 'x', qos: 1, id }));
  await second.subscribe('sync', 0);
  first.kill();
  await second.subscribe('sync', 0);
  second.end();
}

async function aliases(target, n) {
  const client = await Client.open(target, { extra: [[Property.TOPIC_ALIAS_MAXIMUM, 10]] });
  await client.subscribe(topicOf(n), 0);
  for (let alias = 1; alias <= 5; alias++)
    client.send(publish({ topic: topicOf(n), extra: [[Property.TOPIC_ALIAS, alias]] }));
  client.send(publish({ topic: '', extra: [[Property.TOPIC_ALIAS, 1]] }));
  await client.subscribe('sync', 0);
  client.end();
}

/** All that ends before it has begun, or with an error. */
async function wrong(target, n) {
  const client = await Client.open(target, { sessionExpiry: n % 2 });
  await client.subscribe(topicOf(n), 1);
  client.send(Buffer.from([0x30, 2, 0, 200]));
  await new Promise((resolve) => client.whenClosed(resolve));
  const stream = await target.open();
  if (stream === null) return;
  const closed = new Promise((resolve) => stream.once('close', resolve));
  stream.on('error', () => {});
  stream.resume();
  if (n % 3 === 0) stream.write(connect({ version: 4, clientId: '', clean: false }));
  else if (n % 3 === 1) stream.write(packet(0x10, string('HTTP'), Buffer.from([4, 2, 0, 0])));
  else {
    stream.write(connect({ clientId: newName() }).subarray(0, 20));
    await pause(1);
    stream.destroy();
  }
  await closed;
}

const lives = [
  polite,
  (target, n) => polite(target, n, 4),
  abrupt,
  expiring,
  returning,
  takeOver,
  will,
  retained,
  deaf,
  sharing,
  aliases,
  wrong,
];

/** Lives from..to-1, so many at a time. */
export async function live(target, from, to, width = 40) {
  await inParallel(to - from, width, async (i) => {
    const n = from + i;
    await lives[n % lives.length](target, Math.floor(n / lives.length));
  });
}

/** Longer than every expiry interval and delay above, and the broker's patience with closing connections. */
export const EXPIRY_MS = 4500;

/** What a broker has that a client left, by name; without retained messages it should all be 0 after a while. */
export function residue(broker) {
  const { metrics } = broker;
  return {
    connections: metrics.connectionsCurrent,
    clients: metrics.clientsConnected,
    sessions: metrics.sessionsCurrent,
    sessionsListed: [...broker.clients()].length,
    subscriptions: metrics.subscriptionsCurrent,
    sharedSubscriptions: metrics.sharedSubscriptionsCurrent,
    queuedMessages: metrics.queuedMessages,
    queuedBytes: metrics.queuedBytes,
  };
}

/** Takes away the retained messages that wills left. */
export async function clearRetained(target) {
  const client = await Client.open(target);
  const topics = new Set();
  client.onPublish = ({ topic, retain }) => retain && topics.add(topic);
  await client.subscribe('#', 0);
  await pause(200);
  for (const topic of topics) client.send(publish({ topic, retain: true }));
  await client.subscribe('sync', 0);
  client.end();
  await pause(50);
}
