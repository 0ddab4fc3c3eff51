// A small MQTT load generator in one Node process: raw sockets and packets made by hand. It exists because
// mqload has neither topic aliases nor user properties, which are what MQTT 5 traffic is made of; and it runs
// the same flood as MQTT 3.1.1, so that the two compare like for like. Where mqload is not at hand it also does
// the floods of the other rows: it takes mqload's names of options and gives mqload's names of figures.
//
//   node bench/mqtt5-load.mjs -p PORT [--pid PID] [-V 4|5] [--aliases] [--user-property] [pubsub]
//     [--pattern p2p|fanout|fanin] [--pubs N] [--subs N] [--share GROUP] [--qos Q] [--size B]
//     [--outstanding N] [--inflight W] [--duration S] [--warmup S] [--json]
//
// Loopback only. Counting is exact: one mark per message and receiver (a shared group is one receiver).
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';

const HOST = '127.0.0.1';
const PUBLISH = 3;
const PUBACK = 4;
const PUBREC = 5;
const PUBREL = 6;
const PUBCOMP = 7;
/** The last bytes of every payload: run tag, publisher, sequence number (u32 each), time of sending (double, ms). */
const TRAILER = 20;
const BATCH_BYTES = 65536;
const RUN = (Math.random() * 0xffffffff) >>> 0;

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string', short: 'p', default: '1883' },
    pid: { type: 'string' },
    version: { type: 'string', short: 'V', default: '4' },
    aliases: { type: 'boolean', default: false },
    'user-property': { type: 'boolean', default: false },
    pattern: { type: 'string', default: 'p2p' },
    pubs: { type: 'string', default: '1' },
    subs: { type: 'string' },
    share: { type: 'string' },
    qos: { type: 'string', default: '0' },
    size: { type: 'string', default: '64' },
    outstanding: { type: 'string', default: '5000' },
    inflight: { type: 'string', default: '20' },
    duration: { type: 'string', default: '5' },
    warmup: { type: 'string', default: '1' },
    drain: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
    // Known to mqload only; accepted, without effect, so that both take the same command line.
    coalesce: { type: 'string' },
    refill: { type: 'string' },
  },
});
const options = {
  port: Number(given.port),
  pid: Number(given.pid ?? 0),
  version: Number(given.version),
  pattern: given.pattern,
  pubs: Number(given.pubs),
  subs: Number(given.subs ?? given.pubs),
  share: given.share,
  qos: Number(given.qos),
  size: Math.max(TRAILER, Number(given.size)),
  outstanding: Number(given.outstanding),
  inflight: Number(given.inflight),
  durationMs: Number(given.duration) * 1000,
  warmupMs: Number(given.warmup) * 1000,
  drainMs: Number(given.drain) * 1000,
};
if (positionals.length > 0 && positionals[0] !== 'pubsub') fail(`only pubsub, not ${positionals[0]}`);
if (options.version !== 5 && (given.aliases || given['user-property']))
  fail('aliases and properties need -V 5');

/** @param {string} why @returns {never} */
function fail(why) {
  console.log(given.json ? JSON.stringify({ error: why, exit: 1 }) : `error: ${why}`);
  process.exit(1);
}

// ---------------------------------------------------------------- packets

/** @param {number} n remaining length */
function varint(n) {
  const out = [];
  for (;;) {
    const low = n & 127;
    n >>>= 7;
    out.push(n ? low | 128 : low);
    if (!n) return Buffer.from(out);
  }
}

/** @param {string} s */
function string(s) {
  const bytes = Buffer.from(s);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
}

/** @param {number} first @param {Buffer[]} parts */
function packet(first, parts) {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([first]), varint(body.length), body]);
}

/** @param {string} clientId */
function connectPacket(clientId) {
  const v5 = options.version === 5;
  // Topic Alias Maximum 10: the broker may use aliases towards us as we do towards it.
  const properties = v5 ? [Buffer.from(given.aliases ? [3, 0x22, 0, 10] : [0])] : [];
  return packet(0x10, [
    string('MQTT'),
    Buffer.from([options.version, 2, 0, 60]),
    ...properties,
    string(clientId),
  ]);
}

/** @param {string} filter */
function subscribePacket(filter) {
  const properties = options.version === 5 ? [Buffer.from([0])] : [];
  return packet(0x82, [Buffer.from([0, 1]), ...properties, string(filter), Buffer.from([options.qos])]);
}

/**
 * A PUBLISH and where its packet id stands (0: none).
 * @param {string} topic empty when an alias stands for it
 */
function publishPacket(topic) {
  let properties = Buffer.alloc(0);
  if (options.version === 5) {
    const alias = given.aliases ? Buffer.from([0x23, 0, 1]) : Buffer.alloc(0);
    const user = given['user-property']
      ? Buffer.concat([Buffer.from([0x26]), string('unit'), string('celsius')])
      : Buffer.alloc(0);
    properties = Buffer.concat([varint(alias.length + user.length), alias, user]);
  }
  const name = string(topic);
  const id = options.qos ? Buffer.alloc(2) : Buffer.alloc(0);
  const bytes = packet(0x30 | (options.qos << 1), [name, id, properties, Buffer.alloc(options.size, 120)]);
  const idAt = options.qos ? bytes.length - options.size - properties.length - 2 : 0;
  return { bytes, idAt };
}

/** Sizes of the values of the properties that a CONNACK may have; 0 stands for a string, -1 for a pair. */
const CONNACK_VALUES = { 17: 4, 18: 0, 19: 2, 21: 0, 22: 0, 26: 0, 28: 0, 31: 0, 33: 2, 34: 2, 36: 1, 37: 1 };
Object.assign(CONNACK_VALUES, { 38: -1, 39: 4, 40: 1, 41: 1, 42: 1 });

/**
 * How many QoS 1 and 2 messages the broker takes at a time, by the properties of its CONNACK.
 * @param {Buffer} b @param {number} at where the properties' length stands (below 128 in every broker compared)
 */
function receiveMaximum(b, at) {
  const end = at + 1 + b[at];
  for (let pos = at + 1; pos < end; ) {
    const id = b[pos++];
    const size = CONNACK_VALUES[id];
    if (id === 33) return b.readUInt16BE(pos);
    if (size === undefined) break;
    if (size > 0) pos += size;
    else for (let strings = size ? 2 : 1; strings > 0; strings--) pos += 2 + b.readUInt16BE(pos);
  }
  return 65535;
}

// ---------------------------------------------------------------- state of the run

const shared = options.pattern === 'fanin' && options.share !== undefined;
/** How many receivers a message has. */
const copies = options.pattern === 'fanout' || (options.pattern === 'fanin' && !shared) ? options.subs : 1;
const count = { published: 0, delivered: 0, unique: 0, duplicates: 0, order: 0, foreign: 0, refused: 0 };
/** Latencies in buckets of 2 %: of the window only. */
const buckets = new Float64Array(1200);
let inWindow = false;
let publishing = false;
let lastNews = 0;
let firstError = '';

/** What one receiver has of one publisher. */
class Track {
  seen = new Uint8Array(4096);
  next = 0;

  /** @param {number} sequence */
  mark(sequence) {
    if (sequence >= this.seen.length) {
      const grown = new Uint8Array(Math.max(sequence + 1, this.seen.length * 2));
      grown.set(this.seen);
      this.seen = grown;
    }
    if (this.seen[sequence]) count.duplicates++;
    else {
      this.seen[sequence] = 1;
      count.unique++;
    }
  }
}

/** The frames of one connection, read through one buffer that all connections share. */
const readBuffer = Buffer.allocUnsafeSlow(262144);
const replies = Buffer.allocUnsafeSlow(524288);

class Connection {
  /** @type {Buffer | undefined} the beginning of a packet whose end has not come */
  rest;
  replyLength = 0;
  receiveMaximum = 65535;
  /** @type {((first: number, at: number) => void) | undefined} */
  onHandshake;

  /** @param {string} clientId */
  async open(clientId) {
    await new Promise((resolve, reject) => {
      this.socket = connect({
        host: HOST,
        port: options.port,
        noDelay: true,
        onread: {
          buffer: readBuffer,
          callback: (n) => {
            this.read(readBuffer.subarray(0, n));
            return true;
          },
        },
      });
      this.socket.once('connect', resolve);
      this.socket.once('error', reject);
    });
    this.socket.on('error', (error) => {
      firstError ||= error.message;
    });
    this.socket.on('close', () => {
      if (!closing) firstError ||= 'connection closed by broker';
      this.onHandshake?.(0, 0);
    });
    const refusal = await this.ask(connectPacket(clientId), 2, (at, bytes) => {
      if (options.version === 5) this.receiveMaximum = receiveMaximum(bytes, at + 4);
      return bytes[at + 3];
    });
    if (refusal !== 0) fail(`CONNECT refused${refusal === undefined ? '' : `, code ${refusal}`}`);
  }

  /**
   * Sends a packet and waits for its answer.
   * @param {Buffer} bytes @param {number} type @param {(at: number, bytes: Buffer) => number} answer
   */
  ask(bytes, type, answer) {
    return new Promise((resolve) => {
      this.onHandshake = (first, at) => {
        if (first !== 0 && first >> 4 !== type) return;
        this.onHandshake = undefined;
        resolve(first === 0 ? undefined : answer(at, this.current));
      };
      this.socket.write(bytes);
    });
  }

  /** @param {Buffer} chunk valid only during this call */
  read(chunk) {
    const b = this.rest ? Buffer.concat([this.rest, chunk]) : chunk;
    this.rest = undefined;
    this.current = b;
    this.replyLength = 0;
    lastNews = performance.now();
    let at = 0;
    while (at + 2 <= b.length) {
      let pos = at + 1;
      let length = b[pos] & 127;
      if (b[pos++] & 128) {
        let shift = 7;
        let byte = 128;
        while (byte & 128 && pos < b.length) {
          byte = b[pos++];
          length += (byte & 127) << shift;
          shift += 7;
        }
        if (byte & 128) break;
      }
      if (pos + length > b.length) break;
      this.frame(b, at, pos, pos + length);
      at = pos + length;
    }
    if (at < b.length) this.rest = Buffer.from(b.subarray(at));
    if (this.replyLength) this.socket.write(Buffer.from(replies.subarray(0, this.replyLength)));
  }

  /** @param {number} first @param {number} high @param {number} low of the packet id */
  reply(first, high, low) {
    const at = this.replyLength;
    replies[at] = first;
    replies[at + 1] = 2;
    replies[at + 2] = high;
    replies[at + 3] = low;
    this.replyLength = at + 4;
  }

  /** @param {Buffer} b @param {number} at @param {number} _body @param {number} _end */
  frame(b, at, _body, _end) {
    this.onHandshake?.(b[at], at);
  }
}

class Subscriber extends Connection {
  /** @param {number} index @param {Track[]} tracks by publisher */
  constructor(index, tracks) {
    super();
    this.index = index;
    this.tracks = tracks;
    this.last = new Float64Array(options.pubs).fill(-1);
  }

  /** @param {Buffer} b @param {number} at @param {number} body @param {number} end */
  frame(b, at, body, end) {
    const first = b[at];
    const type = first >> 4;
    if (type === PUBLISH) this.message(b, first, body, end);
    else if (type === PUBREL) this.reply(0x70, b[body], b[body + 1]);
    else super.frame(b, at, body, end);
  }

  /** @param {Buffer} b @param {number} first @param {number} body @param {number} end */
  message(b, first, body, end) {
    const qos = (first >> 1) & 3;
    if (qos) {
      const id = body + 2 + ((b[body] << 8) | b[body + 1]);
      this.reply(qos === 1 ? 0x40 : 0x50, b[id], b[id + 1]);
    }
    const trailer = end - TRAILER;
    if (trailer < body || b.readUInt32LE(trailer) !== RUN) {
      count.foreign++;
      return;
    }
    const from = b.readUInt32LE(trailer + 4);
    const sequence = b.readUInt32LE(trailer + 8);
    count.delivered++;
    this.tracks[from].mark(sequence);
    if (sequence <= this.last[from]) count.order++;
    else this.last[from] = sequence;
    publishers[from].arrived();
    // every eighth will do for percentiles; the clock was read when the chunk came
    if (inWindow && (sequence & 7) === 0) {
      const us = Math.max(1, (lastNews - b.readDoubleLE(trailer + 12)) * 1000);
      buckets[Math.min(1199, Math.round(Math.log(us) * 50))]++;
    }
  }
}

class Publisher extends Connection {
  sequence = 0;
  /** Sent and not yet acknowledged; in QoS 0 copies sent and not yet arrived. */
  pending = 0;
  dirty = false;

  /** @param {number} index @param {string} topic */
  constructor(index, topic) {
    super();
    this.index = index;
    this.first = publishPacket(topic);
    this.later = given.aliases ? publishPacket('') : this.first;
    this.window = options.qos
      ? options.inflight
      : Math.max(1, Math.floor(options.outstanding / options.pubs));
    for (const template of [this.first, this.later]) {
      const at = template.bytes.length - TRAILER;
      template.bytes.writeUInt32LE(RUN, at);
      template.bytes.writeUInt32LE(index, at + 4);
    }
    const perBatch = Math.max(1, Math.floor(BATCH_BYTES / this.later.bytes.length));
    this.batch = Buffer.concat(
      Array.from({ length: Math.min(perBatch, this.window) }, () => this.later.bytes),
    );
  }

  /** One copy of a message came to a receiver. */
  arrived() {
    if (options.qos) return;
    this.pending--;
    this.wake();
  }

  wake() {
    if (this.dirty || !publishing) return;
    this.dirty = true;
    if (toSend.push(this) === 1) setImmediate(pump);
  }

  /** Sends what the window leaves free; in QoS 0 not before a quarter of it is, so that batches stay large. */
  send() {
    this.dirty = false;
    if (!publishing || this.socket.writableLength > 1 << 20) return;
    const window = Math.min(this.window, options.qos ? this.receiveMaximum : this.window);
    let free = window - (options.qos ? this.pending : Math.ceil(this.pending / copies));
    if (free < 1 || (options.qos === 0 && free < this.window / 4)) return;
    if (this.sequence === 0) {
      const { bytes, idAt } = this.first;
      this.stamp(bytes, 0, bytes.length, idAt, performance.now());
      this.socket.write(Buffer.from(bytes));
      free--;
    }
    const { bytes, idAt } = this.later;
    while (free > 0) {
      const n = Math.min(free, this.batch.length / bytes.length);
      const out = Buffer.allocUnsafe(n * bytes.length);
      this.batch.copy(out, 0, 0, out.length);
      const now = performance.now();
      for (let at = 0; at < out.length; at += bytes.length) this.stamp(out, at, bytes.length, idAt, now);
      this.socket.write(out);
      free -= n;
    }
  }

  /** @param {Buffer} out @param {number} at @param {number} length @param {number} idAt @param {number} now */
  stamp(out, at, length, idAt, now) {
    const trailer = at + length - TRAILER;
    if (idAt) out.writeUInt16BE(1 + (this.sequence % 65535), at + idAt);
    out.writeUInt32LE(this.sequence++, trailer + 8);
    out.writeDoubleLE(now, trailer + 12);
    this.pending += options.qos ? 1 : copies;
    count.published++;
  }

  /** @param {Buffer} b @param {number} at @param {number} body @param {number} end */
  frame(b, at, body, end) {
    const type = b[at] >> 4;
    if (type === PUBREC && !(end - body > 2 && b[body + 2] >= 0x80)) this.reply(0x62, b[body], b[body + 1]);
    else if (type === PUBACK || type === PUBCOMP || type === PUBREC) {
      if (end - body > 2 && b[body + 2] >= 0x80) count.refused++;
      this.pending--;
      this.wake();
    } else super.frame(b, at, body, end);
  }
}

// ---------------------------------------------------------------- the run

let closing = false;
/** @type {Publisher[]} those with room since the last turn */
let toSend = [];
const topic = (i) =>
  options.pattern === 'p2p' ? `p2p/${i}` : options.pattern === 'fanout' ? 'out' : `in/${i}`;
const filter = (i) => {
  const plain = options.pattern === 'p2p' ? `p2p/${i}` : options.pattern === 'fanout' ? 'out' : 'in/+';
  return shared ? `$share/${options.share}/${plain}` : plain;
};
const makeTracks = () => Array.from({ length: options.pubs }, () => new Track());
const groupTracks = makeTracks();
const subscribers = Array.from(
  { length: options.subs },
  (_, i) => new Subscriber(i, copies > 1 ? makeTracks() : groupTracks),
);
const publishers = Array.from({ length: options.pubs }, (_, i) => new Publisher(i, topic(i)));

for (const [kind, list] of Object.entries({ s: subscribers, p: publishers })) {
  for (const connection of list) {
    await connection
      .open(`load${RUN.toString(36)}${kind}${connection.index}`)
      .catch((error) => fail(`could not connect: ${error.message}`));
  }
}
for (const subscriber of subscribers) {
  const code = await subscriber.ask(
    subscribePacket(filter(subscriber.index)),
    9,
    (at, b) => b[at + 1 + b[at + 1]],
  );
  if (code === undefined || code >= 0x80) fail(`SUBSCRIBE refused, code ${code}`);
}
for (const publisher of publishers) {
  publisher.socket.on('drain', () => publisher.wake());
}

/** CPU seconds that the broker has used (10 ms steps). */
function brokerCpu() {
  if (!options.pid) return undefined;
  try {
    const fields = readFileSync(`/proc/${options.pid}/stat`, 'latin1').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    firstError ||= 'the broker ended';
    return undefined;
  }
}

const pump = () => {
  const ready = toSend;
  toSend = [];
  for (const publisher of ready) publisher.send();
};
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** CPU seconds that the whole machine has used: all but idle, waiting, and guests (counted twice). */
function machineCpu() {
  const fields = readFileSync('/proc/stat', 'latin1')
    .split('\n', 1)[0]
    .trim()
    .split(/\s+/)
    .slice(1, 9)
    .map(Number);
  return fields.reduce((sum, ticks, i) => sum + (i === 3 || i === 4 || i === 7 ? 0 : ticks), 0) / 100;
}
const snapshot = () => ({
  ...count,
  at: performance.now(),
  own: process.cpuUsage(),
  broker: brokerCpu(),
  machine: machineCpu(),
});

publishing = true;
for (const publisher of publishers) publisher.wake();
await pause(options.warmupMs);
const a = snapshot();
inWindow = true;
await pause(options.durationMs);
const b = snapshot();
inWindow = false;
publishing = false;

const expected = () => count.published * copies;
const drainEnd = performance.now() + options.drainMs;
while (performance.now() < drainEnd) {
  await pause(50);
  const quiet = performance.now() - lastNews;
  const acknowledged = options.qos === 0 || publishers.every((publisher) => publisher.pending === 0);
  if (quiet > (count.unique >= expected() && acknowledged ? 100 : 1500)) break;
}
closing = true;
for (const connection of [...publishers, ...subscribers]) connection.socket.destroy();

// ---------------------------------------------------------------- figures, named as mqload names them

const seconds = (b.at - a.at) / 1000;
const delivered = b.delivered - a.delivered;
const ownSeconds = (b.own.user + b.own.system - a.own.user - a.own.system) / 1e6;
const brokerSeconds = a.broker === undefined || b.broker === undefined ? null : b.broker - a.broker;
/** @param {number} p between 0 and 1 */
const percentile = (p) => {
  const total = buckets.reduce((sum, n) => sum + n, 0);
  let sum = 0;
  for (let i = 0; i < buckets.length; i++) {
    sum += buckets[i];
    if (sum >= total * p && sum > 0) return Math.exp(i / 50);
  }
  return null;
};
const figures = {
  scenario: 'pubsub',
  generator: 'mqtt5-load',
  mqtt: options.version === 5 ? '5' : '3.1.1',
  pattern: options.pattern,
  window_s: seconds,
  published_per_s: (b.published - a.published) / seconds,
  delivered_per_s: delivered / seconds,
  latency_p50_us: percentile(0.5),
  latency_p99_us: percentile(0.99),
  broker_cpu_s: brokerSeconds,
  broker_cpu_pct: brokerSeconds === null ? null : (100 * brokerSeconds) / seconds,
  broker_cpu_us_per_delivered: brokerSeconds === null ? null : (1e6 * brokerSeconds) / delivered,
  mqload_cpu_pct: (100 * ownSeconds) / seconds,
  other_cpu_pct: (100 * (b.machine - a.machine - ownSeconds - (brokerSeconds ?? 0))) / seconds,
  published: count.published,
  expected: expected(),
  delivered: count.delivered,
  lost: Math.max(0, expected() - count.unique),
  duplicates: count.duplicates,
  order_violations: count.order,
  foreign: count.foreign,
  nacked: count.refused,
  first_error: firstError,
  exit: firstError ? 1 : 0,
};
if (given.json) console.log(JSON.stringify(figures));
else for (const [name, value] of Object.entries(figures)) console.log(`  ${name.padEnd(30)} ${value}`);
process.exit(0);
