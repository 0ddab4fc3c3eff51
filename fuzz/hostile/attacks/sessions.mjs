// Sessions that wait for clients who never come back: what each of them costs in memory, and what the messages
// cost that are published meanwhile.
import { Client, inParallel, newName, openSocket, pause, until } from '../client.mjs';
import { connect, disconnect, publish, subscribe, Type } from '../wire.mjs';

const NEVER = 0xffffffff;

/** Leaves sessions behind, with a subscription each if there is a filter; everything in one write. */
async function leaveSessions(target, count, filter, extra = {}, expiry = NEVER) {
  let answered = 0;
  await inParallel(count, 100, async (i) => {
    const socket = await openSocket(target, `127.0.0.${1 + (i % 30)}`);
    if (socket === null) return;
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.once('data', () => answered++);
    const packets = [connect({ clientId: newName('left'), clean: false, sessionExpiry: expiry, ...extra })];
    if (filter !== undefined) packets.push(subscribe({ filters: [filter], qos: 1 }));
    if (extra.will === undefined) packets.push(disconnect());
    socket.write(Buffer.concat(packets));
    if (extra.will !== undefined) socket.once('data', () => socket.destroy());
    await closed;
  });
  return answered;
}

async function left({ target, amounts, check }, extra) {
  const answered = await leaveSessions(target, amounts.sessions, undefined, extra);
  check(answered === amounts.sessions, `${answered} of ${amounts.sessions} were answered`);
  return { sent: `${amounts.sessions} sessions that never expire`, answered: `${answered} CONNACK` };
}

/** Publishes QoS 1 and waits for all PUBACKs. */
async function publishAll({ target, amounts, check }, topic) {
  const publisher = await Client.open(target);
  let acknowledged = 0;
  publisher.onPacket = (first) => {
    if (first >> 4 === Type.PUBACK) acknowledged++;
    return true;
  };
  for (let i = 0; i < amounts.messages; ) {
    const batch = [];
    for (let j = 0; j < 100 && i < amounts.messages; j++, i++)
      batch.push(publish({ topic, payload: 'x', qos: 1, id: (i % 60_000) + 1 }));
    await publisher.sendAll(Buffer.concat(batch));
  }
  await until(() => acknowledged >= amounts.messages || publisher.isClosed, 60_000);
  check(acknowledged === amounts.messages, `${acknowledged} of ${amounts.messages} PUBACKs`);
  publisher.end();
  return acknowledged;
}

/** Each message waits in every session. */
async function queues(context) {
  const { target, amounts } = context;
  const topic = newName('waiting');
  await leaveSessions(target, amounts.sessions, topic);
  const acknowledged = await publishAll(context, topic);
  return {
    sent: `${amounts.messages} small messages to ${amounts.sessions} absent sessions`,
    answered: `${acknowledged} PUBACK`,
  };
}

/** Each message goes to one of very many absent members. */
async function group(context) {
  const { target, amounts } = context;
  const topic = newName('waiting');
  await leaveSessions(target, amounts.sessions, `$share/absent/${topic}`);
  const acknowledged = await publishAll(context, topic);
  return {
    sent: `${amounts.messages} small messages to a shared subscription of ${amounts.sessions} absent members`,
    answered: `${acknowledged} PUBACK`,
  };
}

/** The members' sessions end one after the other, each leaving what it has to those that are left. */
async function expiringGroup(context) {
  const { target, amounts, check } = context;
  const topic = newName('waiting');
  const filter = `$share/mortal/${topic}`;
  const answered = await leaveSessions(target, amounts.sessions, filter, {}, amounts.seconds);
  const acknowledged = await publishAll(context, topic);
  await pause(amounts.seconds * 1000 + 1500);
  const client = await Client.open(target);
  check((await client.subscribe('sync', 1)) !== null, 'no answer afterwards');
  client.end();
  return {
    sent: `${amounts.messages} small messages to a shared subscription of ${answered} members, whose sessions expire`,
    answered: `${acknowledged} PUBACK`,
  };
}

export const sessions = [
  {
    name: 'sessions-group-expires',
    what: 'a shared subscription whose absent members all expire with full queues',
    options: {},
    amounts: {
      test: { sessions: 50, messages: 500, seconds: 1 },
      quick: { sessions: 1000, messages: 50_000, seconds: 6 },
      full: { sessions: 5000, messages: 200_000, seconds: 30 },
    },
    memory: 250,
    run: expiringGroup,
  },
  {
    name: 'sessions-left',
    what: 'thousands of sessions that never expire',
    options: {},
    amounts: { quick: { sessions: 10_000 }, full: { sessions: 100_000 } },
    memory: 250,
    run: (context) => left(context, {}),
  },
  {
    name: 'sessions-left-with-wills',
    what: 'the same, each with a will that is never due',
    options: {},
    amounts: { quick: { sessions: 5000 }, full: { sessions: 50_000 } },
    memory: 250,
    run: (context) => left(context, { will: { topic: 'far', payload: 'future', delay: NEVER } }),
  },
  {
    name: 'sessions-queues',
    what: 'messages that wait in thousands of absent sessions',
    options: {},
    amounts: { quick: { sessions: 2000, messages: 1000 }, full: { sessions: 10_000, messages: 1000 } },
    memory: 1000,
    run: queues,
  },
  {
    name: 'sessions-group',
    what: 'a shared subscription whose thousands of members are all absent',
    options: {},
    amounts: {
      test: { sessions: 200, messages: 500 },
      quick: { sessions: 5000, messages: 5000 },
      full: { sessions: 20_000, messages: 50_000 },
    },
    memory: 200,
    run: group,
  },
];
