// Subscriptions by the million, deep ones, overlapping ones, the same one again and again: what a client makes
// the broker remember and look through must stay in proportion to what it sent.
import { Client, newName, pause, until } from '../client.mjs';
import { publish, subscribe, Type } from '../wire.mjs';

/** Sends filters in packets of many, reading the SUBACKs as they come; counts the codes. */
async function subscribeAll(client, count, perPacket, filterOf, check) {
  const codes = { granted: 0, quota: 0, other: 0 };
  let answered = 0;
  let packets = 0;
  client.onPacket = (first, bytes, start, end) => {
    if (first >> 4 !== Type.SUBACK) return false;
    answered++;
    // the properties (a reason string when something was refused) are shorter than 16,384 bytes
    const length = bytes[start + 2] & 0x7f;
    const codesAt =
      bytes[start + 2] < 0x80 ? start + 3 + length : start + 4 + length + bytes[start + 3] * 128;
    for (let at = codesAt; at < end; at++) {
      if (bytes[at] <= 2) codes.granted++;
      else if (bytes[at] === 0x97) codes.quota++;
      else codes.other++;
    }
    return true;
  };
  for (let from = 0; from < count && !client.isClosed; from += perPacket) {
    const filters = [];
    for (let i = from; i < Math.min(from + perPacket, count); i++) filters.push(filterOf(i));
    packets++;
    await client.sendAll(subscribe({ id: (packets % 65_535) + 1, filters, qos: 0 }));
    if (packets - answered > 20) await until(() => packets - answered <= 10 || client.isClosed, 60_000, 1);
  }
  await until(() => answered === packets || client.isClosed, 120_000);
  client.onPacket = () => false;
  check(answered === packets || client.isClosed, `${answered} SUBACKs for ${packets} packets`);
  return codes;
}

function told(codes, client) {
  const end = client.isClosed ? `, closed (reason 0x${client.reason?.toString(16)})` : '';
  return `${codes.granted} granted, ${codes.quota} × 0x97${codes.other > 0 ? `, ${codes.other} refused otherwise` : ''}${end}`;
}

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

/** Every filter of `a` and `+` over so many levels: one topic matches all of them. */
function combination(number, levels, last) {
  let text = '';
  for (let level = 0; level < levels; level++) text += ((number >> level) & 1) === 1 ? '+/' : 'a/';
  return text + last;
}

/** Messages of which each goes 65,536 times to the same client. */
async function overlapping({ target, amounts, check }) {
  const { levels } = amounts;
  const client = await Client.open(target);
  const count = 2 ** levels;
  const codes = await subscribeAll(client, count, 1000, (i) => combination(i, levels, 'z'), check);
  const publisher = await Client.open(target);
  let received = 0;
  client.onPublish = () => received++;
  const topic = `${'a/'.repeat(levels)}z`;
  const message = publish({ topic, payload: 'x' });
  publisher.send(Buffer.concat(Array.from({ length: amounts.publishes }, () => message)));
  const done = await publisher.subscribe('end', 1);
  check(done !== null, 'the publisher was closed');
  await pause(500);
  client.end();
  publisher.end();
  return {
    sent: `${count} filters that all match, then ${amounts.publishes} messages (${amounts.publishes * message.length} bytes) at once`,
    answered: `${told(codes, client)}; ${received} messages came`,
  };
}

/** Filters that make the matching walk everywhere and find nothing. */
async function fruitless({ target, amounts, check }) {
  const { levels } = amounts;
  const clients = [];
  for (let c = 0; c < amounts.clients; c++) {
    const client = await Client.open(target);
    clients.push(client);
    // each client adds a binary tree of its own under a different first level
    await subscribeAll(client, 2 ** levels, 1000, (i) => combination(i, levels, `never${c}`), check);
  }
  const publisher = await Client.open(target);
  const batch = [];
  for (let i = 0; i < amounts.publishes; i++)
    batch.push(publish({ topic: `${'a/'.repeat(levels)}${i.toString(36)}` }));
  const bytes = Buffer.concat(batch);
  publisher.send(bytes);
  const done = await publisher.subscribe('end', 1);
  check(done !== null, 'the publisher was closed');
  for (const client of [publisher, ...clients]) client.end();
  return {
    sent: `${amounts.clients} × ${2 ** levels} filters, ${amounts.publishes} messages nobody wants (${bytes.length} bytes) at once`,
    answered: 'nothing to answer',
  };
}

/** Thousands of shared groups that all want every topic. */
async function groups({ target, amounts, check }) {
  const client = await Client.open(target);
  const codes = await subscribeAll(client, amounts.groups, 1000, (i) => `$share/${i.toString(36)}/#`, check);
  client.socket.pause();
  const publisher = await Client.open(target);
  for (let i = 0; i < amounts.topics; i += 10) {
    const batch = [];
    for (let j = i; j < i + 10; j++) batch.push(publish({ topic: `t${j}` }));
    await publisher.sendAll(Buffer.concat(batch));
  }
  const done = await publisher.subscribe('end', 1);
  check(done !== null, 'the publisher was closed');
  client.kill();
  publisher.end();
  return {
    sent: `${amounts.groups} shared subscriptions to #, ${amounts.topics} topics`,
    answered: told(codes, client),
  };
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

/** Asks for all retained messages again and again and takes none of them. */
async function retainedAgain({ target, amounts, check }) {
  const publisher = await Client.open(target);
  const payload = Buffer.alloc(100);
  for (let i = 0; i < amounts.retained; i++)
    await publisher.sendAll(publish({ topic: `kept/${i}`, payload, retain: true }));
  await publisher.subscribe('end', 1);
  const client = await Client.open(target);
  client.socket.pause();
  const one = subscribe({ id: 1, filters: Array.from({ length: amounts.perPacket }, () => '#') });
  let sent = 0;
  for (let i = 0; i < amounts.packets && !client.isClosed; i++) {
    const isTaken = await Promise.race([client.sendAll(one), pause(2000).then(() => null)]);
    sent++;
    if (isTaken === null) break;
  }
  await pause(1000);
  client.kill();
  const end = publisher.subscribe('after', 1);
  check((await end) !== null, 'the publisher was closed');
  for (let i = 0; i < amounts.retained; i++)
    await publisher.sendAll(publish({ topic: `kept/${i}`, retain: true }));
  publisher.end();
  return {
    sent: `${sent} packets of ${amounts.perPacket} × # (${sent * one.length} bytes), ${amounts.retained} retained messages`,
    answered: 'never read',
  };
}

/** Many filters of a persistent session that all match all retained messages, and a client that goes at once. */
async function retainedLeave({ target, amounts, check }) {
  const { levels } = amounts;
  const publisher = await Client.open(target);
  for (let i = 0; i < amounts.retained; i++) {
    const topic = `${'a/'.repeat(levels)}${i}`;
    await publisher.sendAll(publish({ topic, payload: 'x', qos: 1, id: (i % 60_000) + 1, retain: true }));
  }
  await publisher.subscribe('sync', 1);
  const client = await Client.open(target, { clientId: newName('leaver'), sessionExpiry: 3600 });
  client.acknowledges = false;
  const codes = await subscribeAll(client, 2 ** levels, 512, (i) => [combination(i, levels, '+'), 1], check);
  const answered = told(codes, client);
  client.kill();
  const other = await Client.open(target);
  check((await other.subscribe('sync', 1)) !== null, 'no answer afterwards');
  await pause(500);
  other.end();
  publisher.end();
  return {
    sent: `${2 ** levels} filters that match all ${amounts.retained} retained messages, then gone`,
    answered,
  };
}

/** So many shared groups of several clients that a list of them is long, and a bystander who publishes. */
async function tooManyGroups({ target, amounts, check }) {
  const clients = [];
  let granted = 0;
  for (let c = 0; c < amounts.clients; c++) {
    const client = await Client.open(target);
    clients.push(client);
    const codes = await subscribeAll(client, amounts.groups, 2000, (i) => `$share/${c}x${i}/#`, check);
    granted += codes.granted;
    client.socket.pause();
  }
  const bystander = await Client.open(target);
  const id = 1;
  const answer = await bystander.request(publish({ topic: 'bystander', qos: 1, id }), Type.PUBACK, id);
  check(answer !== null, `the bystander was closed (reason 0x${bystander.reason?.toString(16)})`);
  for (const client of clients) client.kill();
  bystander.end();
  return {
    sent: `${amounts.clients} × ${amounts.groups} shared subscriptions to #`,
    answered: `${granted} granted`,
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
    name: 'subscriptions-overlapping',
    what: 'messages that match tens of thousands of filters of one client',
    options: {},
    amounts: {
      test: { levels: 10, publishes: 20 },
      quick: { levels: 16, publishes: 200 },
      full: { levels: 16, publishes: 2000 },
    },
    memory: 300,
    run: overlapping,
  },
  {
    name: 'subscriptions-fruitless',
    what: 'filters of which thousands are looked at for each message, in vain',
    options: {},
    amounts: {
      test: { levels: 10, clients: 1, publishes: 100 },
      quick: { levels: 15, clients: 2, publishes: 500 },
      full: { levels: 16, clients: 3, publishes: 2000 },
    },
    memory: 300,
    run: fruitless,
  },
  {
    name: 'subscriptions-groups',
    what: 'thousands of shared groups on #, and many topics',
    options: {},
    amounts: {
      quick: { groups: 5000, topics: 5000 },
      full: { groups: 20_000, topics: 20_000 },
    },
    memory: 300,
    run: groups,
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
    name: 'subscriptions-retained-again',
    what: 'all retained messages asked for again and again, and not read',
    options: {},
    amounts: {
      test: { retained: 500, perPacket: 20, packets: 10 },
      quick: { retained: 2000, perPacket: 100, packets: 100 },
      full: { retained: 20_000, perPacket: 1000, packets: 1000 },
    },
    memory: 300,
    run: retainedAgain,
  },
  {
    name: 'subscriptions-retained-leave',
    what: 'filters that all match all retained messages, and their client goes',
    options: {},
    amounts: {
      test: { levels: 5, retained: 200 },
      quick: { levels: 10, retained: 1000 },
      full: { levels: 12, retained: 5000 },
    },
    memory: 300,
    run: retainedLeave,
  },
  {
    name: 'subscriptions-too-many-groups',
    what: 'more shared groups on # than fit into a call',
    options: {},
    amounts: {
      test: { clients: 2, groups: 65_000 },
      quick: { clients: 2, groups: 100_000 },
      full: { clients: 3, groups: 100_000 },
    },
    memory: 300,
    run: tooManyGroups,
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
