// Subscribers that stop reading while others publish: they may lose QoS 0, never the QoS 1 that fits into
// their queue, and nobody else may notice.
import { Client, newName, pause, settled, until } from '../client.mjs';
import { publish } from '../wire.mjs';

const WINDOW = 20;
const QUEUE = 1000;

function numbered(number, size) {
  const payload = Buffer.alloc(size);
  payload.writeUInt32BE(number);
  return payload;
}

/** Remembers the numbers that come, and how many of them did not follow the one before. */
class Counter {
  received = 0;
  gaps = 0;
  disorder = 0;
  last = -1;
  /** How many came without a gap from the first on. */
  intact = 0;

  take(payload) {
    const number = payload.readUInt32BE(0);
    if (number === this.intact) this.intact++;
    if (number <= this.last) this.disorder++;
    else if (number > this.last + 1) this.gaps++;
    if (number > this.last) this.last = number;
    this.received++;
  }
}

async function slowQoS0({ target, amounts, check, metrics }) {
  const topic = newName('flood');
  const slow = await Client.open(target);
  const reader = await Client.open(target);
  const publisher = await Client.open(target);
  const slowCount = new Counter();
  const readerCount = new Counter();
  slow.onPublish = ({ payload }) => slowCount.take(payload);
  reader.onPublish = ({ payload }) => readerCount.take(payload);
  await slow.subscribe(topic, 0);
  await reader.subscribe(topic, 0);
  const droppedBefore = metrics?.droppedSlowSubscriber ?? 0;
  slow.socket.pause();
  // in steps, so that the reader can keep up and must have everything
  for (let number = 0; number < amounts.messages; ) {
    const batch = [];
    for (let i = 0; i < 500 && number < amounts.messages; i++)
      batch.push(publish({ topic, payload: numbered(number++, amounts.size) }));
    if (!(await publisher.sendAll(Buffer.concat(batch)))) break;
    if (!(await until(() => readerCount.received >= number || reader.isClosed, 20_000, 1))) break;
  }
  check(readerCount.received === amounts.messages, `the reader has ${readerCount.received} messages`);
  check(readerCount.gaps + readerCount.disorder === 0, 'the reader has gaps or disorder');
  slow.socket.resume();
  await settled(() => slowCount.received);
  check(slowCount.received < amounts.messages, 'the attack was too small: nothing was dropped');
  check(slowCount.disorder === 0, 'the slow subscriber has disorder');
  if (metrics !== undefined) {
    const dropped = metrics.droppedSlowSubscriber - droppedBefore;
    check(
      dropped === amounts.messages - slowCount.received,
      `${amounts.messages} sent, ${slowCount.received} received, but ${dropped} counted as dropped`,
    );
  }
  for (const client of [slow, reader, publisher]) client.end();
  return {
    sent: `${amounts.messages} QoS 0 of ${amounts.size} bytes`,
    answered: `slow subscriber ${slowCount.received}, reader ${readerCount.received}`,
  };
}

async function slowQoS1({ target, amounts, check, metrics }, { persistent }) {
  const topic = newName('flood');
  const who = {
    clientId: newName('slow'),
    clean: !persistent,
    sessionExpiry: persistent ? 3600 : 0,
  };
  const count = new Counter();
  const set = { onPublish: ({ payload, dup }) => !dup && count.take(payload) };
  const seen = new Set();
  if (persistent)
    set.onPublish = ({ payload }) => {
      // what was in flight may come twice: first before, then with DUP after the reconnect
      const number = payload.readUInt32BE(0);
      if (!seen.has(number)) count.take(payload);
      seen.add(number);
    };
  let slow = await Client.open(target, { ...who, set });
  const publisher = await Client.open(target);
  await slow.subscribe(topic, 1);
  const droppedBefore = metrics?.droppedQueueFull ?? 0;
  slow.socket.pause();
  let acknowledged = 0;
  publisher.onPacket = (first) => {
    if (first >> 4 === 4) acknowledged++;
    return true;
  };
  for (let number = 0; number < amounts.messages; ) {
    const batch = [];
    for (let i = 0; i < 200 && number < amounts.messages; i++)
      batch.push(
        publish({ topic, payload: numbered(number++, amounts.size), qos: 1, id: (number % 65_000) + 1 }),
      );
    if (!(await publisher.sendAll(Buffer.concat(batch)))) break;
    if (!(await until(() => acknowledged >= number, 20_000, 1))) break;
  }
  check(acknowledged === amounts.messages, `only ${acknowledged} PUBACKs`);
  if (persistent) {
    slow.kill();
    await pause(100);
    slow = await Client.open(target, { ...who, clean: false, set });
    check(slow.sessionPresent, 'the session of the slow subscriber is gone');
  } else slow.socket.resume();
  const kept = WINDOW + QUEUE;
  await until(() => count.received >= kept, 10_000);
  await settled(() => count.received);
  check(count.intact >= kept, `the first ${count.intact} are there, it should be ${kept}`);
  check(count.disorder === 0, 'disorder');
  if (metrics !== undefined) {
    const dropped = metrics.droppedQueueFull - droppedBefore;
    check(
      dropped === amounts.messages - count.received,
      `${amounts.messages} sent, ${count.received} received, ${dropped} counted as dropped`,
    );
  }
  slow.end();
  publisher.end();
  return {
    sent: `${amounts.messages} QoS 1 of ${amounts.size} bytes`,
    answered: `slow subscriber has ${count.received}, the first ${count.intact} without a gap`,
  };
}

/** Many that do not read: what the broker keeps for one must not be taken times their number. */
async function crowd({ target, amounts, check }) {
  const topic = newName('crowd');
  const slow = [];
  for (let i = 0; i < amounts.subscribers; i++) {
    const client = await Client.open(target, { localAddress: `127.0.0.${1 + (i % 8)}` });
    await client.subscribe(topic, 0);
    client.socket.pause();
    slow.push(client);
  }
  const publisher = await Client.open(target);
  const message = publish({ topic, payload: Buffer.alloc(amounts.size) });
  const batch = Buffer.concat(Array.from({ length: 20 }, () => message));
  for (let i = 0; i < amounts.messages; i += 20) await publisher.sendAll(batch);
  const done = await publisher.subscribe('end', 1);
  check(done !== null, 'the publisher was closed');
  await pause(500);
  const gone = slow.filter((client) => client.isClosed).length;
  for (const client of slow) client.kill();
  publisher.end();
  return {
    sent: `${((amounts.messages * amounts.size) / 1e6).toFixed(0)} MB of QoS 0 to ${amounts.subscribers} that do not read`,
    answered: `${gone} of them closed by the broker`,
  };
}

export const slowSubscriber = [
  {
    name: 'slow-qos0',
    what: 'a subscriber that stops reading under a QoS 0 flood',
    options: {},
    amounts: {
      test: { messages: 40_000, size: 512 },
      quick: { messages: 100_000, size: 512 },
      full: { messages: 500_000, size: 512 },
    },
    memory: 150,
    run: slowQoS0,
  },
  {
    name: 'slow-qos1-clean',
    what: 'a subscriber with a clean session that stops reading under a QoS 1 flood',
    options: {},
    amounts: {
      test: { messages: 5000, size: 512 },
      quick: { messages: 20_000, size: 512 },
      full: { messages: 100_000, size: 2000 },
    },
    memory: 150,
    run: (context) => slowQoS1(context, { persistent: false }),
  },
  {
    name: 'slow-qos1-persistent',
    what: 'the same with a persistent session, which comes back on a new connection',
    options: {},
    amounts: {
      test: { messages: 5000, size: 512 },
      quick: { messages: 20_000, size: 512 },
      full: { messages: 100_000, size: 2000 },
    },
    memory: 150,
    run: (context) => slowQoS1(context, { persistent: true }),
  },
  {
    name: 'slow-crowd',
    what: 'hundreds of subscribers that do not read, and one publisher',
    options: {},
    amounts: {
      quick: { subscribers: 200, messages: 2000, size: 10_000 },
      full: { subscribers: 1000, messages: 2000, size: 10_000 },
    },
    memory: 1000,
    run: crowd,
  },
];
