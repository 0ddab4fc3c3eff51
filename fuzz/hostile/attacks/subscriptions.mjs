// Subscriptions by the million, deep ones, long ones, the same one again and again: what a client makes the
// broker remember must stay in proportion to what it sent, and to forget it must not take long.
import { Client, newName, pause, until } from '../client.mjs';
import { publish } from '../wire.mjs';
import { subscribeAll, told } from './filters.mjs';

/** A million of one shape, then messages to them; the limit must hold. */
async function million({ target, amounts, check }, filterOf, topicOf) {
  const client = await Client.open(target);
  const codes = await subscribeAll(client, amounts.filters, amounts.perPacket, filterOf, check);
  check(client.isClosed || codes.granted <= 100_000, `${codes.granted} were granted to one client`);
  let received = 0;
  client.onPublish = () => received++;
  const publisher = await Client.open(target);
  const expected = amounts.publishes;
  for (let i = 0; i < amounts.publishes; i++) await publisher.sendAll(publish({ topic: topicOf(i) }));
  if (!client.isClosed) {
    await until(() => received >= expected, 10_000);
    check(received === expected, `${received} messages came, it should be ${expected}`);
  }
  const answered = told(codes, client);
  client.end();
  await until(() => client.isClosed, 60_000);
  publisher.end();
  return { sent: `${amounts.filters} filters, ${amounts.publishes} messages`, answered };
}

/** Fills what the broker remembers of topics. */
async function fillTopics(target, count) {
  const publisher = await Client.open(target);
  for (let i = 0; i < count; i += 500) {
    const batch = [];
    for (let j = i; j < i + 500; j++) batch.push(publish({ topic: `fill${j}` }));
    await publisher.sendAll(Buffer.concat(batch));
  }
  await publisher.subscribe('end', 1);
  publisher.end();
}

/** The same filter thousands of times in each packet, while the broker knows many topics. */
async function again({ target, amounts, check }) {
  await fillTopics(target, amounts.topics);
  const client = await Client.open(target);
  const codes = await subscribeAll(client, amounts.filters, 10_000, () => '#', check);
  client.end();
  return {
    sent: `# ${amounts.filters} times in packets of 10000, with ${amounts.topics} topics known`,
    answered: told(codes, client),
  };
}

/** Wildcard filters that all go at once when their client does. */
async function leave({ target, amounts, check }) {
  await fillTopics(target, amounts.topics);
  const client = await Client.open(target);
  const codes = await subscribeAll(client, amounts.filters, 1000, (i) => `+/${i}`, check);
  const answered = told(codes, client);
  client.kill();
  const other = await Client.open(target);
  await other.subscribe('end', 1);
  other.end();
  return {
    sent: `${amounts.filters} filters +/N with ${amounts.topics} topics known, then gone`,
    answered,
  };
}

/** Names at the limits of the protocol. */
async function longNames({ target, amounts, check }) {
  const answers = [];
  const slashes = '/'.repeat(65_535);
  const publisher = await Client.open(target);
  publisher.send(publish({ topic: slashes }));
  await until(() => publisher.isClosed, 2000);
  answers.push(
    `publish to 65535 slashes: ${publisher.isClosed ? `0x${publisher.reason?.toString(16)}` : 'taken'}`,
  );
  const subscriber = await Client.open(target);
  const suback = await subscriber.subscribe(slashes, 0);
  answers.push(`subscribe: ${suback === null ? 'closed' : `0x${suback[suback.length - 1].toString(16)}`}`);
  subscriber.end();
  // many long ones, each alone below every limit
  const long = 'x'.repeat(65_000);
  const client = await Client.open(target, { clientId: newName(long.slice(0, 60_000)) });
  const codes = await subscribeAll(client, amounts.filters, 20, (i) => `${i}/${long}/+`, check);
  answers.push(`${amounts.filters} filters of 65000 bytes: ${told(codes, client)}`);
  client.end();
  let sessions = 0;
  for (let i = 0; i < amounts.names; i++) {
    const one = await Client.open(target, { clientId: `${i}${long}`, sessionExpiry: 1 });
    sessions++;
    one.end();
  }
  answers.push(`${sessions} client ids of 65000 bytes`);
  const last = await Client.open(target);
  check((await last.subscribe('end', 1)) !== null, 'no answer afterwards');
  last.end();
  return { sent: 'the longest and deepest names', answered: answers.join('; ') };
}

/** With the limit on levels at its largest: what goes through the levels one by one must bear that. */
async function deepest({ target, amounts, check }) {
  const slashes = '/'.repeat(990);
  const subscriber = await Client.open(target);
  let received = 0;
  subscriber.onPublish = () => received++;
  const codes = [];
  for (const filter of [slashes, `+${slashes}`, `${slashes}+`, `${slashes}#`, `+${'/+'.repeat(400)}`]) {
    const suback = await subscriber.subscribe(filter, 0);
    codes.push(suback === null ? 'closed' : suback[suback.length - 1]);
  }
  const publisher = await Client.open(target);
  for (let i = 0; i < amounts.publishes; i++)
    await publisher.sendAll(publish({ topic: slashes, payload: 'x', retain: i === 0 }));
  await publisher.sendAll(publish({ topic: '/'.repeat(400) }));
  const done = await publisher.subscribe('#', 1);
  check(done !== null && !publisher.isClosed, `the publisher was closed (reason ${publisher.reason})`);
  await pause(300);
  check(!subscriber.isClosed, `the subscriber was closed (reason ${subscriber.reason})`);
  const expected = 4 * amounts.publishes + 1;
  check(received === expected, `${received} messages came, it should be ${expected}`);
  subscriber.end();
  publisher.end();
  return {
    sent: `filters and topics of 990 levels`,
    answered: `codes ${codes.join(' ')}, ${received} messages`,
  };
}

const DEEP = '/a'.repeat(198);

export const subscriptions = [
  {
    name: 'subscriptions-exact',
    what: 'a million subscriptions without wildcards by one client',
    options: {},
    amounts: {
      test: { filters: 110_000, perPacket: 5000, publishes: 100 },
      quick: { filters: 200_000, perPacket: 1000, publishes: 1000 },
      full: { filters: 1_000_000, perPacket: 1000, publishes: 10_000 },
    },
    memory: 200,
    run: (context) =>
      million(
        context,
        (i) => `subscription/number/${i}`,
        (i) => `subscription/number/${i}`,
      ),
  },
  {
    name: 'subscriptions-wildcard',
    what: 'a million subscriptions with wildcards by one client',
    options: {},
    amounts: {
      test: { filters: 20_000, perPacket: 5000, publishes: 100 },
      quick: { filters: 200_000, perPacket: 1000, publishes: 1000 },
      full: { filters: 1_000_000, perPacket: 1000, publishes: 10_000 },
    },
    memory: 300,
    run: (context) =>
      million(
        context,
        (i) => `w/${i}/+/#`,
        (i) => `w/${i}/x/y`,
      ),
  },
  {
    name: 'subscriptions-deep',
    what: 'subscriptions of 200 levels each with a wildcard, none sharing a level',
    options: {},
    amounts: {
      quick: { filters: 5000, perPacket: 100, publishes: 10 },
      full: { filters: 100_000, perPacket: 1000, publishes: 100 },
    },
    memory: 500,
    run: (context) =>
      million(
        context,
        (i) => `${i}${DEEP}/+`,
        (i) => `${i}${DEEP}/b`,
      ),
  },
  {
    name: 'subscriptions-again',
    what: 'the filter # thousands of times a packet',
    options: {},
    amounts: {
      test: { topics: 1000, filters: 10_000 },
      quick: { topics: 40_000, filters: 10_000 },
      full: { topics: 100_000, filters: 100_000 },
    },
    memory: 200,
    run: again,
  },
  {
    name: 'subscriptions-leave',
    what: 'a client with thousands of wildcard filters goes',
    options: {},
    amounts: {
      test: { topics: 1000, filters: 1000 },
      quick: { topics: 40_000, filters: 2000 },
      full: { topics: 100_000, filters: 100_000 },
    },
    memory: 250,
    run: leave,
  },
  {
    name: 'subscriptions-long-names',
    what: 'topics of 65535 slashes, filters and client ids of 65 KB',
    options: {},
    amounts: {
      test: { filters: 20, names: 10 },
      quick: { filters: 500, names: 200 },
      full: { filters: 5000, names: 2000 },
    },
    memory: 800,
    run: longNames,
  },
  {
    name: 'subscriptions-deepest',
    what: 'topics of 990 levels where the limit allows them',
    options: { maxTopicLevels: 1000 },
    amounts: { test: { publishes: 2 }, quick: { publishes: 5 }, full: { publishes: 50 } },
    memory: 300,
    run: deepest,
  },
];
