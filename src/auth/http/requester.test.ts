// Requests over TLS: only a server whose certificate is good is asked anything.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Certificates, makeCertificates } from '../../../test/tools/certificates.js';
import { HttpRequester } from './requester.js';

let certificates: Certificates;
let server: Server;
let asked = 0;
const pem = (name: string): string => readFileSync(join(certificates.folder, name), 'latin1');

beforeAll(async () => {
  certificates = makeCertificates();
  server = createServer({ cert: pem('server.crt'), key: pem('server.key') }, (_, response) => {
    asked++;
    response.end('yes');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  certificates.remove();
});

async function ask(ca: string | undefined): Promise<string> {
  const requester = new HttpRequester({ timeoutMs: 5000, concurrency: 1, queue: 1, maxAnswer: 10, ca });
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const { body } = await requester.ask({ method: 'GET', origin, path: '/', headers: {} });
    return body.toString();
  } finally {
    requester.close();
  }
}

it('a server whose certificate is from a trusted authority is asked', async () => {
  expect(await ask(pem('ca.crt'))).toBe('yes');
});

it('a server whose certificate is from anybody else is not asked', async () => {
  const before = asked;
  await expect(ask(undefined)).rejects.toThrow(/certificate/);
  await expect(ask(pem('other-ca.crt'))).rejects.toThrow(/certificate/);
  expect(asked).toBe(before);
});
