// Listeners that cannot be opened end the start of the broker with 1, and a text that says which file or address it
// is. Needs the built program.
import { chmodSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Certificates, makeCertificates } from '../tools/certificates.js';
import { host, listening, Scene } from './scene.js';

let scene: Scene;
let certificates: Certificates;
let port: number;

beforeAll(async () => {
  scene = new Scene();
  certificates = makeCertificates();
  chmodSync(certificates.folder, 0o755);
  scene.file('garbage.crt', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  port = await scene.port();
});

afterAll(async () => {
  await scene.close();
  certificates.remove();
});

const PAIR = 'certfile {certificates}/server.crt\nkeyfile {certificates}/server.key';

describe('the start ends with 1 when', () => {
  it.each([
    [
      'the certificate is missing',
      'certfile {certificates}/missing\nkeyfile {certificates}/server.key',
      /Unable to load server certificate ".*missing"\. Check certfile/,
    ],
    [
      'the certificate is none',
      'certfile {dir}/garbage.crt\nkeyfile {certificates}/server.key',
      /Unable to load server certificate ".*garbage\.crt"\. Check certfile\.\n.*OpenSSL Error/,
    ],
    [
      'the key is that of another certificate',
      'certfile {certificates}/server.crt\nkeyfile {certificates}/client.key',
      /Unable to load server key file ".*client\.key"\. Check keyfile\.\n.*OpenSSL Error/,
    ],
    [
      'the authorities cannot be read, which would shut all clients out',
      `${PAIR}\ncafile {dir}/garbage.crt`,
      /Unable to load CA certificates\. Check cafile ".*garbage\.crt"\.\n.*OpenSSL Error/,
    ],
    ['there is no cipher of that name', `${PAIR}\nciphers NONE`, /Unable to set TLS ciphers\. Check .*NONE/],
    [
      'the version of TLS is too old',
      `${PAIR}\ntls_version tlsv1.1`,
      /Unsupported tls_version "tlsv1\.1"\. Write tlsv1\.2 or tlsv1\.3/,
    ],
    ['the interface is not there', 'bind_interface nothere0', /Error: .*nothere0/],
  ])('%s', async (_, lines, complaint) => {
    const config = `listener ${port}\n${lines}`
      .replaceAll('{certificates}', certificates.folder)
      .replaceAll('{dir}', scene.folder);
    await scene.refusal(config, 1, complaint);
  });

  it('the port is in use', async () => {
    const server = await listening();
    const { port: taken } = server.address() as AddressInfo;
    try {
      const said = await scene.refusal(`listener ${taken} ${host}`, 1, /Error: Address already in use/);
      expect(said).toContain(`${host}:${taken} is in use by another program`);
    } finally {
      server.close();
    }
  });

  it('the address is not one of this machine', async () => {
    await scene.refusal(`listener ${port} 192.0.2.1`, 1, /Error: .*192\.0\.2\.1/);
  });

  it('a file that is no socket is where a unix socket should be', async () => {
    const path = scene.file('notes.txt', 'mine');
    await scene.refusal(`listener 0 ${path}`, 1, /Error: .*notes\.txt is there and is no socket/);
  });
});
