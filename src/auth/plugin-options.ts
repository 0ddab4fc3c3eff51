// Reads the plugin_opt_ lines of a built-in plugin: each name is asked for once, and a name that nobody asked for is
// an error, so that a misspelt option never leaves a door open.
import { open } from 'node:fs/promises';

/** Bytes of a file of keys or certificates. */
const MAX_FILE = 1024 * 1024;

/** An option of a plugin that is missing, unknown or has a value that cannot be used. Says what to do. */
export class PluginOptionError extends Error {
  override readonly name = 'PluginOptionError';
}

/** Numbers that an option may have. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
}

export class PluginOptions {
  readonly #given: ReadonlyMap<string, string>;
  readonly #asked = new Set<string>();

  /** `options`: names without plugin_opt_ to their values. */
  constructor(options: Readonly<Record<string, string>>) {
    this.#given = new Map(Object.entries(options));
  }

  text(name: string): string | undefined {
    this.#asked.add(name);
    return this.#given.get(name);
  }

  /** Words with blanks between them. */
  words(name: string): string[] | undefined {
    return this.text(name)?.split(/\s+/).filter(Boolean);
  }

  number(name: string, { min, max }: NumberRange): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!/^\d+(\.\d+)?$/.test(text) || value < min || value > max)
      throw new PluginOptionError(`plugin_opt_${name} has to be a number from ${min} to ${max}.`);
    return value;
  }

  /** The content of the file that an option names. */
  async file(name: string): Promise<Buffer | undefined> {
    const path = this.text(name);
    if (path === undefined) return undefined;
    try {
      return await readBounded(path);
    } catch (error) {
      throw new PluginOptionError(
        `plugin_opt_${name}: "${path}" cannot be read: ${(error as Error).message}.`,
      );
    }
  }

  /** One of the words of a list. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const text = this.text(name);
    const found = choices.find((one) => one === text);
    if (text !== undefined && found === undefined)
      throw new PluginOptionError(`plugin_opt_${name} has to be one of: ${choices.join(', ')}.`);
    return found;
  }

  flag(name: string): boolean | undefined {
    const word = this.choice(name, ['true', 'false']);
    return word === undefined ? undefined : word === 'true';
  }

  /** All options whose names begin with a prefix, by the rest of their names. */
  family(prefix: string): [string, string][] {
    const found = [...this.#given].filter(([name]) => name.startsWith(prefix) && name.length > prefix.length);
    for (const [name] of found) this.#asked.add(name);
    return found.map(([name, value]) => [name.slice(prefix.length), value]);
  }

  /** Throws PluginOptionError when there are options that nobody has asked for. */
  finish(): void {
    const unknown = [...this.#given.keys()].filter((name) => !this.#asked.has(name));
    if (unknown.length > 0)
      throw new PluginOptionError(
        `The plugin has no option ${unknown.map((name) => `plugin_opt_${name}`).join(', ')}. It has: ${[
          ...this.#asked,
        ]
          .map((name) => `plugin_opt_${name}`)
          .join(', ')}.`,
      );
  }
}

async function readBounded(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    if (!(await file.stat()).isFile()) throw new Error('it is not a file');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_FILE + 1), 0, MAX_FILE + 1, 0);
    if (bytesRead > MAX_FILE) throw new Error(`it has more than ${MAX_FILE} bytes`);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
