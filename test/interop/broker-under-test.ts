// Starts the broker that the clients of this folder talk to: ours, in this process, on a free port of loopback.
// With INTEROP_PORT set, the tests talk to whatever broker already listens there instead; a test that fails
// against Mosquitto too is wrong itself.
import { randomBytes } from 'node:crypto';

export interface BrokerUnderTest {
  readonly host: '127.0.0.1';
  readonly port: number;
  stop(): Promise<void>;
}

export async function startBroker(): Promise<BrokerUnderTest> {
  const host = '127.0.0.1';
  const running = process.env['INTEROP_PORT'];
  if (running) return { host, port: Number(running), stop: async () => {} };
  const { Broker } = await import('../../src/index.js');
  // Bursts of thousands of messages are sent faster than a client takes them: none of them may be dropped here.
  const broker = new Broker({ maxQueuedMessages: 0 });
  const { port } = await broker.listen({ port: 0, host });
  return { host, port, stop: () => broker.close() };
}

/** A name no other test uses, short enough for a client identifier of MQTT 3.1 (23 bytes). */
export function uniqueName(hint: string): string {
  return `${hint}-${randomBytes(4).toString('hex')}`;
}
