// Certificates for the cases over TLS, made anew with openssl: an authority, a server, a client, an authority that
// signed none of them, and a folder of authorities. Elliptic curves, because RSA keys take long to make.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificates {
  readonly folder: string;
  remove(): void;
}

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
  const openssl = (...args: string[]): string =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  for (const name of ['ca', 'other-ca'])
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-days',
      '30',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
    );
  for (const [name, alternatives] of [
    ['server', 'DNS:localhost,IP:127.0.0.1'],
    ['stranger', 'DNS:elsewhere.example'],
    ['client', 'DNS:client.example'],
  ] as const) {
    openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${alternatives}\n`);
    const signer = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...signer,
      '-days',
      '30',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.crt`,
    );
  }
  mkdirSync(join(folder, 'authorities'));
  const hash = openssl('x509', '-in', 'ca.crt', '-noout', '-subject_hash').trim();
  copyFileSync(join(folder, 'ca.crt'), join(folder, 'authorities', `${hash}.0`));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
