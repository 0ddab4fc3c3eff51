// The clients of the loss runs: publishers and subscribers that follow the rules of QoS 1 and 2 to the letter
// and are otherwise as unpleasant as a network can make them.
import { Client, newName, pause, until } from './client.mjs';
import { acknowledgement, publish, readPublish, Type, unsubscribe } from './wire.mjs';

const PATIENCE = 30_000;

/** Random content of a size in front of which the key stands. */
function payloadOf(key, size) {
  const head = Buffer.from(`${key} `);
  return size <= head.length ? head : Buffer.concat([head, Buffer.alloc(size - head.length, 0x2e)]);
}

function keyOf(payload) {
  return payload.toString('latin1', 0, payload.indexOf(0x20));
}

/** Connects, trying again for a while where that is expected to be needed. */
async function openPatiently(target, options) {
  for (let tries = 0; ; tries++) {
    try {
      return await Client.open(target, options);
    } catch (error) {
      if (target.crash === undefined || tries === 100) throw error;
      await pause(30);
    }
  }
}

/** Publishes numbered messages to its topics, with a window, and after a reconnect again what was not finished. */
export class Publisher {
  #client = null;
  /** Packet identifier → { bytes, dup, topic, number, isReleased } in the order of sending. */
  #inflight = new Map();
  #numbers = new Map();
  #lastId = 0;

  constructor(run, options) {
    const { topics, qosOf = () => 1, version = 5, window = 20, persistent = false, sizes = [0] } = options;
    Object.assign(this, { run, topics, qosOf, version, window, persistent, sizes });
    this.retain = options.retain ?? false;
    this.trouble = options.trouble ?? 0;
    this.name = newName('p');
  }

  async #connect() {
    const wasThere = this.#client !== null;
    const set = { onPacket: (first, bytes, start) => this.#took(first, bytes, start) };
    const client = await openPatiently(this.run.target, {
      clientId: this.name,
      version: this.version,
      clean: !this.persistent,
      sessionExpiry: this.persistent ? 3600 : 0,
      set,
    });
    if (wasThere && !client.sessionPresent) this.run.oracle.problem(`${this.name}: its session is gone`);
    this.#client = client;
    for (const [id, entry] of this.#inflight) {
      if (entry.isReleased) client.send(acknowledgement(Type.PUBREL, id));
      else {
        this.run.oracle.resent(this.name, entry.topic, entry.number);
        client.send(entry.again);
      }
    }
  }

  #took(first, bytes, start) {
    const type = first >> 4;
    if (type !== Type.PUBACK && type !== Type.PUBREC && type !== Type.PUBCOMP) return false;
    const id = bytes.readUInt16BE(start);
    const entry = this.#inflight.get(id);
    if (type === Type.PUBREC) {
      if (entry !== undefined) entry.isReleased = true;
      this.#client.send(acknowledgement(Type.PUBREL, id));
    } else if (entry !== undefined) {
      if ((type === Type.PUBACK) !== (entry.qos === 1))
        this.run.oracle.problem(`${this.name}: packet of type ${type} for QoS ${entry.qos}`);
      this.#inflight.delete(id);
    }
    return true;
  }

  #freeId() {
    do this.#lastId = (this.#lastId % 65_535) + 1;
    while (this.#inflight.has(this.#lastId));
    return this.#lastId;
  }

  #publishOne(topic) {
    const { random, oracle } = this.run;
    const number = this.#numbers.get(topic) ?? 0;
    this.#numbers.set(topic, number + 1);
    const qos = this.qosOf(topic);
    const id = this.#freeId();
    const payload = payloadOf(`${this.name}/${topic}/${number}`, random.pick(this.sizes));
    const message = { topic, payload, qos, id, version: this.version, retain: this.retain };
    oracle.published(this.name, topic, number, qos);
    const again = publish({ ...message, dup: true });
    this.#inflight.set(id, { again, topic, number, qos, isReleased: false });
    this.#client.send(publish(message));
  }

  /** Publishes so many, or one to each topic, and resolves when all of them are acknowledged. */
  async publishAll(count = this.topics.length) {
    const isOneEach = count === this.topics.length;
    const { random, oracle } = this.run;
    await this.#connect();
    for (let sent = 0; sent < count; ) {
      if (this.persistent && random.chance(this.trouble)) await this.#fall();
      const free = Math.min(this.window - this.#inflight.size, count - sent);
      for (let i = 0; i < free; i++, sent++)
        this.#publishOne(isOneEach ? this.topics[sent] : random.pick(this.topics));
      const isOpen = await until(
        () => this.#inflight.size < this.window || this.#client.isClosed,
        PATIENCE,
        0,
      );
      if (this.#client.isClosed) {
        if (this.persistent) await this.#connect();
        else return oracle.problem(`${this.name}: closed (reason ${this.#client.reason})`);
      } else if (!isOpen) return oracle.problem(`${this.name}: no acknowledgement in time`);
      if (random.chance(0.05)) await pause(random.between(0, 10));
    }
    const isDone = () => this.#inflight.size === 0;
    while (!(await until(() => isDone() || this.#client.isClosed, PATIENCE)) || !isDone()) {
      if (!this.persistent || !this.#client.isClosed) break;
      await this.#connect();
    }
    if (this.#inflight.size > 0) oracle.problem(`${this.name}: ${this.#inflight.size} unacknowledged`);
    this.#client.end();
  }

  async #fall() {
    this.#client.kill();
    await pause(this.run.random.between(0, 30));
    await this.#connect();
  }
}

/** One session that subscribes. `receiver` is its account with the oracle. */
export class Subscriber {
  #client = null;
  /** The connection whose packets count. */
  #current = null;
  /** QoS 2 identifiers whose message was taken and whose PUBREL has not come → key. */
  #taken = new Map();
  #isOver = false;
  isGone = false;

  constructor(run, receiver, options) {
    const { filters, qos = 2, version = 5, persistent = false, receiveMaximum, delay = 0 } = options;
    Object.assign(this, { run, receiver, filters, qos, version, persistent, receiveMaximum, delay });
    this.id = newName('s');
  }

  async #open(isFirst) {
    // what still comes over an older connection is for nobody: it will come again over this one
    const own = {};
    this.#current = own;
    const client = await openPatiently(this.run.target, {
      clientId: this.id,
      version: this.version,
      clean: !this.persistent,
      sessionExpiry: this.persistent ? 3600 : 0,
      receiveMaximum: this.version === 5 ? this.receiveMaximum : undefined,
      set: { onPacket: (first, bytes, start, end) => this.#took(own, first, bytes, start, end) },
    });
    own.client = client;
    // messages may have come in one piece with the CONNACK
    for (const answer of own.early ?? []) client.send(answer);
    own.early = undefined;
    if (!isFirst && !client.sessionPresent) this.run.oracle.problem(`${this.id}: its session is gone`);
    return client;
  }

  async start() {
    this.#client = await this.#open(true);
    const codes = await this.#client.subscribe(this.filters, this.qos);
    if (codes === null) this.run.oracle.problem(`${this.id}: no SUBACK`);
  }

  #took(own, first, bytes, start, end) {
    if (own !== this.#current) return true;
    const type = first >> 4;
    if (type === Type.PUBREL) {
      const id = bytes.readUInt16BE(start);
      this.#taken.delete(id);
      this.#answer(own, acknowledgement(Type.PUBCOMP, id));
      return true;
    }
    if (type !== Type.PUBLISH) return false;
    const message = readPublish(first, bytes, start, end, this.version);
    const key = keyOf(message.payload);
    if (message.qos === 2) {
      const before = this.#taken.get(message.id);
      if (before === undefined) {
        this.#taken.set(message.id, key);
        this.run.oracle.received(this.receiver, this, key, message);
      } else if (before !== key || !message.dup) {
        this.run.oracle.problem(
          `${this.id}: identifier ${message.id} of ${before} was used for ${key}${message.dup ? '' : ' without DUP'}`,
        );
      }
      this.#answer(own, acknowledgement(Type.PUBREC, message.id));
      return true;
    }
    this.run.oracle.received(this.receiver, this, key, message);
    if (message.qos === 1) this.#answer(own, acknowledgement(Type.PUBACK, message.id));
    return true;
  }

  /** At once, or in order after a while. */
  #answer(own, bytes) {
    if (own.client === undefined) {
      own.early ??= [];
      own.early.push(bytes);
      return;
    }
    if (this.delay === 0) {
      own.client.send(bytes);
      return;
    }
    own.late ??= [];
    own.late.push(bytes);
    if (own.late.length > 1) return;
    const send = () => {
      const due = own.late.splice(0, this.run.random.between(1, 4));
      if (!own.client.isClosed) for (const answer of due) own.client.send(answer);
      if (own.late.length > 0) setTimeout(send, this.run.random.between(0, this.delay));
    };
    setTimeout(send, this.run.random.between(0, this.delay));
  }

  /** Stops reading from time to time, until `stop`. */
  async pausing() {
    const { random } = this.run;
    while (!this.#isOver) {
      const { socket } = this.#client;
      socket.pause();
      await pause(random.between(5, 80));
      socket.resume();
      await pause(random.between(1, 30));
    }
  }

  /** Falls off the network, or says goodbye, and comes back with the same session, until `stop`. */
  async reconnecting() {
    const { random } = this.run;
    while (!this.#isOver) {
      await pause(random.between(5, 120));
      if (random.chance(0.7)) this.#client.kill();
      else this.#client.end();
      await pause(random.between(0, 60));
      this.#client = await this.#open(false);
    }
  }

  /** Comes back whenever its connection has ended, until `stop`. */
  async surviving() {
    while (!this.#isOver) {
      await pause(10);
      if (this.#client.isClosed) this.#client = await this.#open(false);
    }
  }

  /** A new connection takes the session over while the old one is still there, until `stop`. */
  async takingOver() {
    const { random } = this.run;
    while (!this.#isOver) {
      await pause(random.between(5, 100));
      const old = this.#client;
      this.#client = await this.#open(false);
      const isClosed = await until(() => old.isClosed, 5000);
      if (!isClosed) this.run.oracle.problem(`${this.id}: its old connection stays`);
    }
  }

  stop() {
    this.#isOver = true;
  }

  /** Leaves a shared subscription after finishing what it was sent. */
  async leave() {
    this.#isOver = true;
    const client = this.#client;
    const id = 60_001;
    await client.request(
      unsubscribe({ id, filters: this.filters, version: this.version }),
      Type.UNSUBACK,
      id,
    );
    // it has answered everything that it was sent
    await until(() => this.#taken.size === 0 && (this.#current.late ?? []).length === 0, 5000);
    await pause(50);
    await until(() => this.#taken.size === 0 && (this.#current.late ?? []).length === 0, 5000);
    client.end();
    await until(() => client.isClosed, 5000);
  }

  /** Is gone without a word, and its session with it. */
  vanish() {
    this.#isOver = true;
    this.isGone = true;
    this.#client.kill();
  }

  end() {
    this.#isOver = true;
    this.#client.end();
  }
}
