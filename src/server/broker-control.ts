// The control topic of the broker itself (mosquitto.conf(5), enable_control_api): which listeners and plugins it has.
import { type Commands, carryOut, commandsOf, type Outcome } from '../auth/control/control-api.js';
import type { Configuration, ListenerConfiguration } from '../config/configuration.js';
import type { ClientInfo, Plugin, PluginBroker, PublishedMessage } from '../core/plugin.js';
import type { Log } from './client-log.js';
import { speaksTls } from './listening.js';

const CONTROL_TOPIC = '$CONTROL/broker/v1';
const RESPONSE_TOPIC = `${CONTROL_TOPIC}/response`;

/** What is told of a listener. */
export type ListedListener = Pick<ListenerConfiguration, 'port' | 'path' | 'host' | 'settings'>;

/** What there is at the moment. */
export interface Inventory {
  /** As the configuration has them; those that stay closed are none. */
  readonly listeners: () => readonly ListedListener[];
  /** Those that the configuration names. */
  readonly plugins: () => readonly Plugin[];
  readonly log: Log;
}

function listenerAnswer({ port, path, host, settings }: ListedListener): Outcome {
  return {
    port,
    protocol: settings.protocol === 'websockets' ? 'mqtt+websockets' : 'mqtt',
    'socket-path': path,
    'bind-address': host,
    tls: speaksTls(settings),
  };
}

function pluginAnswer({ name, controlTopics }: Plugin): Outcome {
  const topics = Object.keys(controlTopics ?? {});
  return { name, 'control-endpoints': topics.length === 0 ? undefined : topics };
}

type Tell = (inventory: Inventory) => Outcome;

const commands: Commands<Tell> = commandsOf<Tell>({
  listListeners: ({ listeners }) => ({ listeners: listeners().map(listenerAnswer) }),
  listPlugins: ({ plugins }) => ({ plugins: plugins().map(pluginAnswer) }),
});

class BrokerControl implements Plugin {
  readonly name = 'broker-control';
  readonly controlTopics = {
    [CONTROL_TOPIC]: (client: ClientInfo, message: PublishedMessage) => this.#control(client, message),
  };
  readonly #inventory: Inventory;
  #broker: PluginBroker | null = null;

  constructor(inventory: Inventory) {
    this.#inventory = inventory;
  }

  start(broker: PluginBroker): void {
    this.#broker = broker;
  }

  stop(): void {
    this.#broker = null;
  }

  async #control(
    { clientId, username = '(null)' }: ClientInfo,
    { payload }: PublishedMessage,
  ): Promise<void> {
    const answer = await carryOut(payload, commands, (tell, name) => {
      this.#inventory.log('information', `Broker: ${clientId}/${username} | ${name}`);
      return tell(this.#inventory);
    });
    // the acknowledgement comes before
    setImmediate(() => this.#broker?.publish({ topic: RESPONSE_TOPIC, payload: answer }));
  }
}

/** The plugins for this: none unless the configuration wants it. */
export function brokerControl(config: Configuration, inventory: Inventory): readonly Plugin[] {
  return config.settings.enable_control_api === true ? [new BrokerControl(inventory)] : [];
}
