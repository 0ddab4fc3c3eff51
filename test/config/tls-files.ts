// The TLS files that cases name: those of the tools' cases, and a revocation list.
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Certificates, makeCertificates } from '../tools/certificates.js';

const authority = '[ca]\ndefault_ca=it\n[it]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=30\n';

export function makeTlsFiles(): Certificates {
  const certificates = makeCertificates();
  const { folder } = certificates;
  writeFileSync(join(folder, 'authority.cnf'), authority);
  writeFileSync(join(folder, 'index.txt'), '');
  const files = ['-config', 'authority.cnf', '-keyfile', 'ca.key', '-cert', 'ca.crt', '-out', 'ca.crl'];
  execFileSync('openssl', ['ca', '-gencrl', ...files], { cwd: folder, stdio: 'ignore' });
  // started by root, Mosquitto reads them as another user
  chmodSync(folder, 0o755);
  for (const name of readdirSync(folder))
    chmodSync(join(folder, name), name === 'authorities' ? 0o755 : 0o644);
  return certificates;
}
