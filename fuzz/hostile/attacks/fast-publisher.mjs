// Publishers that are faster than everyone, or that do not do their part: never read an acknowledgement, never
// release a QoS 2 identifier.
import { Client, inParallel, newName, pause, until } from '../client.mjs';
import { acknowledgement, publish, Type } from '../wire.mjs';

/** As fast as the socket takes it, to subscribers that read at their own pace. */
async function flood({ target, amounts, check }) {
  const topic = newName('flood');
  const subscribers = [];
  const received = [];
  for (let i = 0; i < amounts.subscribers; i++) {
    const client = await Client.open(target);
    received.push(0);
    client.onPublish = () => received[i]++;
    await client.subscribe(topic, 0);
    subscribers.push(client);
  }
  // each reads for 5 ms, then sleeps
  let isOver = false;
  const slowly = subscribers.map(async (client, i) => {
    while (!isOver) {
      client.socket.pause();
      await pause(50 + 10 * i);
      client.socket.resume();
      await pause(5);
    }
    client.socket.resume();
  });
  const publisher = await Client.open(target);
  const message = publish({ topic, payload: Buffer.alloc(amounts.size) });
  const batch = Buffer.concat(Array.from({ length: 500 }, () => message));
  const end = performance.now() + amounts.seconds * 1000;
  let sent = 0;
  while (performance.now() < end && (await publisher.sendAll(batch))) sent += 500;
  check(!publisher.isClosed, `the publisher was closed (reason ${publisher.reason})`);
  const done = await publisher.subscribe('end', 1);
  check(done !== null, 'the publisher gets no answer afterwards');
  isOver = true;
  await Promise.all(slowly);
  await pause(300);
  for (const client of [publisher, ...subscribers]) client.end();
  return {
    sent: `${sent} QoS 0 of ${amounts.size} bytes in ${amounts.seconds} s`,
    answered: `${received.join(', ')} at the slow subscribers`,
  };
}

/** Nobody does anything wrong here: one publishes as fast as it can to many that read. */
async function fanOut({ target, amounts, check }) {
  const topic = newName('fan');
  const subscribers = [];
  await inParallel(amounts.subscribers, 50, async (i) => {
    const client = await Client.open(target, { localAddress: `127.0.0.${1 + (i % 8)}` });
    await client.subscribe(topic, 0);
    // reads, and does not look
    client.socket.removeAllListeners('data');
    client.socket.resume();
    subscribers.push(client);
  });
  const publisher = await Client.open(target);
  const message = publish({ topic, payload: Buffer.alloc(50) });
  const batch = Buffer.concat(Array.from({ length: 1000 }, () => message));
  const end = performance.now() + amounts.seconds * 1000;
  let sent = 0;
  while (performance.now() < end && (await publisher.sendAll(batch))) sent += 1000;
  check((await publisher.subscribe('end', 1)) !== null, `the publisher was closed (${publisher.reason})`);
  const gone = subscribers.filter((client) => client.isClosed).length;
  check(gone === 0, `${gone} subscribers were closed`);
  for (const client of [publisher, ...subscribers]) client.kill();
  return {
    sent: `${sent} QoS 0 in ${amounts.seconds} s to ${amounts.subscribers} subscribers that read`,
    answered: 'nobody closed',
  };
}

/** MQTT 5: closed above the receive maximum. Before: 65535 identifiers and no more. */
async function neverReleases({ target, amounts, check }, version) {
  let closedOnes = 0;
  let recs = 0;
  let sent = 0;
  const clients = [];
  for (let round = 0; round < amounts.clients; round++) {
    const client = await Client.open(target, { version });
    clients.push(client);
    client.onPacket = (first) => {
      if (first >> 4 === Type.PUBREC) recs++;
      return first >> 4 !== Type.DISCONNECT;
    };
    for (let from = 1; from <= 65_535 && !client.isClosed; from += 500) {
      const batch = [];
      for (let id = from; id < from + 500 && id <= 65_535; id++)
        batch.push(publish({ topic: 'never/released', payload: 'x', qos: 2, id, version }));
      sent += batch.length;
      await client.sendAll(Buffer.concat(batch));
    }
    await until(() => client.isClosed || recs >= sent, 5000);
    if (client.isClosed) closedOnes++;
    if (version === 5)
      check(client.reason === 0x93, `reason ${client.reason} instead of receive maximum exceeded`);
  }
  if (version !== 5) check(recs === sent, `${recs} PUBRECs for ${sent} messages`);
  for (const client of clients) client.kill();
  return { sent: `${sent} QoS 2 without PUBREL`, answered: `${recs} PUBREC, ${closedOnes} closed` };
}

/** The acknowledgements pile up until the broker stops listening. */
async function neverReads({ target, amounts, check }) {
  const client = await Client.open(target, { version: 4 });
  client.socket.pause();
  const batch = Buffer.concat(
    Array.from({ length: 1000 }, (_, i) =>
      publish({ topic: 'unread', payload: '', qos: 1, id: i + 1, version: 4 }),
    ),
  );
  let sent = 0;
  let isStalled = false;
  while (sent < amounts.messages && !isStalled && !client.isClosed) {
    const done = client.sendAll(batch);
    isStalled = !(await Promise.race([done.then(() => true), pause(2000).then(() => false)]));
    sent += 1000;
  }
  let answers = 0;
  client.onPacket = (first) => {
    if (first >> 4 === Type.PUBACK) answers++;
    return true;
  };
  client.socket.resume();
  await until(() => answers >= sent || client.isClosed, 20_000);
  check(client.isClosed || answers === sent, `${answers} PUBACKs for ${sent} messages after it read again`);
  client.kill();
  return {
    sent: `${sent} QoS 1, ${isStalled ? 'then the broker read no more' : 'all taken'}`,
    answered: client.isClosed ? 'closed' : `${answers} PUBACKs when it read again`,
  };
}

/** Answers nothing but PUBREL and PINGREQ that nobody asked for, and never reads what comes of it. */
async function acknowledgementFlood({ target, amounts, check }) {
  const client = await Client.open(target);
  client.socket.pause();
  const one = Buffer.concat([
    acknowledgement(Type.PUBREL, 7),
    acknowledgement(Type.PUBREC, 8),
    Buffer.from([0xc0, 0]),
  ]);
  const batch = Buffer.concat(Array.from({ length: 2000 }, () => one));
  let sent = 0;
  let isStalled = false;
  while (sent < amounts.bytes && !isStalled && !client.isClosed) {
    isStalled = !(await Promise.race([
      client.sendAll(batch).then(() => true),
      pause(2000).then(() => false),
    ]));
    sent += batch.length;
  }
  check(isStalled || client.isClosed || sent >= amounts.bytes, 'neither stalled nor closed');
  client.kill();
  return {
    sent: `${(sent / 1e6).toFixed(0)} MB of PUBREL, PUBREC and PINGREQ`,
    answered: isStalled ? 'the broker read no more' : 'all taken',
  };
}

export const fastPublisher = [
  {
    name: 'fast-qos0',
    what: 'a QoS 0 publisher faster than its five slow subscribers',
    options: {},
    amounts: {
      test: { subscribers: 3, size: 200, seconds: 1 },
      quick: { subscribers: 5, size: 200, seconds: 3 },
      full: { subscribers: 5, size: 200, seconds: 15 },
    },
    memory: 200,
    run: flood,
  },
  {
    name: 'fast-fan-out',
    what: 'a QoS 0 publisher as fast as it can be, and hundreds of subscribers that read',
    options: {},
    amounts: { quick: { subscribers: 500, seconds: 4 }, full: { subscribers: 1000, seconds: 15 } },
    memory: 500,
    run: fanOut,
  },
  {
    name: 'qos2-never-released-v5',
    what: 'QoS 2 without PUBREL, MQTT 5',
    options: {},
    amounts: { test: { clients: 2 }, quick: { clients: 5 }, full: { clients: 50 } },
    memory: 100,
    run: (context) => neverReleases(context, 5),
  },
  {
    name: 'qos2-never-released-v3.1.1',
    what: 'QoS 2 without PUBREL, MQTT 3.1.1',
    options: {},
    amounts: { test: { clients: 1 }, quick: { clients: 5 }, full: { clients: 30 } },
    memory: 100,
    run: (context) => neverReleases(context, 4),
  },
  {
    name: 'qos1-never-reads',
    what: 'QoS 1 whose PUBACKs are never read',
    options: {},
    amounts: {
      test: { messages: 300_000 },
      quick: { messages: 3_000_000 },
      full: { messages: 10_000_000 },
    },
    memory: 150,
    run: neverReads,
  },
  {
    name: 'acknowledgement-flood',
    what: 'PUBREL, PUBREC and PINGREQ as fast as possible, answers never read',
    options: {},
    amounts: { test: { bytes: 1_000_000 }, quick: { bytes: 20_000_000 }, full: { bytes: 100_000_000 } },
    memory: 150,
    run: acknowledgementFlood,
  },
];
