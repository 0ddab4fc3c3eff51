// What the engine knows of a listener: what holds for the clients that come in through it.
import type { ProtocolVersion } from '../protocol/index.js';
import type { EngineOptions } from './options.js';

export interface ListenerLimits {
  /** Connections at once; 0: any number. */
  maxConnections: number;
  /** Largest QoS that clients may publish and subscribe with. */
  maxQos: number;
  /** Topic aliases that an MQTT 5 client may set, and that the broker sets to one. */
  maxTopicAlias: number;
  maxTopicAliasBroker: number;
  /** Versions of MQTT that clients may use. */
  versions: readonly ProtocolVersion[];
  /** Give clients that send no client id a generated one. */
  allowZeroLengthClientid: boolean;
  /** What generated client ids begin with. */
  autoIdPrefix: string;
  /** What the client has proved is its user name, whatever it sent; nobody is asked about its password. */
  usernameFrom: 'identity' | 'subject' | null;
  /** The user name is the client id, whatever the client sent. */
  usernameAsClientid: boolean;
}

const ALL_VERSIONS: readonly ProtocolVersion[] = [3, 4, 5];

export class Listener {
  /** For logs and plugins. */
  readonly name: string;
  /** Where it listens, for logs; 0 when that is no port. */
  port = 0;
  connections = 0;
  limits: ListenerLimits;
  #given: Partial<ListenerLimits>;

  constructor(name: string, given: Partial<ListenerLimits>, options: EngineOptions) {
    this.name = name;
    this.#given = given;
    this.limits = this.#resolve(options);
  }

  /** What was given for this listener, else what holds for the broker. */
  #resolve(options: EngineOptions): ListenerLimits {
    const { maxQos, maxTopicAlias, maxTopicAliasBroker, allowZeroLengthClientid, autoIdPrefix } = options;
    const given = this.#given;
    return {
      maxConnections: 0,
      versions: ALL_VERSIONS,
      usernameFrom: null,
      usernameAsClientid: false,
      maxTopicAlias,
      maxTopicAliasBroker,
      allowZeroLengthClientid,
      autoIdPrefix,
      ...given,
      maxQos: Math.min(maxQos, given.maxQos ?? maxQos),
    };
  }

  /** Takes over what has changed; connections that are there keep what they were told. */
  change(given: Partial<ListenerLimits>, options: EngineOptions): void {
    this.#given = given;
    this.limits = this.#resolve(options);
  }

  optionsChanged(options: EngineOptions): void {
    this.limits = this.#resolve(options);
  }
}
