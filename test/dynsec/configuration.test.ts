// The lines of a mosquitto.conf that turn dynamic security on, and what is wrong with them.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readConfiguration } from '../../src/config/read-configuration.js';
import type { ClientInfo, Plugin, PublishedMessage } from '../../src/core/plugin.js';
import { loadPlugins } from '../../src/server/plugins.js';

let folder: string;
const said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynsec-'));
  said.length = 0;
  writeFileSync(join(folder, 'init'), 'secret\n', { mode: 0o600 });
});

afterEach(() => rmSync(folder, { recursive: true }));

function load(...lines: string[]): Promise<Plugin[]> {
  const file = join(folder, 'conf');
  const text = lines.map((line) => `${line.replaceAll('{folder}', folder)}\n`).join('');
  writeFileSync(file, text);
  const config = readConfiguration([file], (_level, line) => said.push(line));
  if (config === undefined) throw new Error(said.join('\n'));
  return loadPlugins(config, (_level, line) => said.push(line));
}

const turnedOn = ['plugin_opt_config_file {folder}/state', 'plugin_opt_password_init_file {folder}/init'];

it.each([
  ['mosquitto_dynamic_security.so'],
  ['plugins/mosquitto_dynamic_security.so'],
  ['mosquitto_dynamic_security'],
])('a plugin line with %s turns it on', async (name) => {
  const [plugin] = await load('listener 1883', `plugin ${name}`, ...turnedOn);
  expect(plugin?.name).toBe('dynamic-security');
  expect(existsSync(join(folder, 'state'))).toBe(true);
});

it('without a file it stays off, and a warning says so', async () => {
  expect(await load('listener 1883', 'plugin mosquitto_dynamic_security.so')).toEqual([]);
  expect(said).toContain(
    'Warning: Dynamic security plugin has no plugin_opt_config_file defined. The plugin will not be activated.',
  );
});

it('with a file that is broken the broker does not start', async () => {
  writeFileSync(join(folder, 'state'), '{');
  await expect(
    load('listener 1883', 'plugin mosquitto_dynamic_security.so', ...turnedOn),
  ).rejects.toMatchObject({
    name: 'ServerProblem',
    lines: [
      'Error loading Dynamic security plugin config: File is not valid JSON.',
      `Error: Correct ${join(folder, 'state')}, or move it away.`,
    ],
  });
});

it('names that it does not know are left to a password file, where there is one', async () => {
  const stranger = { username: 'stranger', listener: '' } as ClientInfo;
  const judge = async (...lines: string[]): Promise<unknown> => {
    const [plugin] = await load(
      'listener 1883',
      'plugin mosquitto_dynamic_security.so',
      ...turnedOn,
      ...lines,
    );
    return plugin!.authenticate!(stranger, { username: 'stranger', password: Buffer.from('x') });
  };
  expect(await judge()).toBe(false);
  expect(await judge(`password_file ${join(folder, 'init')}`)).toBeUndefined();
});

it('for one listener it is asked about clients of that one alone', async () => {
  const listeners = ['per_listener_settings true', 'listener 1883 127.0.0.1'];
  const [plugin] = await load(
    ...listeners,
    'plugin mosquitto_dynamic_security.so',
    ...turnedOn,
    'listener 1884 127.0.0.1',
  );
  const at = (listener: string): ClientInfo => ({ username: 'admin', clientId: 'c', listener }) as ClientInfo;
  const [inside, outside] = [at('127.0.0.1:1883'), at('127.0.0.1:1884')];
  expect([plugin!.mayPublish!(inside, '$CONTROL/x'), plugin!.mayPublish!(outside, '$CONTROL/x')]).toEqual([
    true,
    undefined,
  ]);
  expect([plugin!.mayUnsubscribe!(outside, '$x'), plugin!.mayRead!(outside, '$CONTROL/x')]).toEqual([
    true,
    true,
  ]);
  const handle = plugin!.controlTopics!['$CONTROL/dynamic-security/v1']!;
  const payload = Buffer.from('{"commands":[{"command":"deleteClient","username":"admin"}]}');
  await handle(outside, { payload } as unknown as PublishedMessage);
  expect(plugin!.mayPublish!(inside, '$CONTROL/x')).toBe(true);
  await handle(inside, { payload } as unknown as PublishedMessage);
  expect(plugin!.mayPublish!(inside, '$CONTROL/x')).toBeUndefined();
});
