// Connections that never become clients: silent, half a CONNECT, a CONNECT a byte at a time, a header that
// announces 256 MB, more of them than the process may open files.
import { Client, inParallel, openSocket, pause, until } from '../client.mjs';
import { connect } from '../wire.mjs';

const CONNECT_TIMEOUT = 3;
/** The wheel's tick, the broker's patience with a peer that does not close, and a busy machine. */
const SLACK_MS = 6000;

/** The largest remaining length there is. */
const ANNOUNCED = Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]);

async function crowd({ target, amounts, check }, first, { atOnce = false } = {}) {
  const sockets = [];
  let closed = 0;
  let refused = 0;
  let lastClose = 0;
  const start = performance.now();
  await inParallel(amounts.connections, 200, async (i) => {
    // 28,000 ports an address are not enough for several runs in a minute
    const socket = await openSocket(target, `127.0.0.${1 + (i % 8)}`);
    if (socket === null) {
      refused++;
      return;
    }
    socket.on('close', () => {
      closed++;
      lastClose = performance.now();
    });
    socket.resume();
    sockets.push(socket);
    if (first !== null) socket.write(first);
  });
  const opened = performance.now();
  const limit = atOnce ? SLACK_MS : CONNECT_TIMEOUT * 1000 + SLACK_MS;
  await until(() => closed === sockets.length, limit);
  check(refused === 0, `${refused} of ${amounts.connections} got no TCP connection`);
  check(closed === sockets.length, `${sockets.length - closed} are still open after ${limit} ms`);
  for (const socket of sockets) socket.destroy();
  const client = await Client.open(target);
  client.end();
  return {
    sent: `${amounts.connections} connections, ${first === null ? 0 : first.length} bytes each`,
    answered: `${closed} closed, the last ${((lastClose - opened) / 1000).toFixed(1)} s after the last was opened (${((opened - start) / 1000).toFixed(1)} s)`,
  };
}

/** One byte every 100 ms: each of them arrives in time, the packet does not. */
async function dribble({ target, amounts, check }) {
  const bytes = connect({ clientId: 'x'.repeat(200) });
  const sockets = [];
  let closed = 0;
  await inParallel(amounts.connections, 100, async () => {
    const socket = await openSocket(target);
    if (socket === null) return;
    socket.on('close', () => closed++);
    socket.resume();
    sockets.push(socket);
  });
  let sent = 0;
  for (let at = 0; at < bytes.length && closed < sockets.length; at++) {
    if (at * 100 > CONNECT_TIMEOUT * 1000 + SLACK_MS) break;
    for (const socket of sockets) if (!socket.destroyed && socket.write(bytes.subarray(at, at + 1))) sent++;
    await pause(100);
  }
  check(closed === sockets.length, `${sockets.length - closed} may dribble for longer than the time limit`);
  for (const socket of sockets) socket.destroy();
  return { sent: `${sockets.length} connections, ${sent} bytes one by one`, answered: `${closed} closed` };
}

/** More connections than the process may have files: it must neither fall over nor stay deaf. */
async function descriptors({ target, amounts, check }) {
  const sockets = [];
  let closed = 0;
  await inParallel(amounts.connections, 50, async () => {
    const socket = await openSocket(target);
    if (socket === null) return;
    socket.on('close', () => closed++);
    socket.resume();
    sockets.push(socket);
  });
  await pause(CONNECT_TIMEOUT * 1000 + 3000);
  for (const socket of sockets) socket.destroy();
  await pause(500);
  const client = await Client.open(target).catch((error) => error);
  check(client instanceof Client, `nobody can connect afterwards: ${client.message}`);
  if (client instanceof Client) client.end();
  return { sent: `${sockets.length} connections`, answered: `${closed} closed by the broker` };
}

const options = { connectTimeout: CONNECT_TIMEOUT };

export const halfOpen = [
  {
    name: 'half-open-silent',
    what: 'connections that send nothing',
    options,
    amounts: { test: { connections: 300 }, quick: { connections: 2000 }, full: { connections: 10_000 } },
    memory: 150,
    run: (context) => crowd(context, null),
  },
  {
    name: 'half-open-partial',
    what: 'connections that send half a CONNECT',
    options,
    amounts: { test: { connections: 300 }, quick: { connections: 2000 }, full: { connections: 10_000 } },
    memory: 150,
    run: (context) => crowd(context, connect({ clientId: 'a'.repeat(40) }).subarray(0, 30)),
  },
  {
    name: 'half-open-256mb',
    what: 'connections whose CONNECT announces 256 MB',
    options,
    amounts: { test: { connections: 300 }, quick: { connections: 2000 }, full: { connections: 10_000 } },
    memory: 150,
    run: (context) => crowd(context, ANNOUNCED, { atOnce: true }),
  },
  {
    name: 'half-open-dribble',
    what: 'CONNECT packets that come a byte at a time',
    options,
    amounts: { test: { connections: 50 }, quick: { connections: 300 }, full: { connections: 1000 } },
    memory: 100,
    run: dribble,
  },
  {
    name: 'half-open-descriptors',
    what: 'more connections than the broker may open files (ulimit -n 400)',
    options,
    descriptors: 400,
    amounts: { quick: { connections: 1000 }, full: { connections: 2000 } },
    memory: 100,
    run: descriptors,
  },
];
