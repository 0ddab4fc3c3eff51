// The values under $SYS/broker/ as they were told last, and what of them is news at an update. It knows no timer.
import type { Metrics } from '../core/metrics.js';
import type { Clock } from './clock.js';
import { type CounterTopic, counterTopics, type Kind, type Source } from './counter-topics.js';
import { type LoadTopic, loadTopics } from './load-topics.js';

/** Takes one value; the topic is whole. */
export type Tell = (topic: string, value: string) => void;

/**
 * Mosquitto begins as if it had told 1 of every number: one that is 1 when the broker starts, such as a session
 * from the store, has no topic until it changes. A maximum has none until it is 2.
 */
const TOLD_BEFORE = 1;

const PREFIX = '$SYS/broker/';

/** One line of the table, as far as it was told. */
class Row {
  #told = TOLD_BEFORE;
  #noted = 0;

  constructor(
    readonly definition: CounterTopic,
    readonly source: Source,
  ) {}

  get #current(): number {
    const { kind, read } = this.definition;
    return kind === 'counter' ? read(this.source) : this.#noted;
  }

  /** How much it has grown since it was told. */
  get growth(): number {
    return this.#current - this.#told;
  }

  /** The state of this moment is that of the update. */
  note(): void {
    this.#noted = this.definition.read(this.source);
  }

  tell(tell: Tell): void {
    const { kind, topics } = this.definition;
    const current = this.#current;
    if (kind === 'maximum' ? current <= this.#told : current === this.#told) return;
    this.#told = current;
    for (const topic of topics) tell(PREFIX + topic, String(current));
  }
}

/** What the tree is made of. */
export interface SysTreeParts {
  readonly metrics: Readonly<Metrics>;
  /** Bytes of memory in use. */
  readonly memory: () => number;
  readonly clock: Clock;
  /** When the broker started, on the clock. */
  readonly startedAt: number;
}

export class SysTree {
  readonly #parts: SysTreeParts;
  readonly #source: Source & { memory: number };
  readonly #rows: readonly Row[];
  readonly #loads: readonly (LoadTopic & { row: Row })[];
  #updatedAt: number;

  constructor(parts: SysTreeParts) {
    this.#parts = parts;
    this.#source = { metrics: parts.metrics, memory: 0 };
    this.#updatedAt = parts.clock.now();
    this.#rows = counterTopics.map((definition) => new Row(definition, this.#source));
    this.#loads = loadTopics().map((load) => ({
      ...load,
      row: this.#rows.find(({ definition }) => definition.topics.includes(load.counter))!,
    }));
  }

  /** Everything, once. `version`: the whole text. */
  begin(version: string, tell: Tell): void {
    tell(`${PREFIX}version`, version);
    this.#readStates(tell);
    this.#tellRows(tell);
    for (const { topic, average } of this.#loads) tell(PREFIX + topic, average.text);
  }

  /** The uptime, and of everything else what has changed. */
  update(tell: Tell): void {
    this.#readStates(tell);
    this.#tellLoads(tell);
    this.#tellRows(tell);
  }

  /** The states, and the uptime where Mosquitto has it: before it looks how much is stored. */
  #readStates(tell: Tell): void {
    this.#note('backlog');
    this.#tellUptime(tell);
    this.#source.memory = this.#parts.memory();
    this.#note('gauge', 'maximum');
  }

  #note(...kinds: Kind[]): void {
    for (const row of this.#rows) if (kinds.includes(row.definition.kind)) row.note();
  }

  #tellUptime(tell: Tell): void {
    const { clock, startedAt } = this.#parts;
    const seconds = Math.floor((clock.now() - startedAt) / 1000);
    tell(`${PREFIX}uptime`, `${seconds} seconds`);
  }

  /** Before the rows are told, which they have grown since then. */
  #tellLoads(tell: Tell): void {
    const now = this.#parts.clock.now();
    // whole seconds, as Mosquitto counts them; the first update may come within one
    const seconds = Math.max(1, Math.round((now - this.#updatedAt) / 1000));
    this.#updatedAt = now;
    for (const { topic, average, row } of this.#loads)
      if (average.add(row.growth, seconds)) tell(PREFIX + topic, average.text);
  }

  #tellRows(tell: Tell): void {
    for (const row of this.#rows) row.tell(tell);
  }
}
