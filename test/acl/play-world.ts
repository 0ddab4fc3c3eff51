// Plays the probes of a world against a broker at a port. A witness with all rights sees what came through, and
// publishes what a subject may or may not get.
import type { AclProbe, AclWorld, Attempt, Subject } from './acl-case.js';
import { AclClient } from './acl-client.js';

const witness: Subject = { id: 'the-witness', user: 'the-witness' };
const extra: Subject = { ...witness, id: 'the-witness-again' };

type Trying<Name extends string> = Extract<Attempt, Readonly<Record<Name, unknown>>>;

const kinds = ['publish', 'subscribe', 'receive', 'receiveRetained', 'receiveQueued', 'will'];

/** The topic, which stands under the name of what is tried. */
function topicOf(attempt: Attempt): string {
  const texts: Readonly<Record<string, unknown>> = attempt;
  return kinds.map((kind) => texts[kind]).find((topic) => topic !== undefined) as string;
}

/** Topics with a $ that are published: # is not for them. */
function dollarTopics({ probes }: Pick<AclWorld, 'probes'>): string[] {
  const topics = probes.filter(({ tries }) => !('subscribe' in tries)).map(({ tries }) => topicOf(tries));
  return [...new Set(topics.filter((topic) => topic.startsWith('$')))];
}

/** The file of a world, and the witness. */
export function aclFileOf(world: Pick<AclWorld, 'acl' | 'probes'>): string {
  const rules = ['#', '$SYS/#', ...dollarTopics(world)].map((filter) => `topic readwrite ${filter}\n`);
  return `${world.acl}\nuser ${witness.user}\n${rules.join('')}`;
}

class Stage {
  readonly #port: number;
  readonly #witness: AclClient;

  constructor(port: number, seen: AclClient) {
    this.#port = port;
    this.#witness = seen;
  }

  async play({ as, tries }: AclProbe): Promise<string> {
    this.#witness.received.length = 0;
    if ('will' in tries) return this.#will(as, tries);
    if ('receiveQueued' in tries) return this.#receiveQueued(as, tries);
    const subject = await AclClient.connect(this.#port, as);
    try {
      if ('publish' in tries) return await this.#publish(subject, tries);
      if ('receive' in tries) return await this.#receive(subject, tries);
      if ('receiveRetained' in tries) return await this.#receiveRetained(subject, tries);
      return await subject.subscribe(tries.subscribe, tries.qos ?? 0);
    } finally {
      await subject.leave();
    }
  }

  /** Whether something with the topic came through. */
  async #witnessed(topic: string): Promise<string> {
    await this.#witness.ping();
    return this.#witness.received.includes(topic) ? 'allowed' : 'denied';
  }

  async #publish(subject: AclClient, tries: Trying<'publish'>): Promise<string> {
    const { publish: topic, qos = 1, retain = false } = tries;
    const answer = await subject.publish(topic, qos, { retain });
    const effect = await this.#witnessed(topic);
    return `${effect}, ${answer}${retain ? `, ${await this.#isRetained(topic)}` : ''}`;
  }

  /** Whether a retained message is there for new subscribers; afterwards it is not. */
  async #isRetained(topic: string): Promise<string> {
    const late = await AclClient.connect(this.#port, extra);
    await late.subscribe(topic, 0);
    await late.ping();
    await late.leave();
    await this.#clear(topic);
    return late.received.includes(topic) ? 'retained' : 'not retained';
  }

  async #clear(topic: string): Promise<void> {
    await this.#witness.publish(topic, 1, { retain: true, text: '' });
  }

  async #receive(subject: AclClient, tries: Trying<'receive'>): Promise<string> {
    const { receive: topic, filter = topic, qos = 0 } = tries;
    await subject.subscribe(filter, qos);
    await this.#witness.publish(topic, qos);
    await subject.ping();
    return subject.received.includes(topic) ? 'allowed' : 'denied';
  }

  async #receiveRetained(subject: AclClient, tries: Trying<'receiveRetained'>): Promise<string> {
    const { receiveRetained: topic, filter = topic, qos = 0 } = tries;
    const isOurs = !topic.startsWith('$SYS');
    if (isOurs) await this.#witness.publish(topic, 1, { retain: true });
    await subject.subscribe(filter, qos);
    await subject.ping();
    if (isOurs) await this.#clear(topic);
    return subject.received.includes(topic) ? 'allowed' : 'denied';
  }

  /** The message comes while the subject is away; then it comes back, perhaps under another user name. */
  async #receiveQueued(as: Subject, tries: Trying<'receiveQueued'>): Promise<string> {
    const { receiveQueued: topic, by = as } = tries;
    const before = await AclClient.connect(this.#port, as, { session: 'kept' });
    await before.subscribe(topic, 1);
    await before.leave();
    await this.#witness.publish(topic, 1);
    const after = await AclClient.connect(this.#port, by, { session: 'kept' });
    await after.ping();
    await after.leave();
    await (await AclClient.connect(this.#port, by)).leave();
    return after.received.includes(topic) ? 'allowed' : 'denied';
  }

  async #will(as: Subject, tries: Trying<'will'>): Promise<string> {
    const { will: topic, qos = 0, retain = false } = tries;
    const will = { topic, payload: Buffer.from('x'), qos, retain };
    const subject = await AclClient.connect(this.#port, as, { will });
    await subject.leave();
    const effect = await this.#witnessed(topic);
    return `${effect}${retain ? `, ${await this.#isRetained(topic)}` : ''}`;
  }
}

/** What became of the probes, in their order. */
export async function playWorld(port: number, world: Pick<AclWorld, 'probes'>): Promise<string[]> {
  const seen = await AclClient.connect(port, witness);
  for (const filter of ['#', ...dollarTopics(world)]) await seen.subscribe(filter, 2);
  const stage = new Stage(port, seen);
  const decisions: string[] = [];
  for (const probe of world.probes) decisions.push(await stage.play(probe));
  await seen.leave();
  return decisions;
}
