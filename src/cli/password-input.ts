// Passwords that a person types, or that a program writes into a pipe, for `pondhawk passwd`.

/** Bytes of a password that is typed, with the end of its line. */
const MAX_TYPED = 65_499;

/** ^C at the prompt. */
export class Interrupted extends Error {}

/** Passwords from a terminal, which does not show them, or line by line from something else. */
export class PasswordInput {
  #rest: Buffer = Buffer.alloc(0);

  /** Without the end of the line; empty at the end of the input too. */
  async read(prompt: string): Promise<Buffer> {
    const { stdin, stdout } = process;
    // what is typed before the prompt must not be shown either
    if (stdin.isTTY) stdin.setRawMode(true);
    try {
      stdout.write(prompt);
      return upToNul(withoutLineEnd(await (stdin.isTTY ? this.#typed() : this.#line())));
    } finally {
      if (stdin.isTTY) stdin.setRawMode(false);
    }
  }

  async #line(): Promise<Buffer> {
    for (;;) {
      const end = this.#rest.subarray(0, MAX_TYPED).indexOf(10) + 1;
      if (end > 0 || this.#rest.length >= MAX_TYPED) return this.#take(end || MAX_TYPED);
      const chunk = await nextChunk();
      if (chunk === undefined) return this.#take(this.#rest.length);
      this.#rest = Buffer.concat([this.#rest, chunk]);
    }
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  async #typed(): Promise<Buffer> {
    const line = new TypedLine();
    for (;;) {
      const chunk = this.#rest.length > 0 ? this.#take(this.#rest.length) : await nextChunk();
      const used = line.type(chunk ?? END_OF_TEXT);
      if (used === undefined) continue;
      this.#rest = Buffer.from(chunk?.subarray(used) ?? []);
      return line.bytes;
    }
  }
}

const END_OF_TEXT = Buffer.from([4]);

/** What keys do in a line that is not shown. */
class TypedLine {
  #bytes: number[] = [];

  get bytes(): Buffer {
    return Buffer.from(this.#bytes);
  }

  /** Returns how much of the bytes was used when the line is complete, else undefined. */
  type(keys: Uint8Array): number | undefined {
    for (const [at, key] of keys.entries()) {
      const act = keyActions[key];
      if (act === undefined) {
        if (this.#bytes.length < MAX_TYPED) this.#bytes.push(key);
      } else if (act === 'enter') return at + 1;
      else this.#bytes = act(this.#bytes);
    }
    return undefined;
  }
}

type KeyAction = 'enter' | ((bytes: number[]) => number[]);

const keyActions: Readonly<Record<number, KeyAction>> = {
  // ^C
  3: () => {
    throw new Interrupted();
  },
  // ^D
  4: 'enter',
  8: withoutLastCharacter,
  10: 'enter',
  13: 'enter',
  // ^U
  21: () => [],
  127: withoutLastCharacter,
};

function withoutLastCharacter(bytes: number[]): number[] {
  const isContinued = (byte: number): boolean => (byte & 0xc0) === 0x80;
  const start = bytes.findLastIndex((byte) => !isContinued(byte));
  return bytes.slice(0, Math.max(start, 0));
}

/** What comes next on standard input; undefined at its end. */
function nextChunk(): Promise<Buffer | undefined> {
  const { stdin } = process;
  if (stdin.readableEnded || stdin.destroyed) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const settle = (chunk?: unknown): void => {
      stdin.off('data', settle).off('end', ended).off('error', ended).pause();
      resolve(Buffer.isBuffer(chunk) ? chunk : undefined);
    };
    const ended = (): void => settle();
    stdin.on('data', settle).on('end', ended).on('error', ended).resume();
  });
}

function withoutLineEnd(line: Buffer): Buffer {
  let end = line.length;
  while (end > 0 && (line[end - 1] === 10 || line[end - 1] === 13)) end--;
  return line.subarray(0, end);
}

function upToNul(line: Buffer): Buffer {
  const nul = line.indexOf(0);
  return nul === -1 ? line : line.subarray(0, nul);
}
