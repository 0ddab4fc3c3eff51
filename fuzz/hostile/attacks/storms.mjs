// Many clients that come and go: storms, two that fight over one client id, thousands of wills at once.
import { Client, inParallel, newName, openSocket, pause, until } from '../client.mjs';
import { connect, disconnect } from '../wire.mjs';

/** CONNECT and away again: politely, without a word, or before the answer. */
async function storm({ target, amounts, check, metrics }) {
  let answered = 0;
  let refused = 0;
  await inParallel(amounts.connects, 100, async (i) => {
    const socket = await openSocket(target, `127.0.0.${1 + (i % 16)}`);
    if (socket === null) {
      refused++;
      return;
    }
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const kind = i % 4;
    socket.once('data', () => {
      answered++;
      if (kind === 0) socket.end(disconnect());
      else if (kind === 1) socket.resetAndDestroy();
      else if (kind === 2) socket.end();
    });
    socket.write(
      connect({ clientId: `storm${i % 500}`, clean: i % 3 !== 0, sessionExpiry: i % 3 === 0 ? 1 : 0 }),
    );
    if (kind === 3) socket.resetAndDestroy();
    await Promise.race([closed, pause(20_000)]);
    socket.destroy();
  });
  check(refused < amounts.connects / 100, `${refused} got no TCP connection`);
  await pause(2500);
  const last = await Client.open(target);
  if (metrics !== undefined)
    check(metrics.connectionsCurrent <= 2, `${metrics.connectionsCurrent} connections are left`);
  last.end();
  return { sent: `${amounts.connects} connections`, answered: `${answered} CONNACK, ${refused} refused` };
}

/** Clients with one id, each connecting again as soon as it is thrown out. */
async function war({ target, amounts, check, metrics }) {
  const clientId = newName('war');
  const sessionsBefore = metrics?.sessionsCurrent ?? 0;
  let connects = 0;
  let thrownOut = 0;
  const end = performance.now() + amounts.seconds * 1000;
  const fighter = async (persistent, version) => {
    while (performance.now() < end) {
      const client = await Client.open(target, {
        clientId,
        version,
        clean: !persistent,
        sessionExpiry: persistent ? 60 : 0,
        will: { topic: 'war/over', payload: 'gone', qos: 1 },
      }).catch(() => null);
      if (client === null) continue;
      connects++;
      client.subscribe(`war/${connects % 50}`, 1).catch(() => {});
      await Promise.race([
        new Promise((resolve) => client.whenClosed(resolve)),
        pause(Math.max(1, end - performance.now())),
      ]);
      if (client.reason === 0x8e) thrownOut++;
      client.kill();
    }
  };
  await Promise.all([fighter(true, 5), fighter(false, 5), fighter(true, 4), fighter(true, 5)]);
  const last = await Client.open(target, { clientId, clean: true });
  check((await last.subscribe('end', 1)) !== null, 'no peace afterwards');
  if (metrics !== undefined)
    check(metrics.sessionsCurrent - sessionsBefore === 1, `${metrics.sessionsCurrent} sessions are left`);
  last.end();
  return { sent: `${connects} connects with one id`, answered: `${thrownOut} × session taken over` };
}

/** All wills of a crowd that falls off the network in one moment, to one subscriber that must have them all. */
async function wills({ target, amounts, check }, delay) {
  const topic = newName('will');
  const watcher = await Client.open(target);
  const seen = new Set();
  let copies = 0;
  watcher.onPublish = ({ payload }) => {
    copies++;
    seen.add(payload.toString());
  };
  await watcher.subscribe(`${topic}/#`, 1);
  const sockets = [];
  await inParallel(amounts.clients, 100, async (i) => {
    const client = await Client.open(target, {
      localAddress: `127.0.0.${1 + (i % 16)}`,
      sessionExpiry: delay > 0 ? 60 : 0,
      will: { topic: `${topic}/${i % 100}`, payload: String(i), qos: 1, delay },
    });
    sockets.push(client.socket);
  });
  for (const socket of sockets) socket.resetAndDestroy();
  await until(() => seen.size === amounts.clients, 15_000 + delay * 1000);
  await pause(200);
  check(seen.size === amounts.clients, `${seen.size} of ${amounts.clients} wills came`);
  check(copies === seen.size, `${copies - seen.size} came twice`);
  watcher.end();
  return {
    sent: `${amounts.clients} clients with wills${delay > 0 ? ` of ${delay} s delay` : ''}, reset at once`,
    answered: `${seen.size} wills`,
  };
}

export const storms = [
  {
    name: 'storm-connect',
    what: 'connections that come and go as fast as they can',
    options: {},
    amounts: { test: { connects: 1000 }, quick: { connects: 5000 }, full: { connects: 50_000 } },
    memory: 150,
    run: storm,
  },
  {
    name: 'storm-take-over',
    what: 'four clients that fight over one id',
    options: {},
    amounts: { test: { seconds: 1 }, quick: { seconds: 3 }, full: { seconds: 20 } },
    memory: 150,
    run: war,
  },
  {
    name: 'storm-wills',
    what: 'thousands of wills at once',
    options: { maxQueuedMessages: 0 },
    amounts: { test: { clients: 300 }, quick: { clients: 1000 }, full: { clients: 5000 } },
    memory: 200,
    run: (context) => wills(context, 0),
  },
  {
    name: 'storm-delayed-wills',
    what: 'thousands of wills after a delay',
    options: { maxQueuedMessages: 0 },
    amounts: { test: { clients: 200 }, quick: { clients: 1000 }, full: { clients: 5000 } },
    memory: 200,
    run: (context) => wills(context, 1),
  },
];
