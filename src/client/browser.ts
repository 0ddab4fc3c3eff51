// pondhawk/client in browsers: MQTT over WebSocket, without dependencies.
import { Client } from './client.js';
import { type WebClientOptions, webPlatform } from './web.js';

export * from './exports.js';
export type { WebClientOptions } from './web.js';

/** A client that has not connected yet: add listeners, then call its `connect`. */
export function createClient(options: WebClientOptions = {}): Client {
  return new Client(options, webPlatform(options));
}

/** Connects to a server. Rejects with a ClientError when that fails (see `retryFirstConnect`). */
export async function connect(
  url: string | WebClientOptions,
  options: WebClientOptions = {},
): Promise<Client> {
  const client = createClient(typeof url === 'string' ? { ...options, url } : url);
  await client.connect();
  return client;
}
