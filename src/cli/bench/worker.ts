// A share of a run in this process: connects its clients, has them do what the scenario says, and disconnects them.

import { type BenchConfig, isPaced, type Role, roles } from './config.js';
import { Connects } from './connects.js';
import { failureReason, isAbsence } from './failure-reason.js';
import { AbsentError, type Joined, type Member } from './member.js';
import { Participant, whoIs } from './participant.js';
import { type Payloads, payloadsOf } from './payload.js';
import { Publisher, type PublishPlan } from './publisher.js';
import { checkArrivals, countArrivals } from './receiver.js';
import { Sending, type StartOrder } from './sending.js';
import { Tally } from './tally.js';
import { fillFor, topicsOf } from './topic-template.js';

/** Milliseconds without an arrival after which a message on its way is given up. */
const ARRIVAL_PATIENCE = 1000;
const LEAVING_PATIENCE = 3000;
const POLL = 20;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export class Worker implements Member {
  readonly tally = new Tally();
  readonly #config: BenchConfig;
  readonly #part: number;
  readonly #parts: number;
  readonly #roles: readonly Role[];
  readonly #payloads: Payloads;
  readonly #sending: Sending;
  readonly #participants: Participant[] = [];
  readonly #publishers = new Map<number, Publisher>();
  /** Indexes of the clients that are subscribed. */
  readonly #subscribed = new Set<number>();
  readonly #connects: Connects;
  #alive = 0;
  #state: 'connecting' | 'working' | 'stopping' = 'connecting';
  #absent: ((error: AbsentError) => void) | null = null;
  #finished: () => void = () => {};
  #watch: ReturnType<typeof setInterval> | undefined;

  /** Of `parts` workers this is number `part`: it has every client whose turn that is. */
  constructor(config: BenchConfig, part = 0, parts = 1) {
    this.#config = config;
    this.#part = part;
    this.#parts = parts;
    this.#roles = roles[config.scenario];
    this.#payloads = payloadsOf(config);
    this.#sending = new Sending(config, part, this.tally, () => {
      if (this.#publishes) this.#finished();
    });
    const clients = Math.floor(config.count / parts) + (part < config.count % parts ? 1 : 0);
    this.#connects = new Connects(
      clients * this.#roles.length,
      (n) => this.#place(n).turn * config.connectInterval,
      (n) => this.#join(n),
    );
  }

  get #publishes(): boolean {
    return this.#roles.includes('publisher');
  }

  /** Which connection the n-th of this worker is, among those of all workers. */
  #place(n: number): { index: number; role: Role; turn: number } {
    const size = this.#roles.length;
    const client = Math.floor(n / size) * this.#parts + this.#part;
    return {
      index: this.#config.startNumber + client,
      role: this.#roles[n % size]!,
      turn: client * size + (n % size),
    };
  }

  async connect(): Promise<Joined> {
    await Promise.race([
      this.#connects.run(),
      new Promise<never>((_, reject) => {
        this.#absent = reject;
      }),
    ]);
    this.#absent = null;
    // nobody would hear the publisher of a pair whose subscriber is not there
    const isPair = this.#config.scenario === 'rtt';
    for (const [index, publisher] of this.#publishers)
      if (!isPair || this.#subscribed.has(index)) this.#sending.add(publisher);
    return { publishers: this.#sending.count };
  }

  /** Returns whether it is in. */
  async #join(n: number): Promise<boolean> {
    if (this.#state === 'stopping') return false;
    const { index, role } = this.#place(n);
    const participant = new Participant(this.#config, whoIs(this.#config, index, role), this.tally);
    this.#participants.push(participant);
    try {
      await participant.connect();
      await this.#take(participant, role);
    } catch (error) {
      if (isAbsence(error) && this.tally.connected === 0)
        this.#absent?.(new AbsentError(failureReason(error)));
      return false;
    }
    if (!participant.client.connected) return false;
    this.#alive++;
    const { ended } = participant;
    participant.ended = () => {
      ended();
      if (--this.#alive === 0 && this.#state === 'working') this.#finished();
    };
    return true;
  }

  /** What a client does by its role. */
  async #take(participant: Participant, role: Role): Promise<void> {
    const { config, filter } = { config: this.#config, filter: fillFor(this.#config.topic, participant.who) };
    if (role === 'subscriber') {
      const { index } = participant.who;
      const receive =
        config.scenario === 'rtt'
          ? checkArrivals(this.tally, config.run, index, () => this.#publishers.get(index)?.arrived())
          : countArrivals(this.tally);
      await participant.subscribe(filter, config.qos, receive);
      this.#subscribed.add(index);
    }
    if (role === 'publisher') this.#addPublisher(participant);
  }

  #addPublisher(participant: Participant): void {
    const { config, who } = { config: this.#config, who: participant.who };
    const isRoundTrip = config.scenario === 'rtt' && !isPaced(config);
    const plan: PublishPlan = {
      payloads: this.#payloads,
      options: { qos: config.qos, retain: config.retain },
      tally: this.tally,
      window: Math.min(config.maxInflight, participant.receiveMaximum),
      travelWindow: isRoundTrip ? config.maxInflight : Number.POSITIVE_INFINITY,
    };
    const { client } = participant;
    const publisher = new Publisher(client, who, topicsOf(config.topic, who), plan, this.#sending);
    this.#publishers.set(who.index, publisher);
    participant.returned = () => publisher.pump();
    participant.ended = () => publisher.end();
  }

  work(order: StartOrder): Promise<void> {
    return new Promise((resolve) => {
      this.#finished = resolve;
      this.#state = 'working';
      if (this.#publishes) this.#sending.start(order);
      if (this.#alive === 0) resolve();
      if (this.#config.scenario === 'rtt' && !isPaced(this.#config)) this.#watchArrivals();
    });
  }

  /** A message that is lost must not hold up for ever those after it. */
  #watchArrivals(): void {
    this.#watch = setInterval(() => {
      for (const one of this.#publishers.values()) one.giveUp();
    }, ARRIVAL_PATIENCE);
  }

  async stop(patience: number): Promise<void> {
    if (this.#state === 'stopping') return;
    const wasWorking = this.#state === 'working';
    this.#state = 'stopping';
    clearInterval(this.#watch);
    this.#connects.stop();
    this.#sending.halt();
    if (wasWorking && this.#publishes) await this.#settle(patience);
    const left = Promise.all(this.#participants.map((one) => one.leave().catch(() => {})));
    await Promise.race([left, pause(LEAVING_PATIENCE)]);
  }

  /** Waits for acknowledgements, and in a round trip for arrivals, while they come. */
  async #settle(patience: number): Promise<void> {
    const end = performance.now() + patience;
    const isRoundTrip = this.#config.scenario === 'rtt';
    let progress = -1;
    let since = performance.now();
    while (performance.now() < end) {
      const isComplete = !isRoundTrip || this.tally.missing === 0;
      if (this.#sending.isIdle && isComplete) return;
      const done = this.tally.acknowledged + this.tally.received;
      if (done !== progress) since = performance.now();
      else if (performance.now() - since > ARRIVAL_PATIENCE) return;
      progress = done;
      await pause(POLL);
    }
  }
}
