// Subscriptions that make a single message, or a single filter, expensive: everything matches, or everything is
// looked at in vain, or all retained messages are asked for again and again.
import { Client, newName, pause, until } from '../client.mjs';
import { publish, subscribe, Type, unsubscribe } from '../wire.mjs';
import { combination, subscribeAll, told } from './filters.mjs';

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

/** Ten thousand subscriptions wait for their retained messages behind one that is not read, and more are asked for. */
async function cursor({ target, amounts, check }) {
  const publisher = await Client.open(target);
  const payload = Buffer.alloc(50_000);
  const large = 20 + amounts.retained;
  for (let i = 0; i < large; i++)
    await publisher.sendAll(publish({ topic: `large/${i}`, payload, retain: true }));
  await publisher.subscribe('sync', 1);
  const client = await Client.open(target);
  client.onPacket = () => true;
  client.socket.pause();
  client.send(subscribe({ filters: ['large/#'] }));
  for (let from = 0; from < amounts.filters; from += 5000) {
    const filters = Array.from({ length: 5000 }, (_, i) => `none/${from + i}`);
    await client.sendAll(subscribe({ filters }));
  }
  await publisher.subscribe('sync', 1);
  const again = subscribe({ filters: ['none/1'] });
  await client.sendAll(Buffer.concat(Array.from({ length: amounts.again }, () => again)));
  check((await publisher.subscribe('sync', 1)) !== null, 'no answer afterwards');
  client.socket.resume();
  await pause(300);
  check((await publisher.subscribe('sync', 1)) !== null, 'no answer in the end');
  client.kill();
  publisher.end();
  return {
    sent: `${amounts.filters} filters behind ${large} large retained messages that are not read, one of them ${amounts.again} times more`,
    answered: 'read in the end',
  };
}

/** Filters for which all retained messages are looked through, and none is found. */
async function retainedFruitless({ target, amounts, check }) {
  const publisher = await Client.open(target);
  for (let i = 0; i < amounts.retained; i++)
    await publisher.sendAll(publish({ topic: `${i.toString(36)}/a`, payload: 'x', retain: true }));
  await publisher.subscribe('sync', 1);
  const client = await Client.open(target);
  const codes = await subscribeAll(client, amounts.filters, amounts.perPacket, (i) => `+/b${i}`, check);
  check((await publisher.subscribe('sync', 1)) !== null, 'no answer afterwards');
  const answered = told(codes, client);
  client.end();
  publisher.end();
  return {
    sent: `${amounts.filters} filters +/bN with ${amounts.retained} retained messages N/a`,
    answered,
  };
}

/** Leaves thousands of shared subscriptions with one packet while its queue is long. */
async function withdraw({ target, amounts, check }) {
  const topic = newName('queue');
  const client = await Client.open(target, { sessionExpiry: 10 });
  await client.subscribe(topic, 1);
  const filters = Array.from({ length: amounts.filters }, (_, i) => `$share/g${i}/elsewhere`);
  for (let from = 0; from < filters.length; from += 1000)
    await client.subscribe(filters.slice(from, from + 1000), 1);
  client.acknowledges = false;
  const publisher = await Client.open(target);
  let acknowledged = 0;
  publisher.onPacket = (first) => {
    if (first >> 4 === Type.PUBACK) acknowledged++;
    return true;
  };
  for (let i = 0; i < amounts.messages; ) {
    const batch = [];
    for (let j = 0; j < 500 && i < amounts.messages; j++, i++)
      batch.push(publish({ topic, payload: 'x', qos: 1, id: (i % 60_000) + 1 }));
    await publisher.sendAll(Buffer.concat(batch));
  }
  await until(() => acknowledged === amounts.messages);
  const answer = await client.request(unsubscribe({ id: 60_001, filters }), Type.UNSUBACK, 60_001);
  check(answer !== null, 'no UNSUBACK');
  client.kill();
  publisher.end();
  return {
    sent: `UNSUBSCRIBE of ${amounts.filters} shared subscriptions with ${amounts.messages} messages in the queue`,
    answered: 'UNSUBACK',
  };
}

export const matching = [
  {
    name: 'subscriptions-cursor',
    what: 'subscriptions that wait for their retained messages behind others that are not read',
    options: {},
    amounts: {
      test: { retained: 150, filters: 5000, again: 500 },
      quick: { retained: 180, filters: 50_000, again: 2000 },
      full: { retained: 400, filters: 95_000, again: 20_000 },
    },
    memory: 250,
    run: cursor,
  },
  {
    name: 'subscriptions-retained-fruitless',
    what: 'filters for which all retained messages are looked through in vain',
    options: {},
    amounts: {
      test: { retained: 500, filters: 1000, perPacket: 1000 },
      quick: { retained: 20_000, filters: 2000, perPacket: 2000 },
      full: { retained: 100_000, filters: 5000, perPacket: 5000 },
    },
    memory: 250,
    run: retainedFruitless,
  },
  {
    name: 'subscriptions-withdraw',
    what: 'thousands of shared subscriptions left while the queue is long',
    options: { maxQueuedMessages: 0 },
    amounts: {
      test: { filters: 1000, messages: 2000 },
      quick: { filters: 10_000, messages: 20_000 },
      full: { filters: 10_000, messages: 100_000 },
    },
    memory: 250,
    run: withdraw,
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
];
