// What a browser gets: dist/browser stands alone, needs nothing of Node, and exports what the library exports.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import * as library from '../../src/client/index.js';

const folder = fileURLToPath(new URL('../../dist/browser/', import.meta.url));
/** What only Node can do: it keeps files. */
const nodeOnly = ['FileSessionStore'];

/** The scripts by their names. */
let scripts: Map<string, string>;

beforeAll(() => {
  if (!existsSync(`${folder}client.js`))
    throw new Error('dist/browser/client.js is not there: run `npm run build` first');
  const names = readdirSync(folder).filter((name) => name.endsWith('.js'));
  scripts = new Map(names.map((name) => [name, readFileSync(`${folder}${name}`, 'utf8')]));
});

/** What a script imports, at once or on use. */
function imports(code: string): string[] {
  return [...code.matchAll(/\b(?:import|from)\s*\(?\s*(["'`])(.*?)\1/g)].map(([, , name]) => name!);
}

describe('dist/browser', () => {
  it('imports nothing from outside its folder', () => {
    const imported = [...scripts.values()].flatMap(imports);
    expect(imported).not.toEqual([]);
    for (const name of imported) {
      expect(name).toMatch(/^\.\/[\w-]+\.js$/);
      expect([...scripts.keys()]).toContain(name.slice(2));
    }
  });

  it('has no script that nobody loads', () => {
    const reached = new Set(['client.js']);
    for (const name of reached) for (const one of imports(scripts.get(name)!)) reached.add(one.slice(2));
    expect([...reached].sort()).toEqual([...scripts.keys()].sort());
  });

  it.each(['process', 'Buffer', 'require', 'global', '__dirname', 'setImmediate', 'eval', 'Function'])(
    'does not know %s',
    (name) => {
      // as a variable: neither a property, nor a key, nor a word of a text
      const use = new RegExp(`(?<![.\\w$'"\`#-])(?<!\\w )${name}(?![\\w$'"\`-]|:| \\w)`);
      for (const [script, code] of scripts) expect(use.exec(code)?.[0], script).toBeUndefined();
    },
  );

  it('exports what the library exports, but for what only Node can do', async () => {
    const bundled = (await import(`${folder}client.js`)) as object;
    // what the other scripts need of client.js it exports too, under names of a letter or two
    const names = Object.keys(bundled).filter((name) => name.length > 2);
    expect(names.sort()).toEqual(
      Object.keys(library)
        .filter((name) => !nodeOnly.includes(name))
        .sort(),
    );
    expect(nodeOnly.filter((name) => !(name in library))).toEqual([]);
  });

  it('may be loaded where there is no browser and nothing to connect to', async () => {
    const { createClient } = (await import(`${folder}client.js`)) as typeof library;
    expect(() => createClient({ version: 6 as 5 })).toThrow('version');
  });
});
