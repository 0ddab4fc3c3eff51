// Packets that announce much and bring little: what a length field says must not take memory.
import { Client, inParallel, pause, until } from '../client.mjs';
import { publish, string, varint } from '../wire.mjs';

const ANNOUNCED = 1_900_000;

/** The beginning of a PUBLISH that announces ANNOUNCED bytes. */
function beginning() {
  return Buffer.concat([Buffer.from([0x30]), varint(ANNOUNCED), string('large'), Buffer.from([0])]);
}

async function openAll(target, count) {
  const clients = [];
  await inParallel(count, 50, async (i) => {
    clients.push(await Client.open(target, { localAddress: `127.0.0.${1 + (i % 8)}` }));
  });
  return clients;
}

/** Whole packets that are announced, and come a byte at a time from many connections. */
async function dribble({ target, amounts, check }) {
  const clients = await openAll(target, amounts.connections);
  const head = beginning();
  for (const client of clients) client.send(head);
  let bytes = 0;
  const end = performance.now() + amounts.seconds * 1000;
  while (performance.now() < end) {
    for (const client of clients) {
      if (client.isClosed) continue;
      client.send(Buffer.from([0x78]));
      bytes++;
    }
    await pause(5);
  }
  const closed = clients.filter((client) => client.isClosed).length;
  check(closed === 0, `${closed} were closed though they did nothing wrong`);
  for (const client of clients) client.kill();
  return {
    sent: `${amounts.connections} × ${ANNOUNCED} bytes announced, ${bytes} bytes sent one by one`,
    answered: `${closed} closed`,
  };
}

/** A packet above the limit is refused by its header. */
async function tooLarge({ target, amounts, check }) {
  const clients = await openAll(target, amounts.connections);
  for (const client of clients) client.send(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]));
  await until(() => clients.every((client) => client.isClosed), 5000);
  const told = clients.filter((client) => client.reason === 0x95).length;
  check(
    clients.every((client) => client.isClosed),
    'some are still open',
  );
  check(told === clients.length, `${told} of ${clients.length} were told that the packet is too large`);
  for (const client of clients) client.kill();
  return { sent: `${clients.length} PUBLISH headers that announce 256 MB`, answered: `${told} × 0x95` };
}

/** The largest packets that are allowed, in pieces of all sizes, to a subscriber that gets them whole. */
async function whole({ target, amounts, check }) {
  const [subscriber, publisher] = await openAll(target, 2);
  let wrong = 0;
  let received = 0;
  subscriber.onPublish = ({ payload }) => {
    received++;
    if (payload.length !== ANNOUNCED || payload[0] !== 7 || payload[ANNOUNCED - 1] !== 9) wrong++;
  };
  await subscriber.subscribe('large', 1);
  const payload = Buffer.alloc(ANNOUNCED, 8);
  payload[0] = 7;
  payload[ANNOUNCED - 1] = 9;
  for (let i = 0; i < amounts.messages; i++) {
    const bytes = publish({ topic: 'large', payload, qos: 1, id: i + 1 });
    const step = 500 + ((i * 7919) % 200_000);
    for (let at = 0; at < bytes.length; at += step) await publisher.sendAll(bytes.subarray(at, at + step));
    await until(() => received > i, 5000, 2);
  }
  check(received === amounts.messages, `${received} of ${amounts.messages} arrived`);
  check(wrong === 0, `${wrong} arrived damaged`);
  subscriber.end();
  publisher.end();
  return { sent: `${amounts.messages} of ${ANNOUNCED} bytes in pieces`, answered: `${received} arrived` };
}

export const largePackets = [
  {
    name: 'large-dribble',
    what: 'packets that announce 2 MB and come a byte at a time',
    options: {},
    amounts: {
      test: { connections: 100, seconds: 1 },
      quick: { connections: 500, seconds: 3 },
      full: { connections: 1000, seconds: 20 },
    },
    memory: 100,
    run: dribble,
  },
  {
    name: 'large-announced',
    what: 'PUBLISH packets that announce 256 MB',
    options: {},
    amounts: { test: { connections: 100 }, quick: { connections: 500 }, full: { connections: 2000 } },
    memory: 100,
    run: tooLarge,
  },
  {
    name: 'large-whole',
    what: 'the largest packets allowed, in pieces',
    options: {},
    amounts: { test: { messages: 8 }, quick: { messages: 50 }, full: { messages: 300 } },
    memory: 250,
    run: whole,
  },
];
