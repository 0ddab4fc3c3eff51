// The pages about the configuration say what the program does. Needs the built program.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { optionNames } from '../../src/config/options.js';

const checkout = join(import.meta.dirname, '../..');
const page = (name: string): string => readFileSync(join(checkout, 'docs', name), 'utf8');

describe('docs/configuration.md', () => {
  it('is what `npm run docs` makes of the table of options', () => {
    const script = join(checkout, 'scripts/options-page.mjs');
    expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow();
  });

  it('has every option, old names included, as --help-options has', () => {
    const help = execFileSync(process.execPath, [
      join(checkout, 'bin/pondhawk'),
      '--help-options',
    ]).toString();
    for (const name of optionNames.keys()) {
      expect(page('configuration.md')).toContain(`\`${name}\``);
      expect(help).toMatch(new RegExp(`(^|\\W)${name.replaceAll('.', '\\.')}(\\W|$)`, 'm'));
    }
  });
});

describe('docs/coming-from-mosquitto.md', () => {
  it('names no option that does not exist', () => {
    const code = [...page('coming-from-mosquitto.md').matchAll(/`([a-z]+(?:_[a-z]+)+)(?: [^`]*)?`/g)];
    const words = code.map(([, name]) => name!).filter((name) => !name.startsWith('mosquitto_'));
    const unknown = words.filter(
      (name) => !optionNames.has(name) && !name.startsWith('plugin_opt') && name !== 'http_api',
    );
    expect(unknown).toEqual([]);
  });
});
