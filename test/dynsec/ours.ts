// Our broker with dynamic security, whose file is in a folder of its own. Clients without a name may connect.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dynamicSecurityPlugin } from '../../src/auth/dynamic-security/dynamic-security-plugin.js';
import { Broker } from '../../src/index.js';
import type { RunningBroker } from './mosquitto.js';
import { ADMIN_PASSWORD } from './session.js';

export async function startOurs(): Promise<RunningBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'dynsec-'));
  const configFile = join(folder, 'state.json');
  const passwordInitFile = join(folder, 'init');
  writeFileSync(passwordInitFile, ADMIN_PASSWORD, { mode: 0o600 });
  const dynamicSecurity = await dynamicSecurityPlugin({ configFile, passwordInitFile, log: () => {} });
  const anonymous = {
    name: 'anonymous',
    authenticate: (_client: unknown, { username }: { username: string | undefined }) =>
      username === undefined ? true : undefined,
  };
  const broker = new Broker({ plugins: [dynamicSecurity, anonymous] });
  const { port } = await broker.listen({ port: 0, host: '127.0.0.1' });
  return {
    port,
    fileText: () => readFileSync(configFile, 'utf8'),
    stop: async () => {
      await broker.close();
      rmSync(folder, { recursive: true });
    },
  };
}
