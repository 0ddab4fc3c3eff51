// A protected broker, somebody who uses it and somebody who attacks it, each from an address of its own.
import { type Client, createClient } from '../../src/client/index.js';
import { Broker, type BrokerOptions, type ListenOptions } from '../../src/index.js';
import { Attacker } from './attacker.js';

const HONEST = '127.0.0.2';
/** Of the attacker: what a socket has that asks for no other. */
export const EVIL = '127.0.0.1';

export class Scene {
  readonly lines: string[] = [];
  readonly broker: Broker;
  port = 0;
  attacker!: Attacker;
  client!: Client;

  private constructor(options: BrokerOptions) {
    const log = (_level: string, text: string): void => {
      this.lines.push(text);
    };
    // this machine is never banned unless the test says so
    this.broker = new Broker({ closeTimeout: 1, neverBan: '', ...options, log });
  }

  static async open(options: BrokerOptions, listener: Partial<ListenOptions> = {}): Promise<Scene> {
    const scene = new Scene(options);
    const { port } = await scene.broker.listen({ port: 0, host: '127.0.0.1', ...listener });
    scene.port = port;
    scene.attacker = new Attacker(port);
    return scene;
  }

  /** The honest client connects. */
  async join(options: Parameters<typeof createClient>[0] = {}): Promise<void> {
    this.client = createClient({
      ...{ host: '127.0.0.1', port: this.port, localAddress: HONEST, reconnect: false, version: 5 },
      ...{ username: 'honest', password: 'right', ...options },
    });
    await this.client.connect();
  }

  /** Fails unless the honest client is served now. */
  async isServed(): Promise<void> {
    await this.client.publish('a', 'hello', { qos: 1 });
  }

  async close(): Promise<void> {
    this.attacker.stop();
    await this.client?.disconnect({ timeout: 0 }).catch(() => {});
    await this.broker.close();
  }
}
