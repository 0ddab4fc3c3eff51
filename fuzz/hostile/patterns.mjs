// The patterns of the loss runs: who publishes what to whom, and what goes wrong meanwhile. Each is
// { name, what, play }; `play(run, messages)` resolves when all that was to be published is acknowledged and
// the troubles are over.

import { Publisher, Subscriber } from './actors.mjs';
import { newName, pause } from './client.mjs';

const versions = [4, 5];

function topicsOf(base, count) {
  return Array.from({ length: count }, (_, i) => `${base}/${i}`);
}

/** QoS 1 for topics with an even last digit, QoS 2 for the others: order holds within a topic. */
function mixedQos(topic) {
  return topic.charCodeAt(topic.length - 1) % 2 === 0 ? 1 : 2;
}

/** Subscribers of their own, each with an account of its own. */
async function subscribeEach(run, count, optionsOf) {
  const subscribers = [];
  for (let i = 0; i < count; i++) {
    const options = optionsOf(i);
    const receiver = run.oracle.receiver(`${run.pattern} subscriber ${i}`, options);
    const subscriber = new Subscriber(run, receiver, options);
    await subscriber.start();
    subscribers.push(subscriber);
  }
  return subscribers;
}

/** Publishes it all from so many publishers; troubles of subscribers last as long. */
async function publishFrom(run, count, messages, options, subscribers = [], trouble = undefined) {
  const troubles = subscribers.map((subscriber) => trouble?.(subscriber));
  const publishers = Array.from({ length: count }, (_, i) => new Publisher(run, options(i)));
  await Promise.all(publishers.map((publisher) => publisher.publishAll(Math.ceil(messages / count))));
  for (const subscriber of subscribers) subscriber.stop();
  await Promise.all(troubles);
  return subscribers;
}

async function pointToPoint(run, messages, qos) {
  const base = newName('t');
  const subscribers = await subscribeEach(run, 2, (i) => ({
    filters: [`${base}/#`],
    qos,
    version: versions[i],
  }));
  const options = (i) => ({ topics: topicsOf(base, 5), qosOf: () => qos, version: versions[i % 2] });
  return publishFrom(run, 2, messages, options, subscribers);
}

async function fanOut(run, messages) {
  const base = newName('t');
  const subscribers = await subscribeEach(run, 12, (i) => ({
    filters: [i % 3 === 0 ? `${base}/#` : `${base}/+`],
    qos: 1 + (i % 2),
    version: versions[i % 2],
    delay: i % 4 === 0 ? 5 : 0,
  }));
  const options = () => ({ topics: topicsOf(base, 6), qosOf: mixedQos });
  return publishFrom(run, 1, messages / 4, options, subscribers);
}

async function fanIn(run, messages) {
  const base = newName('t');
  const subscribers = await subscribeEach(run, 1, () => ({ filters: [`${base}/#`], qos: 2 }));
  const options = (i) => ({ topics: topicsOf(base, 4), qosOf: mixedQos, version: versions[i % 2] });
  return publishFrom(run, 12, messages, options, subscribers);
}

async function smallWindow(run, messages) {
  const base = newName('t');
  const subscribers = await subscribeEach(run, 4, (i) => ({
    filters: [`${base}/#`],
    qos: 1 + (i % 2),
    receiveMaximum: i + 1,
    delay: 2,
  }));
  const options = () => ({ topics: topicsOf(base, 4), qosOf: mixedQos, window: 7 });
  return publishFrom(run, 2, messages / 4, options, subscribers);
}

async function slowReaders(run, messages) {
  const base = newName('t');
  const subscribers = await subscribeEach(run, 4, (i) => ({
    filters: [`${base}/#`],
    qos: 1 + (i % 2),
    version: versions[i >> 1],
    receiveMaximum: 200,
  }));
  const options = () => ({ topics: topicsOf(base, 4), qosOf: mixedQos, sizes: [0, 200, 20_000, 70_000] });
  return publishFrom(run, 2, messages / 4, options, subscribers, (subscriber) => subscriber.pausing());
}

async function troubled(run, messages, trouble, publisherTrouble = 0) {
  const base = newName('t');
  const subscribers = await subscribeEach(run, 6, (i) => ({
    filters: [`${base}/#`],
    qos: 1 + (i % 2),
    version: versions[(i >> 1) % 2],
    persistent: true,
    receiveMaximum: i < 2 ? 3 : undefined,
    delay: i % 3,
  }));
  const options = (i) => ({
    topics: topicsOf(base, 4),
    qosOf: mixedQos,
    version: versions[i % 2],
    persistent: publisherTrouble > 0,
    trouble: publisherTrouble,
    sizes: [0, 0, 0, 300, 18_000],
  });
  return publishFrom(run, 2, messages / 2, options, subscribers, trouble);
}

/** A publisher that falls and a subscriber that stays: QoS 2 may not be there twice. */
async function fallingPublishers(run, messages) {
  const base = newName('t');
  const subscribers = await subscribeEach(run, 2, (i) => ({ filters: [`${base}/#`], qos: 1 + i }));
  const options = (i) => ({
    topics: topicsOf(base, 4),
    qosOf: mixedQos,
    version: versions[i % 2],
    persistent: true,
    trouble: 0.1,
  });
  return publishFrom(run, 3, messages, options, subscribers);
}

/** Two subscriptions of one session match: a copy for each. */
async function overlapping(run, messages) {
  const base = newName('t');
  const subscribers = await subscribeEach(run, 2, (i) => ({
    filters: [`${base}/#`, `${base}/+`],
    qos: 1 + i,
    copies: 2,
    persistent: i === 1,
  }));
  const options = () => ({ topics: topicsOf(base, 3), qosOf: mixedQos });
  return publishFrom(run, 2, messages, options, subscribers);
}

/** One client that subscribes to what it publishes itself would share a session; here two share a topic tree. */
async function deepMix(run, messages) {
  const base = newName('t');
  const wants =
    (prefix) =>
    ({ topic }) =>
      topic.startsWith(prefix);
  const subscribers = await subscribeEach(run, 6, (i) => ({
    filters: [i % 2 === 0 ? `${base}/x/#` : `${base}/+/1`],
    wants: i % 2 === 0 ? wants(`${base}/x/`) : ({ topic }) => topic.endsWith('/1'),
    qos: 1 + (i % 2),
    version: versions[i % 2],
    persistent: i > 3,
  }));
  const topics = [...topicsOf(`${base}/x`, 3), ...topicsOf(`${base}/y`, 3)];
  return publishFrom(run, 3, messages, () => ({ topics, qosOf: mixedQos }), subscribers);
}

/** Members of a shared subscription come and go; one of them stays. */
async function shared(run, messages, { qos, vanishing, persistent }) {
  const base = newName('t');
  const filters = [`$share/group/${base}/#`];
  const receiver = run.oracle.receiver(`${run.pattern} group`, { qos, isShared: true });
  const join = async () => {
    const options = { filters, qos, persistent, delay: 3, version: run.random.pick(versions) };
    const member = new Subscriber(run, receiver, options);
    await member.start();
    return member;
  };
  const members = [await join(), await join(), await join()];
  let isOver = false;
  const comeAndGo = async () => {
    while (!isOver) {
      await pause(run.random.between(10, 60));
      if (members.length < 3 || run.random.chance(0.5)) members.push(await join());
      else {
        const [member] = members.splice(run.random.between(1, members.length - 1), 1);
        if (vanishing && run.random.chance(0.6)) member.vanish();
        else await member.leave();
      }
    }
  };
  const steady = members.slice(0, 3);
  const troubles = persistent ? steady.map((member) => member.reconnecting()) : [comeAndGo()];
  const options = (i) => ({ topics: topicsOf(base, 4), qosOf: () => qos, version: versions[i % 2] });
  await publishFrom(run, 2, messages, options);
  isOver = true;
  for (const member of members) member.stop();
  await Promise.all(troubles);
  return members;
}

/** Members that stay: each has its messages in order. */
async function sharedSteady(run, messages) {
  const base = newName('t');
  const receiver = run.oracle.receiver(`${run.pattern} group`, { isShared: true });
  receiver.isOrdered = true;
  const members = [];
  for (let i = 0; i < 4; i++) {
    const options = { filters: [`$share/group/${base}/#`], version: versions[i % 2], delay: i };
    const member = new Subscriber(run, receiver, options);
    await member.start();
    members.push(member);
  }
  return publishFrom(run, 2, messages, () => ({ topics: topicsOf(base, 4), qosOf: mixedQos }), members);
}

/** Retained messages wait for a subscriber whose window is small, and who falls and comes back meanwhile. */
async function retainedWaiting(run, messages) {
  const topics = topicsOf(newName('t'), Math.ceil(messages / 4));
  await new Publisher(run, { topics, qosOf: mixedQos, retain: true }).publishAll();
  const filter = topics[0].replace(/0$/, '#');
  const subscribers = await subscribeEach(run, 2, (i) => ({
    filters: [filter],
    qos: 1 + i,
    persistent: true,
    receiveMaximum: 5,
    delay: 10,
  }));
  const troubles = subscribers.map((subscriber) => subscriber.reconnecting());
  await pause(800);
  for (const subscriber of subscribers) subscriber.stop();
  await Promise.all(troubles);
  return subscribers;
}

/** What is published while older, retained messages of the same topics still wait for the subscriber. */
async function retainedFirst(run, messages) {
  const topics = topicsOf(newName('t'), 200);
  const publisher = new Publisher(run, { topics, retain: true, persistent: true });
  await publisher.publishAll();
  const filter = topics[0].replace(/0$/, '#');
  const subscribers = await subscribeEach(run, 1, () => ({ filters: [filter], receiveMaximum: 3, delay: 3 }));
  publisher.retain = false;
  await publisher.publishAll(Math.ceil(messages / 10));
  return subscribers;
}

/** The broker dies in the middle of it, several times, and another takes over what it had in its store. */
async function crashing(run, messages) {
  const base = newName('t');
  const subscribers = await subscribeEach(run, 4, (i) => ({
    filters: [`${base}/#`],
    qos: 1 + (i % 2),
    version: versions[i >> 1],
    persistent: true,
    delay: i,
    mayRepeat: true,
  }));
  let isOver = false;
  const crashes = (async () => {
    while (!isOver) {
      await pause(run.random.between(100, 400));
      if (!isOver) await run.target.crash();
    }
  })();
  const options = (i) => ({
    topics: topicsOf(base, 4),
    qosOf: mixedQos,
    version: versions[i % 2],
    persistent: true,
  });
  const surviving = subscribers.map((subscriber) => subscriber.surviving());
  const publishers = [new Publisher(run, options(0)), new Publisher(run, options(1))];
  await Promise.all(publishers.map((publisher) => publisher.publishAll(Math.ceil(messages / 2))));
  isOver = true;
  await crashes;
  // those whose connection the last crash ended come back
  await pause(100);
  for (const subscriber of subscribers) subscriber.stop();
  await Promise.all(surviving);
  return subscribers;
}

export const patterns = [
  { name: 'qos1', what: 'two to two, QoS 1', play: (run, n) => pointToPoint(run, n, 1) },
  { name: 'qos2', what: 'two to two, QoS 2', play: (run, n) => pointToPoint(run, n, 2) },
  { name: 'fan-out', what: 'one to twelve, some slow with their acknowledgements', play: fanOut },
  { name: 'fan-in', what: 'twelve to one', play: fanIn },
  { name: 'small-window', what: 'receive maximum 1 to 4', play: smallWindow },
  { name: 'slow-readers', what: 'subscribers that stop reading, payloads up to 70 KB', play: slowReaders },
  {
    name: 'reconnecting',
    what: 'persistent subscribers that fall and come back',
    play: (run, n) => troubled(run, n, (subscriber) => subscriber.reconnecting()),
  },
  {
    name: 'take-over',
    what: 'persistent subscribers that take themselves over',
    play: (run, n) => troubled(run, n, (subscriber) => subscriber.takingOver()),
  },
  { name: 'falling-publishers', what: 'publishers that fall and send again', play: fallingPublishers },
  {
    name: 'all-falling',
    what: 'publishers and subscribers that fall and come back',
    play: (run, n) => troubled(run, n, (subscriber) => subscriber.reconnecting(), 0.05),
  },
  { name: 'overlapping', what: 'two subscriptions of one session match', play: overlapping },
  { name: 'mix', what: 'exact topics and wildcards', play: deepMix },
  { name: 'shared-steady', what: 'a shared subscription whose members stay', play: sharedSteady },
  {
    name: 'shared-leaving',
    what: 'a shared subscription, QoS 1, whose members come and go, also without a word',
    play: (run, n) => shared(run, n, { qos: 1, vanishing: true }),
  },
  {
    name: 'shared-leaving-qos2',
    what: 'the same with QoS 2 and polite members',
    play: (run, n) => shared(run, n, { qos: 2 }),
  },
  {
    name: 'shared-reconnecting',
    what: 'a shared subscription, QoS 2, whose members fall and come back',
    play: (run, n) => shared(run, n, { qos: 2, persistent: true }),
  },
  { name: 'retained-waiting', what: 'retained messages for subscribers that fall', play: retainedWaiting },
  {
    name: 'crashing',
    what: 'the broker dies and comes back with its store',
    needsStore: true,
    play: crashing,
  },
  { name: 'retained-first', what: 'retained messages and newer ones of their topics', play: retainedFirst },
];
