// What single parts cost, without sockets: the codec, the subscription tree, and the cache of topics while
// subscriptions come and go. For before and after of one change; compare.mjs says whether it matters.
//
//   npm run bench:micro [-- --only decode] [--ms 400]
//
// Each line is the best of five rounds: nanoseconds an operation, and operations a second. Imports from dist/.
import { parseArgs } from 'node:util';

const { values: given } = parseArgs({
  options: { only: { type: 'string', default: '' }, ms: { type: 'string', default: '400' } },
});
const ROUNDS = 5;
const dist = new URL('../dist/', import.meta.url);

/** @param {string} path @returns {Promise<any>} a module of dist/, or undefined with a word about it */
async function load(path) {
  try {
    return await import(new URL(path, dist).href);
  } catch (error) {
    console.log(`left out: dist/${path}: ${error.message.split('\n')[0]}`);
    return undefined;
  }
}

/** Kept so that no result looks unused to the compiler. */
let sink = 0;

/**
 * @param {string} name @param {number} operations in one call @param {() => number} call
 */
function bench(name, operations, call) {
  if (!name.includes(given.only)) return;
  const budget = Number(given.ms);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round <= ROUNDS; round++) {
    const begin = performance.now();
    let calls = 0;
    let now = begin;
    for (; now - begin < budget; now = performance.now()) {
      sink += call();
      calls++;
    }
    // the first round warms the compiler up
    if (round > 0) best = Math.min(best, ((now - begin) * 1e6) / (calls * operations));
  }
  const rate = Math.round(1e9 / best).toLocaleString('en-US');
  console.log(`${name.padEnd(64)} ${best.toFixed(1).padStart(10)} ns ${rate.padStart(15)}/s`);
}

/** @param {Uint8Array[]} parts */
function join(parts) {
  const all = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** @param {any} protocol */
function codec({ decodeOne, decodePacket, encodePacket, FrameReader, Publish, readPublish }) {
  const payload = new Uint8Array(64).fill(120);
  const publish = { type: 'publish', topic: 'p2p/12', payload, qos: 0, retain: false, dup: false };
  const properties = { userProperties: [['unit', 'celsius']] };
  /** @type {[string, any, number][]} */
  const cases = [
    ['PUBLISH QoS 0, 3.1.1', publish, 4],
    ['PUBLISH QoS 1, 3.1.1', { ...publish, qos: 1, packetId: 7 }, 4],
    ['PUBLISH QoS 1, 5', { ...publish, qos: 1, packetId: 7 }, 5],
    ['PUBLISH QoS 1, 5, user property', { ...publish, qos: 1, packetId: 7, properties }, 5],
    ['PUBACK, 3.1.1', { type: 'puback', packetId: 7, reason: 0 }, 4],
    ['PUBACK, 5', { type: 'puback', packetId: 7, reason: 0 }, 5],
    [
      'CONNECT, 5',
      { type: 'connect', version: 5, cleanStart: true, keepAlive: 60, clientId: 'a-client', properties: {} },
      5,
    ],
    [
      'SUBSCRIBE, 5',
      {
        type: 'subscribe',
        packetId: 7,
        subscriptions: [
          { filter: 'a/+/c', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
        ],
      },
      5,
    ],
  ];
  const view = new Publish();
  for (const [name, packet, version] of cases) {
    const bytes = encodePacket(packet, version);
    const count = Math.floor(65536 / bytes.length);
    const chunk = join(Array.from({ length: count }, () => bytes));
    if (packet.type === 'publish') {
      const reader = new FrameReader();
      let sum = 0;
      const inPlace = {
        frame: (/** @type {any[]} */ ...[b, start, body, end]) => {
          readPublish(view, b, start, body, end, version);
          sum += view.payloadStart;
          return true;
        },
      };
      bench(`decode in place, 64 KiB read: ${name}`, count, () => {
        reader.push(chunk, chunk.length, inPlace);
        return sum;
      });
    }
    const whole = new FrameReader();
    const objects = {
      frame: (/** @type {any[]} */ ...[b, start, body, end]) => {
        sink += decodePacket(b, start, body, end, version).type.length;
        return true;
      },
    };
    bench(`decode to objects, 64 KiB read: ${name}`, count, () => {
      whole.push(chunk, chunk.length, objects);
      return 1;
    });
    bench(`encode: ${name}`, 1000, () => {
      let n = 0;
      for (let i = 0; i < 1000; i++) n += encodePacket(packet, version).length;
      return n;
    });
    sink += decodeOne(bytes, version).type.length;
  }
  // the same bytes in reads of a few bytes: what is not whole yet must be kept
  const bytes = encodePacket(publish, 4);
  const chunk = join(Array.from({ length: 100 }, () => bytes));
  const reader = new FrameReader();
  let frames = 0;
  const counting = { frame: () => ++frames > 0 };
  bench('cut, reads of 50 bytes: PUBLISH QoS 0, 3.1.1', 100, () => {
    for (let at = 0; at < chunk.length; at += 50) {
      const part = chunk.subarray(at, Math.min(at + 50, chunk.length));
      reader.push(part, part.length, counting);
    }
    return frames;
  });
}

const filters = {
  exact: (/** @type {number} */ i) => `site/${i % 100}/device/${i}/temperature`,
  plus: (/** @type {number} */ i) => `site/+/device/${i}/temperature`,
  hash: (/** @type {number} */ i) => `site/${i % 100}/device/${i}/#`,
};

/** @param {any} subscriptions */
function tree({ SubscriptionIndex, Subscription }) {
  for (const [name, filter] of Object.entries(filters)) {
    const index = new SubscriptionIndex();
    for (let i = 0; i < 20000; i++) {
      const node = index.node(filter(i));
      node.link(new Subscription({}, filter(i), node, null));
    }
    const topics = Array.from({ length: 1000 }, (_, i) => filters.exact(i * 17));
    bench(`match among 20,000 filters: ${name}`, topics.length, () => {
      let n = 0;
      for (const topic of topics) n += index.match(topic).length;
      return n;
    });
  }
}

/** @param {any} router @param {any} cache */
function churn({ Router }, { TopicCache }) {
  /** As much of a session as the router looks at. */
  const session = () => {
    const subscriptions = new Map();
    return {
      subscriptions,
      addSubscription: (/** @type {any} */ s) => subscriptions.set(s.text, s),
      removeSubscription: (/** @type {any} */ s) => subscriptions.delete(s.text),
    };
  };
  const plain = { qos: 0, noLocal: false, retainAsPublished: false, identifier: 0 };
  const encoder = new TextEncoder();
  /** @param {number} count topics, each with its subscriber */
  const setUp = (count) => {
    const cache = new TopicCache(200, 12345);
    const router = new Router(cache, { subscriptionsCurrent: 0, sharedSubscriptionsCurrent: 0 });
    const texts = Array.from({ length: count }, (_, i) => filters.exact(i));
    for (const text of texts) router.subscribe(session(), text, null, text, plain);
    const topics = texts.map((text) => encoder.encode(text));
    const publish = (/** @type {number} */ i) => {
      const bytes = topics[i % count];
      return router.route(cache.intern(bytes, 0, bytes.length)).receivers.length;
    };
    // what the engine does once an event-loop turn
    const turn = () => cache.refill?.();
    return { router, publish, turn };
  };
  for (const count of [100, 10_000, 200_000]) {
    const { publish } = setUp(count);
    let next = 0;
    bench(`topic to receivers, ${count.toLocaleString('en-US')} topics in turn`, 10_000, () => {
      let n = 0;
      for (let i = 0; i < 10_000; i++) n += publish(next++);
      return n;
    });
  }
  /** @type {[string, (i: number) => string][]} */
  const comers = [
    ['another topic', (i) => `elsewhere/${i}`],
    ['one of the topics', (i) => filters.exact(i % 1000)],
    ['a tenth of them (site/+/device/…)', (i) => `site/${i % 10}/device/+/temperature`],
    ['all of them (#)', () => '#'],
  ];
  for (const [what, filter] of comers) {
    const { router, publish, turn } = setUp(1000);
    const comer = session();
    let next = 0;
    let comings = 0;
    bench(`publish, subscribe and unsubscribe every 100: ${what}`, 10_000, () => {
      let n = 0;
      for (let i = 0; i < 10_000; i++) {
        n += publish(next++);
        if (i % 100 === 0) {
          const text = filter(comings++);
          router.subscribe(comer, text, null, text, plain);
          n += publish(next++);
          router.unsubscribe(comer, text);
          turn();
        }
      }
      return n;
    });
  }
}

const protocol = await load('protocol/index.js');
if (protocol) codec(protocol);
const subscriptions = await load('core/subscriptions.js');
if (subscriptions) tree(subscriptions);
const router = await load('core/router.js');
const cache = await load('core/topic-cache.js');
if (router && cache) churn(router, cache);
if (!Number.isFinite(sink)) console.log(sink);
