// What strangers make the broker keep by topic: retained messages above the limit, and topics that are used
// once and never again.
import { Client, newName, until } from '../client.mjs';
import { publish, Type } from '../wire.mjs';

const LONG = 'x'.repeat(60_000);
const DEEP = '/a'.repeat(195);

/** Retained messages of distinct topics against a limit of 1000. */
async function retainedFlood({ target, amounts, check, metrics }) {
  const publisher = await Client.open(target);
  const codes = new Map();
  let answered = 0;
  publisher.onPacket = (first, bytes, start, end) => {
    if (first >> 4 !== Type.PUBACK) return false;
    answered++;
    const code = end - start > 2 ? bytes[start + 2] : 0;
    codes.set(code, (codes.get(code) ?? 0) + 1);
    return true;
  };
  for (let i = 0; i < amounts.messages; ) {
    const batch = [];
    for (let j = 0; j < 200 && i < amounts.messages; j++, i++)
      batch.push(
        publish({ topic: `flood/${i}`, payload: `${i}`, qos: 1, retain: true, id: (i % 65_000) + 1 }),
      );
    await publisher.sendAll(Buffer.concat(batch));
    await until(() => answered >= i - 400 || publisher.isClosed, 20_000, 1);
  }
  await until(() => answered === amounts.messages, 20_000);
  const refused = codes.get(0x97) ?? 0;
  // one that is there may be replaced even when there is no room for another
  publisher.send(publish({ topic: 'flood/0', payload: 'new', qos: 1, retain: true, id: 65_100 }));
  await until(() => answered > amounts.messages, 5000);
  const reader = await Client.open(target);
  const found = new Map();
  reader.onPublish = ({ topic, payload }) => found.set(topic, payload.toString());
  await reader.subscribe('flood/#', 0);
  await until(() => found.size >= 1000, 3000);
  await reader.subscribe('end', 0);
  check(found.size === 1000, `${found.size} retained messages are there, it should be 1000`);
  check(found.get('flood/0') === 'new', 'a retained message could not be replaced');
  check(refused === amounts.messages - 1000, `${refused} were refused with 0x97`);
  if (metrics !== undefined) check(metrics.retainedCurrent === 1000, `${metrics.retainedCurrent} counted`);
  publisher.end();
  reader.end();
  return {
    sent: `${amounts.messages} retained QoS 1 of distinct topics`,
    answered: `${refused} × 0x97, ${found.size} kept`,
  };
}

/** Deep topics against a limit in bytes: what it takes to find a message counts as well. */
async function retainedDeep({ target, amounts, check }) {
  const publisher = await Client.open(target);
  for (let i = 0; i < amounts.messages; i++)
    await publisher.sendAll(publish({ topic: `${i}${DEEP}`, payload: 'x', retain: true }));
  check((await publisher.subscribe('end', 1)) !== null, 'the publisher was closed');
  publisher.end();
  return { sent: `${amounts.messages} retained messages of 196 levels`, answered: 'all taken or refused' };
}

/** Small retained messages between many that pass: each may hold no more memory than its own. */
async function retainedAmong({ target, amounts, check }) {
  const away = await Client.open(target, { clientId: newName('away'), sessionExpiry: 60 });
  await away.subscribe('passing', 1);
  away.socket.pause();
  const publisher = await Client.open(target);
  let answered = 0;
  publisher.onPacket = (first) => {
    if (first >> 4 === Type.PUBACK) answered++;
    return first >> 4 === Type.PUBACK;
  };
  const filler = Buffer.alloc(4000);
  let sent = 0;
  for (let i = 0; i < amounts.retained; i++) {
    const batch = [publish({ topic: `small/${i}`, payload: 'on', retain: true })];
    // these are kept for the client that does not read, in the same memory
    for (let j = 0; j < 4; j++)
      batch.push(publish({ topic: 'passing', payload: filler, qos: 1, id: (sent++ % 65_000) + 1 }));
    await publisher.sendAll(Buffer.concat(batch));
    if (sent - answered > 100) await until(() => sent - answered <= 40 || publisher.isClosed, 20_000, 1);
    // and dropped again before they fill its queue
    if (i % 100 === 99) {
      away.socket.resume();
      await until(() => false, 20, 5);
      if (i < amounts.retained - 1) away.socket.pause();
    }
  }
  away.end();
  await until(() => answered === sent, 10_000);
  check(answered === sent, `${answered} of ${sent} PUBACKs`);
  publisher.end();
  return {
    sent: `${amounts.retained} small retained messages among ${sent} of 4000 bytes`,
    answered: 'all taken',
  };
}

async function topicFlood({ target, amounts, check }, topicOf) {
  const publisher = await Client.open(target);
  let bytes = 0;
  for (let i = 0; i < amounts.topics; ) {
    const batch = [];
    for (let j = 0; j < amounts.atOnce && i < amounts.topics; j++, i++)
      batch.push(publish({ topic: topicOf(i) }));
    const all = Buffer.concat(batch);
    bytes += all.length;
    if (!(await publisher.sendAll(all))) break;
  }
  const done = await publisher.subscribe('end', 1);
  check(done !== null, `the publisher was closed (reason ${publisher.reason})`);
  publisher.end();
  return {
    sent: `${amounts.topics} messages, each to a topic of its own (${(bytes / 1e6).toFixed(0)} MB)`,
    answered: 'all taken',
  };
}

export const retainedAndTopics = [
  {
    name: 'retained-flood',
    what: '100000 retained messages against a limit of 1000',
    options: { maxRetainedMessages: 1000 },
    amounts: { test: { messages: 5000 }, quick: { messages: 20_000 }, full: { messages: 100_000 } },
    memory: 100,
    run: retainedFlood,
  },
  {
    name: 'retained-deep',
    what: 'retained messages of many levels against a limit of 10 MB',
    options: { maxRetainedBytes: 10_000_000 },
    amounts: { test: { messages: 500 }, quick: { messages: 5000 }, full: { messages: 30_000 } },
    memory: 200,
    run: retainedDeep,
  },
  {
    name: 'retained-among-others',
    what: 'small retained messages among many larger ones that are kept for a moment',
    options: {},
    amounts: { quick: { retained: 2000 }, full: { retained: 20_000 } },
    memory: 150,
    run: retainedAmong,
  },
  {
    name: 'topics-distinct',
    what: 'a million topics, each used once',
    options: {},
    amounts: {
      test: { topics: 50_000, atOnce: 500 },
      quick: { topics: 300_000, atOnce: 500 },
      full: { topics: 1_000_000, atOnce: 500 },
    },
    memory: 200,
    run: (context) => topicFlood(context, (i) => `distinct/${i}`),
  },
  {
    name: 'topics-long',
    what: 'topics of 60 KB, each used once',
    options: {},
    amounts: {
      test: { topics: 200, atOnce: 1 },
      quick: { topics: 2000, atOnce: 1 },
      full: { topics: 20_000, atOnce: 1 },
    },
    memory: 250,
    run: (context) => topicFlood(context, (i) => `${i}/${LONG}`),
  },
  {
    name: 'topics-deep',
    what: 'topics of 197 levels, each used once',
    options: {},
    amounts: {
      test: { topics: 2000, atOnce: 20 },
      quick: { topics: 20_000, atOnce: 20 },
      full: { topics: 100_000, atOnce: 20 },
    },
    memory: 250,
    run: (context) => topicFlood(context, (i) => `${i}${DEEP}/${i}`),
  },
];
