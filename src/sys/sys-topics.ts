// The plugin that publishes the $SYS tree (mosquitto(8), BROKER STATUS): what Mosquitto 2.1.2 publishes, when it
// would, and the counters of packet types that its manual promises.
import type { Metrics } from '../core/metrics.js';
import type { Plugin, PluginBroker } from '../core/plugin.js';
import { type Clock, everyMultipleOf, systemClock } from './clock.js';
import { SysTree, type Tell } from './sys-tree.js';

/** Seconds; as in Mosquitto's configuration file. */
const LONGEST_INTERVAL = 65_535;

export interface SysTopicsOptions {
  /** The numbers of the broker that the plugin runs in. */
  readonly metrics: () => Readonly<Metrics>;
  /** The text of $SYS/broker/version, name of the program included. */
  readonly version: string;
  /** Seconds between updates, `sys_interval`: a whole number up to 65535; 0 is never. */
  readonly interval: number;
  readonly clock?: Clock | undefined;
  /** Bytes of memory in use; without it what JavaScript holds, buffers included. */
  readonly memory?: (() => number) | undefined;
}

export interface SysTopicsPlugin extends Plugin {
  /** Another interval, in seconds, from now on. What is published already stays. Throws RangeError. */
  changeInterval(seconds: number): void;
}

function heapInUse(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function checkedInterval(seconds: number): number {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= LONGEST_INTERVAL) return seconds;
  throw new RangeError(`sys_interval must be a whole number of seconds from 0 to 65535, not ${seconds}`);
}

class SysTopics implements SysTopicsPlugin {
  readonly name = '$SYS';
  readonly #options: SysTopicsOptions;
  readonly #clock: Clock;
  #interval: number;
  #broker: PluginBroker | null = null;
  #tree: SysTree | null = null;
  #stopTimer: (() => void) | null = null;
  #startedAt = 0;
  /** A problem is the same at every update, and is said once. */
  #hasComplained = false;

  constructor(options: SysTopicsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#interval = checkedInterval(options.interval);
  }

  start(broker: PluginBroker): void {
    this.#broker = broker;
    this.#startedAt = this.#clock.now();
    this.#run();
  }

  stop(): void {
    this.#broker = null;
    this.#endTimer();
  }

  changeInterval(seconds: number): void {
    this.#interval = checkedInterval(seconds);
    this.#endTimer();
    this.#run();
  }

  #run(): void {
    const broker = this.#broker;
    if (broker === null || this.#interval === 0) return;
    const tell: Tell = (topic, value) => this.#publish(broker, topic, value);
    const tree = this.#tree ?? this.#begin(tell);
    this.#stopTimer = everyMultipleOf(this.#clock, this.#interval, () => tree.update(tell));
  }

  #begin(tell: Tell): SysTree {
    const { metrics, memory = heapInUse, version } = this.#options;
    const [clock, startedAt] = [this.#clock, this.#startedAt];
    this.#tree = new SysTree({ metrics: metrics(), memory, clock, startedAt });
    this.#tree.begin(version, tell);
    return this.#tree;
  }

  #endTimer(): void {
    this.#stopTimer?.();
    this.#stopTimer = null;
  }

  /** With Mosquitto's QoS; retained, unless the broker has no retained messages. */
  #publish(broker: PluginBroker, topic: string, value: string): void {
    try {
      broker.publish({ topic, payload: value, qos: 2, retain: true });
    } catch (error) {
      if (this.#hasComplained) return;
      this.#hasComplained = true;
      const reason = error instanceof Error ? error.message : String(error);
      broker.log('warning', `${topic} could not be published: ${reason}`);
    }
  }
}

/** The $SYS tree of a broker. With interval 0 it has no timer and publishes nothing. */
export function sysTopicsPlugin(options: SysTopicsOptions): SysTopicsPlugin {
  return new SysTopics(options);
}
