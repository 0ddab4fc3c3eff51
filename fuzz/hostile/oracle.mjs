// Keeps the books of a run: what was published, what came to whom, and in the end what should not have happened.
// It knows nothing of the broker but its promises: QoS 1 and 2 lose nothing, QoS 2 duplicates nothing, QoS 1
// duplicates only with DUP set, and the messages of one publisher to one topic come in order.

const SHOWN = 5;

export class Oracle {
  /** Message key → { publisher, topic, number, resent, done } in the order of publishing. */
  #messages = new Map();
  #receivers = new Map();
  #problems = [];
  #count = 0;

  /** A problem that was seen at once. */
  problem(text) {
    if (this.#count++ < SHOWN) this.#problems.push(text);
  }

  get problems() {
    const more = this.#count - this.#problems.length;
    return more > 0 ? [...this.#problems, `… and ${more} more`] : this.#problems;
  }

  published(publisher, topic, number, qos) {
    this.#messages.set(`${publisher}/${topic}/${number}`, { publisher, topic, number, qos, resent: false });
  }

  /** The publisher sent it again, so QoS 1 may be there twice without anybody's mistake. */
  resent(publisher, topic, number) {
    this.#messages.get(`${publisher}/${topic}/${number}`).resent = true;
  }

  /**
   * Who must get all messages that `wants` says: one session, or the members of a shared subscription together.
   * `qos` is that of the subscription, `copies` how many come of each message. `mayRepeat`: QoS 1 may come again
   * without DUP, as the broker may have forgotten in a crash that it sent it.
   */
  receiver(name, { wants = () => true, qos = 2, copies = 1, isShared = false, mayRepeat = false } = {}) {
    const receiver = { name, wants, qos, copies, isShared, mayRepeat, got: new Map(), last: new Map() };
    this.#receivers.set(name, receiver);
    return receiver;
  }

  /**
   * A message came, after the de-duplication that QoS 2 asks of a client. `member` says which session of a
   * shared subscription it was: { id, isGone }.
   */
  received(receiver, member, key, { dup, qos }) {
    const message = this.#messages.get(key);
    if (message === undefined) return this.problem(`${receiver.name}: ${key} was never published`);
    const expected = Math.min(message.qos, receiver.qos);
    if (qos !== expected) this.problem(`${receiver.name}: ${key} came with QoS ${qos}, not ${expected}`);
    let entry = receiver.got.get(key);
    if (entry === undefined) {
      entry = { count: 0, first: 0, members: [] };
      receiver.got.set(key, entry);
      this.#inOrder(receiver, member, message, key);
    }
    entry.count++;
    entry.members.push(member);
    if (!dup) entry.first++;
    if (entry.first <= receiver.copies || qos !== 1 || message.resent || receiver.mayRepeat) return;
    const wasLeft = receiver.isShared && entry.members.some((other) => other !== member && other.isGone);
    if (!wasLeft) this.problem(`${receiver.name}: ${key} came again without DUP`);
  }

  #inOrder(receiver, member, { publisher, topic, number }, key) {
    if (receiver.isShared && !receiver.isOrdered) return;
    const line = `${member.id}/${publisher}/${topic}`;
    const last = receiver.last.get(line) ?? -1;
    if (number < last) this.problem(`${receiver.name}: ${key} came after number ${last}`);
    else receiver.last.set(line, number);
  }

  #isMissing(receiver, message, key) {
    if (!receiver.wants(message)) return false;
    return (receiver.got.get(key)?.count ?? 0) < receiver.copies;
  }

  /** Whether everybody has everything. */
  get isComplete() {
    for (const receiver of this.#receivers.values()) {
      for (const [key, message] of this.#messages) if (this.#isMissing(receiver, message, key)) return false;
    }
    return true;
  }

  /** How many messages came in all: to see that something still moves. */
  get progress() {
    let sum = 0;
    for (const { got } of this.#receivers.values()) sum += got.size;
    return sum;
  }

  /** The last look: what is missing, what was there too often. */
  close() {
    for (const receiver of this.#receivers.values()) {
      for (const [key, message] of this.#messages) {
        if (this.#isMissing(receiver, message, key)) {
          this.problem(`${receiver.name}: ${key} (QoS ${message.qos}) is lost`);
        }
        const count = receiver.got.get(key)?.count ?? 0;
        const isExact = Math.min(message.qos, receiver.qos) === 2;
        if (isExact && count > receiver.copies) {
          this.problem(`${receiver.name}: ${key} (QoS 2) came ${count} times`);
        }
        if (count > 0 && !receiver.wants(message)) {
          this.problem(`${receiver.name}: ${key} came without a subscription`);
        }
      }
    }
    return this.problems;
  }

  get messages() {
    return this.#messages.size;
  }
}
