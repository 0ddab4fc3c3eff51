// Listeners with TLS: versions, client certificates, certificates that are changed while clients are there, and
// pre-shared keys. Needs the built program; the pre-shared keys of Debian's clients are tried where these are there.
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeClientOptions } from '../../src/client/index.js';
import { describeWith, needs } from '../interop/needs.js';
import { run } from '../interop/program.js';
import { type Certificates, makeCertificates } from '../tools/certificates.js';
import { host, messagesOf, type RunningBroker, Scene } from './scene.js';

let scene: Scene;
let certificates: Certificates;

beforeAll(() => {
  scene = new Scene();
  certificates = makeCertificates();
  copy('server', 'server');
  for (const name of ['ca', 'other-ca']) copyFileSync(made(`${name}.crt`), scene.path(`${name}.crt`));
});

afterAll(async () => {
  await scene.close();
  certificates.remove();
});

const made = (name: string): string => join(certificates.folder, name);

/** Puts one of the certificates, with its key, where the configuration names it. */
function copy(from: string, to: string): void {
  for (const ending of ['crt', 'key']) copyFileSync(made(`${from}.${ending}`), scene.path(`${to}.${ending}`));
}

const secure = (tls: NodeClientOptions['tls'] = {}): NodeClientOptions => ({
  protocol: 'mqtts',
  tls: { ca: readFileSync(made('ca.crt')), ...tls },
});

const withClientCertificate = (): NodeClientOptions =>
  secure({ cert: readFileSync(made('client.crt')), key: readFileSync(made('client.key')) });

const pair = (): string => `certfile ${scene.path('server.crt')}\nkeyfile ${scene.path('server.key')}`;

/** The common name of the certificate that a server shows. */
function shownBy(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

describe('listeners with certificates', () => {
  let plain: number;
  let strict: number;
  let modern: number;
  let unknown: number;
  let broker: RunningBroker;
  let config: string;

  beforeAll(async () => {
    [plain, strict, modern, unknown] = (await scene.ports(4)) as [number, number, number, number];
    config = `
      allow_anonymous true
      listener ${plain} ${host}
      ${pair()}
      ciphers DEFAULT
      listener ${strict} ${host}
      ${pair()}
      cafile ${scene.path('ca.crt')}
      require_certificate true
      listener ${modern} ${host}
      ${pair()}
      tls_version tlsv1.3
      ciphers_tls1.3 TLS_AES_128_GCM_SHA256
      listener ${unknown} ${host}
      ${pair()}
      require_certificate true`;
    // an authority that Node trusts, as it does those of the web
    broker = await scene.start(config, { env: { NODE_EXTRA_CA_CERTS: made('ca.crt') } });
  });

  it('serve TLS 1.2 and 1.3, also when only the ciphers of one of them are named', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const client = await scene.connect(plain, secure({ minVersion: version, maxVersion: version }));
      expect(client.connected).toBe(true);
    }
  });

  it('refuse older versions than tls_version', async () => {
    await expect(scene.connect(modern, secure({ maxVersion: 'TLSv1.2' }))).rejects.toThrow();
    expect((await scene.connect(modern, secure())).connected).toBe(true);
    await broker.logged(/TLS handshake failed: unsupported protocol/);
  });

  it('let in who has a certificate of the authority, where certificates are required', async () => {
    expect((await scene.connect(strict, withClientCertificate())).connected).toBe(true);
    await expect(scene.connect(strict, secure())).rejects.toThrow();
    const stranger = secure({
      cert: readFileSync(made('other-ca.crt')),
      key: readFileSync(made('other-ca.key')),
    });
    await expect(scene.connect(strict, stranger)).rejects.toThrow();
  });

  it('trust no authority but those of cafile and capath', async () => {
    await expect(scene.connect(unknown, withClientCertificate())).rejects.toThrow();
  });

  it('show another certificate after SIGHUP, and drop nobody for it', async () => {
    const before = await scene.connect(plain, secure());
    const seen = await messagesOf(before, 'still/#');
    expect(await shownBy(plain)).toBe('server');
    copy('stranger', 'server');
    await broker.reload();
    for (const port of [plain, strict]) expect(await shownBy(port).catch(() => 'none')).toBe('stranger');
    await before.publish('still/here', 'yes', { qos: 1 });
    await expect.poll(() => seen).toEqual([['still/here', 'yes']]);
  });

  it('keep what they have when the new certificate cannot be used, and say so', async () => {
    copy('stranger', 'server');
    await broker.reload();
    copyFileSync(made('client.key'), scene.path('server.key'));
    const said = await broker.reloadInVain();
    expect(said).toMatch(/Error: Unable to load server key file ".*server\.key"\. Check keyfile\./);
    expect(await shownBy(plain)).toBe('stranger');
    copy('server', 'server');
    await broker.reload();
    expect(await shownBy(plain)).toBe('server');
  });

  it('forget the authorities that are no longer named, and take others', async () => {
    await broker.reload(config.replace('/ca.crt', '/other-ca.crt'));
    await expect(scene.connect(strict, withClientCertificate())).rejects.toThrow();
    await broker.reload(config);
    expect((await scene.connect(strict, withClientCertificate())).connected).toBe(true);
  });

  it('are not reloaded when that would change who has to have one: it takes a restart, says the log', async () => {
    const said = await broker.reloadInVain(
      config.replace('require_certificate true', 'require_certificate false'),
    );
    expect(said).toContain("Error: The 'require_certificate' option has changed. It decides who comes in");
    await expect(scene.connect(strict, secure())).rejects.toThrow();
  });
});

describeWith([needs.mosquittoPub], 'a listener with pre-shared keys', () => {
  const KEY = '0123456789abcdef';

  it('lets in who has a key, and takes over another file by SIGHUP', async () => {
    const port = await scene.port();
    const keys = scene.file('keys', `device:${KEY}\n`);
    const broker = await scene.start(
      `listener ${port} ${host}\npsk_hint hint\npsk_file ${keys}\nallow_anonymous true`,
    );
    const send = (identity: string, key: string) =>
      run('mosquitto_pub', [
        ...['-h', host, '-p', String(port), '--psk-identity', identity, '--psk', key],
        ...['-t', 'psk/topic', '-m', 'hello', '-q', '1'],
      ]);
    const reader = await scene.connect(port, {
      protocol: 'mqtts',
      tls: { psk: { identity: 'device', key: Buffer.from(KEY, 'hex') } },
    });
    const seen = await messagesOf(reader, 'psk/#');
    await send('device', KEY);
    await expect.poll(() => seen).toEqual([['psk/topic', 'hello']]);
    await expect(send('device', 'ffff')).rejects.toThrow('exit');
    await expect(send('stranger', KEY)).rejects.toThrow('exit');
    scene.file('keys', 'stranger:ffff\n');
    await broker.reload();
    await send('stranger', 'ffff');
    await expect(send('device', KEY)).rejects.toThrow('exit');
    await expect.poll(() => seen.length).toBe(2);
  });
});
