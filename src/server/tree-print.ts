// What SIGUSR2 prints: the sessions, and the tree of subscriptions as Mosquitto draws it.
import type { ClientState } from '../broker.js';
import { printable } from '../logging/logger.js';

interface Node {
  readonly levels: Map<string, Node>;
  readonly subscribers: string[];
}

function newNode(): Node {
  return { levels: new Map(), subscribers: [] };
}

function add(root: Node, filter: string, subscriber: string): void {
  let node = root;
  for (const level of filter.split('/')) {
    let next = node.levels.get(level);
    if (next === undefined) {
      next = newNode();
      node.levels.set(level, next);
    }
    node = next;
  }
  node.subscribers.push(subscriber);
}

function draw(node: Node, depth: number, lines: string[]): void {
  for (const [level, next] of node.levels) {
    const subscribers = next.subscribers.map((one) => ` (${one})`).join('');
    lines.push(`${' '.repeat(depth * 2)}${level}${subscribers}`);
    draw(next, depth + 1, lines);
  }
}

/** The text, line by line. */
export function treePrint(clients: Iterable<ClientState>): string {
  const root = newNode();
  const lines = ['Sessions:'];
  for (const client of clients) {
    const { clientId, connected, queued, inflight, remoteAddress, remotePort, subscriptions } = client;
    const where = connected ? `connected from ${remoteAddress}:${remotePort}` : 'not connected';
    lines.push(
      `  ${clientId}: ${where}, ${subscriptions.length} subscriptions, ${queued} queued, ${inflight} in flight`,
    );
    for (const filter of subscriptions) add(root, filter, clientId);
  }
  lines.push('Subscriptions:');
  draw(root, 1, lines);
  return `${lines.map(printable).join('\n')}\n`;
}
