// Looks the broker's host up once, so that thousands of connects do not wait for the name service, and their latency is
// that of the broker. Where a name has several addresses, the first that answers is taken.
import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import type { BenchConfig } from './config.js';

const PATIENCE = 3000;

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PATIENCE });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}

/** The same with an address for the host's name. WebSocket keeps the name, which its request names. */
export async function withAddress(config: BenchConfig): Promise<BenchConfig> {
  const { host, port, protocol } = config.target;
  if (isIP(host) !== 0 || protocol === 'ws' || protocol === 'wss') return config;
  const addresses = (await lookup(host, { all: true }).catch(() => [])).map(({ address }) => address);
  let [chosen] = addresses;
  if (chosen === undefined) return config;
  if (addresses.length > 1) {
    for (const address of addresses) {
      if (!(await answers(address, port))) continue;
      chosen = address;
      break;
    }
  }
  return { ...config, target: { ...config.target, host: chosen } };
}
