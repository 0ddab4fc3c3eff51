// Runs a case with one of the programs, and gives what it did in a form in which two programs can be compared:
// salts and hashes by their lengths, the folder and the letters of backups by names.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command, PasswdCase } from './case.js';

export interface CommandResult {
  readonly exit: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CaseResult {
  readonly commands: readonly CommandResult[];
  /** Names to kind and mode, and what is in them. */
  readonly files: Readonly<Record<string, string>>;
}

/** Long texts are told by how they start and how long they are. */
function short(text: string): string {
  return text.replace(/(.)\1{99,}/g, (run, letter: string) => `${letter}*${run.length}`);
}

function shape(text: string): string {
  const base64 = '[A-Za-z0-9+/]+={0,2}';
  return short(text)
    .replace(new RegExp(`\\$7\\$(\\d+)\\$(${base64})\\$(${base64})`, 'g'), (_all, count, salt, hash) => {
      return `$7$${count}$<${salt.length}>$<${hash.length}>`;
    })
    .replace(new RegExp(`\\$6\\$(${base64})\\$(${base64})`, 'g'), (_all, salt, hash) => {
      return `$6$<${salt.length}>$<${hash.length}>`;
    })
    .replace(/(\$argon2id\$[^$]*\$[^$]*)\$([^$]+)\$([^$\n]+)/g, (_all, cost, salt, hash) => {
      return `${cost}$<${salt.length}>$<${hash.length}>`;
    })
    .replace(/(\.backup\.)[A-Za-z0-9]{6}/g, '$1XXXXXX');
}

function prepare(folder: string, { files = {}, links = {}, folders = [] }: PasswdCase): void {
  for (const [name, file] of Object.entries(files)) {
    const { text, mode } = typeof file === 'string' ? { text: file, mode: 0o600 } : file;
    writeFileSync(join(folder, name), text, 'latin1');
    chmodSync(join(folder, name), mode);
  }
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(folder, name));
  for (const name of folders) mkdirSync(join(folder, name));
}

function runCommand(program: string, folder: string, { args, input = '', env }: Command): CommandResult {
  // modes must not depend on what the user's umask allows
  const argv = ['-c', 'umask 0; exec "$@"', 'sh', program, ...args];
  const { status, signal, stdout, stderr } = spawnSync('sh', argv, {
    cwd: folder,
    input,
    env: { ...process.env, ...env },
    timeout: 20_000,
    maxBuffer: 10_000_000,
  });
  const text = (bytes: Buffer): string => shape(bytes.toString('latin1').replaceAll(folder, '{dir}'));
  return { exit: status ?? signal ?? 'unknown', stdout: text(stdout), stderr: text(stderr) };
}

function describeFile(path: string): string {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return 'link';
  const mode = (stats.mode & 0o777).toString(8);
  return stats.isFile() ? `${mode} ${shape(readFileSync(path, 'latin1'))}` : 'folder';
}

export function runCase(passwdCase: PasswdCase, program: string): CaseResult {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'passwd-')));
  try {
    prepare(folder, passwdCase);
    const commands = passwdCase.commands.map((command) => runCommand(program, folder, command));
    const names = readdirSync(folder).sort();
    const files = Object.fromEntries(names.map((name) => [shape(name), describeFile(join(folder, name))]));
    return { commands, files };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The files of a case before anything runs, as in a result. */
export function describeStart({ files = {} }: PasswdCase): CaseResult['files'] {
  const described = Object.entries(files).map(([name, file]) => {
    const { text, mode } = typeof file === 'string' ? { text: file, mode: 0o600 } : file;
    return [name, `${mode.toString(8)} ${shape(text)}`];
  });
  return Object.fromEntries(described);
}
