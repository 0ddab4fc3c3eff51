// Plays a case of the corpus with our own program, in this process: `pondhawk … --test-config` needs nothing else.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { vi } from 'vitest';
import { runBroker } from '../../src/cli/broker.js';
import type { ConfigCase } from './config-case.js';

export interface Outcome {
  readonly exit: number;
  readonly stderr: string;
}

function meant(text: string, folder: string): string {
  return text
    .replaceAll('{dir}', folder)
    .replaceAll('{certificates}', folder)
    .replaceAll('{plugins}', folder)
    .replaceAll(/\{port(\d+)\}/g, (_, number: string) => String(20_000 + Number(number)));
}

function write(folder: string, { config, encoding, files = {} }: ConfigCase): void {
  writeFileSync(join(folder, 'mosquitto.conf'), Buffer.from(meant(config, folder), encoding ?? 'utf8'));
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(path, meant(text, folder));
  }
}

/** With --test-config; what differs from run to run is replaced as in the recording. */
export async function testInProcess(given: ConfigCase): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  const here = process.cwd();
  let stderr = '';
  const take = (text: unknown): boolean => {
    stderr += String(text);
    return true;
  };
  const spies = [
    vi.spyOn(process.stderr, 'write').mockImplementation(take),
    vi.spyOn(process.stdout, 'write').mockImplementation(() => true),
  ];
  try {
    chmodSync(folder, 0o755);
    write(folder, given);
    const args =
      given.arguments === undefined
        ? ['-c', join(folder, 'mosquitto.conf'), '--test-config']
        : ['--test-config', ...given.arguments.map((word) => meant(word, folder))];
    process.chdir(folder);
    const exit = await runBroker(args);
    return { exit, stderr: stderr.replaceAll(folder, '{dir}') };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.chdir(here);
    rmSync(folder, { recursive: true, force: true });
  }
}
