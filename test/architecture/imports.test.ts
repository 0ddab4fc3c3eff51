// Who may import whom in src/, as the architecture says: what is lower knows nothing of what is higher, what
// stands side by side knows nothing of each other, and nothing goes in circles.
import { describe, expect, it } from 'vitest';
import { cyclesOf } from './cycles.js';
import {
  isTest,
  packageDependencies,
  partOf,
  type SourceFile,
  sourceFiles,
  sourceFolders,
} from './source-tree.js';

/** What each part of src/ may import beside itself. A part that is not listed here has to be thought about. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  core: ['protocol'],
  client: ['protocol'],
  listeners: ['protocol', 'core'],
  store: ['protocol', 'core'],
  cluster: ['protocol', 'core'],
  auth: ['protocol', 'core'],
  http: ['protocol', 'core'],
  bridge: ['protocol', 'core', 'client'],
  sys: ['protocol', 'core'],
  config: [],
  time: [],
  logging: ['core'],
  server: [
    'protocol',
    'core',
    'listeners',
    'store',
    'auth',
    'bridge',
    'sys',
    'config',
    'logging',
    'time',
    'broker.ts',
  ],
  'broker.ts': [
    'protocol',
    'core',
    'client',
    'listeners',
    'store',
    'cluster',
    'auth',
    'http',
    'bridge',
    'sys',
  ],
  'index.ts': [
    'protocol',
    'core',
    'client',
    'listeners',
    'store',
    'cluster',
    'auth',
    'http',
    'bridge',
    'sys',
    'broker.ts',
  ],
  cli: [
    'protocol',
    'core',
    'client',
    'listeners',
    'store',
    'cluster',
    'auth',
    'http',
    'bridge',
    'sys',
    'config',
    'logging',
    'time',
    'server',
    'broker.ts',
    'index.ts',
  ],
};

/** These run anywhere, also in a browser: what they need of the world is passed in. */
const WORLDLESS = ['protocol', 'core'];
const WORLD =
  /\b(Buffer|process|require|setTimeout|setInterval|setImmediate|clearTimeout|clearInterval|performance|console|Date\.now|new Date|Math\.random)\b/g;

const files = sourceFiles().filter(({ path }) => !isTest(path));

function violations(isWrong: (file: SourceFile, one: SourceFile['imports'][number]) => boolean): string[] {
  return files.flatMap((file) =>
    file.imports.filter((one) => isWrong(file, one)).map((one) => `${file.path} imports ${one.specifier}`),
  );
}

/** What is loaded because something else is: types are erased, and import() comes later. */
function loaded(by: SourceFile): string[] {
  return by.imports.filter((one) => !one.isType && !one.isDynamic).flatMap((one) => one.target ?? []);
}

describe('a part of the source', () => {
  it('is one that the rules know', () => {
    const parts = new Set(files.map(({ path }) => partOf(path)));
    expect([...parts].filter((part) => mayImport[part] === undefined)).toEqual([]);
  });

  it.each(Object.entries(mayImport))('%s imports nothing but itself and %j', (part, allowed) => {
    const wrong = violations(({ path }, { target }) => {
      if (partOf(path) !== part || target === undefined) return false;
      return partOf(target) !== part && !allowed.includes(partOf(target));
    });
    expect(wrong).toEqual([]);
  });

  it('is not above the command line, and has nothing of tests, benchmarks or the console', () => {
    const wrong = violations(({ path }, { specifier, target }) => {
      if (target !== undefined) return isTest(target) || (partOf(target) === 'cli' && partOf(path) !== 'cli');
      return specifier.startsWith('.');
    });
    expect(wrong).toEqual([]);
  });

  it('imports files that are there, and built-in modules by their full names', () => {
    const known = new Set(files.map(({ path }) => path));
    const wrong = violations((_file, { target, specifier }) =>
      target === undefined
        ? /^(fs|net|path|crypto|events|stream|util|os|url)(\/|$)/.test(specifier)
        : !known.has(target),
    );
    expect(wrong).toEqual([]);
  });

  it('imports no package that the program would not have when it is installed', () => {
    const dependencies = packageDependencies();
    const wrong = violations(({ path }, { specifier, isType }) => {
      if (isType || specifier.startsWith('.') || specifier.startsWith('node:')) return false;
      return (
        WORLDLESS.includes(partOf(path)) ||
        !dependencies.some((name) => specifier === name || specifier.startsWith(`${name}/`))
      );
    });
    expect(wrong).toEqual([]);
  });

  it('is not called utils, helpers or common', () => {
    expect(sourceFolders().filter((name) => /^(utils?|helpers?|common|misc|lib)$/i.test(name))).toEqual([]);
    expect(
      files
        .filter(({ path }) => /(^|\/)(utils?|helpers?|common|misc)\.ts$/i.test(path))
        .map(({ path }) => path),
    ).toEqual([]);
  });
});

describe.each(WORLDLESS)('%s', (part) => {
  it('has no node: import', () => {
    const wrong = violations(
      ({ path }, { specifier }) => partOf(path) === part && specifier.startsWith('node:'),
    );
    expect(wrong).toEqual([]);
  });

  it('knows neither clock, timers, chance nor the process', () => {
    const wrong = files
      .filter(({ path }) => partOf(path) === part)
      .flatMap(({ path, text }) => {
        const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
        return [...code.matchAll(WORLD)].map(([word]) => `${path}: ${word}`);
      });
    expect(wrong).toEqual([]);
  });
});

describe('nothing goes in circles', () => {
  it('between the parts, not even for types', () => {
    const graph = new Map<string, Set<string>>();
    for (const { path, imports } of files) {
      const targets = graph.get(partOf(path)) ?? new Set();
      graph.set(partOf(path), targets);
      for (const { target } of imports)
        if (target !== undefined && partOf(target) !== partOf(path)) targets.add(partOf(target));
    }
    expect(cyclesOf(graph)).toEqual([]);
  });

  it('between files when they are loaded', () => {
    const graph = new Map(files.map((file) => [file.path, new Set(loaded(file))]));
    expect(cyclesOf(graph)).toEqual([]);
  });
});

describe('the reader of imports', () => {
  it('sees what is there', () => {
    const broker = files.find(({ path }) => path === 'broker.ts')!;
    const seen = broker.imports.map(({ specifier, isType }) => `${isType ? 'type ' : ''}${specifier}`);
    expect(seen).toContain('./core/engine.js');
    expect(seen).toContain('node:events');
    expect(seen).toContain('type node:stream');
    const index = files.find(({ path }) => path === 'index.ts')!;
    expect(index.imports.map(({ target }) => target)).toContain('broker.ts');
    const imports = files.flatMap((file) => file.imports);
    expect(imports.length).toBeGreaterThan(150);
    const lines = files.flatMap(({ text }) => [
      ...text.matchAll(/^(import|export)\b.* from '|^\} from '|^import '/gm),
    ]);
    expect(imports.filter(({ isDynamic }) => !isDynamic)).toHaveLength(lines.length);
  });

  it('finds circles', () => {
    const graph = new Map([
      ['a', new Set(['b'])],
      ['b', new Set(['c', 'd'])],
      ['c', new Set(['a'])],
      ['d', new Set(['e'])],
      ['e', new Set<string>()],
      ['f', new Set(['f'])],
    ]);
    expect(cyclesOf(graph)).toEqual([['a', 'b', 'c'], ['f']]);
  });
});
