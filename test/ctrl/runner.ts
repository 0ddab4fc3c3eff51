// Runs a step with one of the programs, and gives what it did in a form in which two programs can be compared: the
// folder and the port by names, salts and hashes by their lengths.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PORT, type Step } from './steps.js';

export interface StepResult {
  readonly exit: number | string;
  readonly stdout: string;
  readonly stderr: string;
  /** Mode and content of the file to look at; `none` when it is not there. */
  readonly file?: string;
}

const LIMIT = 20_000;

export class Folder {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'ctrl-')));

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function shape(text: string): string {
  return text.replace(/\$7\$(\d+)\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)/g, (_all, count, salt, hash) => {
    return `$7$${count}$<${salt.length}>$<${hash.length}>`;
  });
}

function fileText(path: string): string {
  try {
    return `${(statSync(path).mode & 0o777).toString(8)} ${shape(readFileSync(path, 'utf8'))}`;
  } catch {
    return 'none';
  }
}

/** `port`: where the broker is. */
export async function runStep(
  { args, input = '', env = {}, files = {}, shows }: Step,
  program: string,
  { path }: Folder,
  port: number,
): Promise<StepResult> {
  const filled = (text: string): string => text.replaceAll(PORT, String(port));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), filled(content));
  const child = spawn(program, args.map(filled), {
    cwd: path,
    env: { PATH: process.env['PATH'], HOME: join(path, 'home'), ...env },
    timeout: LIMIT,
  });
  child.stdin.on('error', () => {}); // one that ends early does not read it
  child.stdin.end(input);
  const closed = once(child, 'close');
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  const [code, signal] = (await closed) as [number | null, string | null];
  const result = { exit: code ?? signal ?? 'unknown', stdout, stderr };
  return shows === undefined ? result : { ...result, file: fileText(join(path, shows)) };
}
