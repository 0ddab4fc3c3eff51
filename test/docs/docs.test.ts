// The manual of the client says what is true. Every block of code in it is type-checked; those marked js are
// programs, which are run against a broker and print the block of text that follows. The tables of options, errors
// and events are compared with the code.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { settingsOf } from '../../src/client/options.js';
import { Broker } from '../../src/index.js';
import { killPrograms, run } from '../interop/program.js';

const checkout = resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(checkout, file), 'utf8');
const manual = read('docs/client.md');

interface Block {
  readonly name: string;
  readonly language: string;
  readonly text: string;
  /** What it prints, if the manual says so. */
  readonly prints: string | undefined;
}

/** The blocks of code, named by the line where they begin. */
function codeBlocks(): Block[] {
  const found = [...manual.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  const blocks = found.map(({ 1: language, 2: text, index }, i) => {
    const next = found[i + 1];
    return {
      name: `line-${manual.slice(0, index).split('\n').length}`,
      language: language!,
      text: text!,
      prints: next?.[1] === 'text' ? next[2] : undefined,
    };
  });
  return blocks.filter(({ language }) => language !== 'text');
}

/** A folder that has the package installed. */
function makeFolder(): string {
  const made = mkdtempSync(join(tmpdir(), 'pondhawk-docs-'));
  mkdirSync(join(made, 'node_modules'));
  symlinkSync(checkout, join(made, 'node_modules/pondhawk'));
  symlinkSync(join(checkout, 'node_modules/@types'), join(made, 'node_modules/@types'));
  return made;
}

let folder: string;
beforeAll(() => {
  folder = makeFolder();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('docs/client.md: code', () => {
  const blocks = codeBlocks();
  let broker: Broker;
  let port: number;

  beforeEach(async () => {
    broker = new Broker();
    ({ port } = await broker.listen({ port: 0, host: '127.0.0.1' }));
  });
  afterEach(async () => {
    await killPrograms();
    await broker.close();
  });

  it('is all JavaScript or TypeScript', () => {
    expect([...new Set(blocks.map(({ language }) => language))].sort()).toEqual(['js', 'ts']);
  });

  it('has the right types', async () => {
    // a fragment may use a client that is there
    const globals = "declare const client: import('pondhawk/client').Client;\n";
    writeFileSync(join(folder, 'globals.d.ts'), globals);
    for (const { name, text } of blocks) writeFileSync(join(folder, `${name}.mts`), `${text}\nexport {};\n`);
    const compilerOptions = {
      ...{ target: 'es2022', module: 'nodenext', types: ['node'], noEmit: true, strict: true },
      // programs in JavaScript say no types
      ...{ noImplicitAny: false, strictNullChecks: false, skipLibCheck: true },
    };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: ['*.ts', '*.mts'] }),
    );
    const tsc = join(checkout, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [tsc, '-p', folder], { limit: 60_000 });
  }, 60_000);

  const programs = blocks.filter(({ language }) => language === 'js');
  it.each(programs)('prints what it says: $name', async ({ name, text, prints }) => {
    const program = text.replaceAll('localhost:1883', `127.0.0.1:${port}`);
    writeFileSync(join(folder, `${name}.mjs`), program);
    const script = `process.chdir(${JSON.stringify(folder)}); await import('./${name}.mjs');`;
    writeFileSync(join(folder, `${name}-run.mjs`), script);
    const { stdout, stderr } = await run(process.execPath, [join(folder, `${name}-run.mjs`)]);
    expect({ stdout, stderr }).toEqual({ stdout: prints, stderr: '' });
  });
});

describe('docs/client.md: tables', () => {
  /** Rows of the tables of a section: their cells. */
  function rows(title: string): string[][] {
    const section = manual.split(/^## /m).find((text) => text.startsWith(`${title}\n`))!;
    const lines = section.split('\n').filter((line) => line.startsWith('| `'));
    return lines.map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    );
  }

  const names = (cells: string[][]) => cells.flatMap(([first]) => first!.match(/[\w.-]+/g) ?? []);

  /** The members of an interface in the source. */
  function members(file: string, name: string): string[] {
    const [, body] = new RegExp(`^export interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)^\\}`, 'm').exec(
      read(file),
    )!;
    return [...body!.matchAll(/^ {2}(\w+)\??:/gm)].map(([, member]) => member!);
  }

  it('have every option', () => {
    const options = [
      ...members('src/client/options.ts', 'ClientOptions').filter((name) => name !== 'queue'),
      ...members('src/client/options.ts', 'ReconnectOptions').map((name) => `reconnect.${name}`),
      ...members('src/client/options.ts', 'QueueOptions').map((name) => `queue.${name}`),
      ...members('src/client/node.ts', 'NodeClientOptions'),
    ];
    expect(names(rows('Options')).sort()).toEqual(options.sort());
  });

  it('have the defaults of the options', () => {
    const settings = settingsOf({}, () => 'random');
    const wanted: Record<string, unknown> = { ...settings };
    for (const [group, value] of Object.entries({ reconnect: settings.reconnect, queue: settings.queue }))
      for (const [name, one] of Object.entries(value)) wanted[`${group}.${name}`] = one;
    const differing = rows('Options').filter(([name, text]) => {
      // words stand where the default is no plain number or truth value
      if (!/^(\d+|true|false)$/.test(text!)) return false;
      const value = wanted[name!.replaceAll('`', '')];
      return value !== undefined && String(value) !== text;
    });
    expect(differing).toEqual([]);
    const plain = rows('Options').filter(([, text]) => /^\d+$/.test(text!));
    expect(plain.length).toBeGreaterThan(8);
  });

  it('have every error code', () => {
    const [, union] = /export type ClientErrorCode =([\s\S]*?);/.exec(read('src/client/errors.ts'))!;
    const codes = [...union!.matchAll(/'([\w-]+)'/g)].map(([, code]) => code!);
    expect(names(rows('Errors')).sort()).toEqual(codes.sort());
  });

  it('have every event', () => {
    expect(names(rows('Events')).sort()).toEqual(members('src/client/client.ts', 'ClientEvents').sort());
  });

  it('have for MQTT.js only options that are there', () => {
    const [, table] = manual.split('## Coming from MQTT.js');
    const options = names(rows('Options'));
    const here = [...table!.matchAll(/^\| .* \| (.*) \|$/gm)].map(([, cell]) => cell!);
    const named = here.flatMap((cell) =>
      [...cell.matchAll(/`(\w+(?:\.\w+)?)(?:`|: )/g)].map(([, name]) => name!),
    );
    // members of the client, of messages and of subscriptions, and names that are no options
    const others = [
      ...[
        'publish',
        'subscribe',
        'unsubscribe',
        'disconnect',
        'noLocal',
        'retainAsPublished',
        'retainHandling',
      ],
      ...['userProperties', 'payloadFormatIndicator', 'websocket.headers', 'false'],
    ];
    expect(named.filter((name) => !options.includes(name) && !others.includes(name))).toEqual([]);
    expect(named.length).toBeGreaterThan(10);
  });
});

it('docs/client.md: the size of the client for browsers', () => {
  const size = gzipSync(readFileSync(join(checkout, 'dist/browser/client.js')), { level: 9 }).length;
  const [, limit] = /less than (\d+) KiB gzipped/.exec(manual)!;
  expect(size).toBeLessThan(Number(limit) * 1024);
});

it.each(['docs/client.md', 'docs/first-program.md'])('%s: links lead somewhere', (file) => {
  for (const [, target] of read(file).matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
    expect(existsSync(join(checkout, 'docs', target!)), target).toBe(true);
  }
});
