// pondhawk/client in Node: everything, with sockets, TLS and WebSocket.
import { Client } from './client.js';
import { type NodeClientOptions, nodePlatform } from './node.js';

export * from './exports.js';
export { FileSessionStore } from './file-session-store.js';
export type { NodeClientOptions, PreSharedKey, TlsOptions } from './node.js';
export type { WebSocketOptions } from './node-websocket.js';

/** A client that has not connected yet: add listeners, then call its `connect`. */
export function createClient(options: NodeClientOptions = {}): Client {
  return new Client(options, nodePlatform(options));
}

/** Connects to a server. Rejects with a ClientError when that fails (see `retryFirstConnect`). */
export async function connect(
  url: string | NodeClientOptions,
  options: NodeClientOptions = {},
): Promise<Client> {
  const client = createClient(typeof url === 'string' ? { ...options, url } : url);
  await client.connect();
  return client;
}
