// The option pid_file.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerProblem } from '../../server/server-problem.js';
import { PidFile } from './pid-file.js';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pid-file-'));
  path = join(folder, 'broker.pid');
});

afterEach(() => rmSync(folder, { recursive: true }));

const text = (): string => readFileSync(path, 'utf8');

function problem(at = path): ServerProblem {
  try {
    PidFile.write(at);
  } catch (error) {
    return error as ServerProblem;
  }
  throw new Error('it was written');
}

describe('the pid file', () => {
  it('has the number of this process and nothing else, readable as the umask allows', () => {
    const before = process.umask(0o027);
    PidFile.write(path);
    process.umask(before);
    expect(text()).toBe(String(process.pid));
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('replaces what was there, and keeps its mode', () => {
    writeFileSync(path, '1234567 and more that an earlier broker left');
    chmodSync(path, 0o600);
    PidFile.write(path, 42);
    expect(text()).toBe('42');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is removed at the end', () => {
    PidFile.write(path).remove();
    expect(existsSync(path)).toBe(false);
  });

  it('may be gone at the end, with its folder', () => {
    mkdirSync(join(folder, 'run'));
    const file = PidFile.write(join(folder, 'run/broker.pid'));
    rmSync(join(folder, 'run'), { recursive: true });
    expect(() => file.remove()).not.toThrow();
  });

  it('stays at the end when another broker has written its own number', () => {
    const first = PidFile.write(path, 1);
    PidFile.write(path, 2);
    first.remove();
    expect(text()).toBe('2');
  });

  it('is removed though the folder of the process is another one by then', () => {
    const before = process.cwd();
    process.chdir(folder);
    const file = PidFile.write('broker.pid');
    process.chdir(before);
    file.remove();
    expect(existsSync(path)).toBe(false);
  });

  it('may be a symbolic link: what it points to is written, and the link removed', () => {
    symlinkSync('elsewhere.pid', path);
    const file = PidFile.write(path, 7);
    expect(readFileSync(join(folder, 'elsewhere.pid'), 'utf8')).toBe('7');
    file.remove();
    expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined();
    expect(existsSync(join(folder, 'elsewhere.pid'))).toBe(true);
  });
});

describe('a pid file that cannot be written', () => {
  const unable = 'Error: Unable to write pid file.';

  it('ends the broker with code 14, in Mosquitto’s words and with the reason', () => {
    const at = join(folder, 'missing/broker.pid');
    expect(problem(at)).toBeInstanceOf(ServerProblem);
    expect(problem(at)).toMatchObject({
      exitCode: 14,
      lines: [`Error: ${at}: No such file or directory.`, unable],
    });
  });

  it('is a folder, which stays', () => {
    mkdirSync(path);
    expect(problem().lines).toEqual([`Error: ${path}: Is a directory.`, unable]);
    expect(existsSync(path)).toBe(true);
  });

  it('is a device', () => {
    expect(problem('/dev/null').lines).toEqual(['Error: /dev/null is not a file.', unable]);
  });

  it('is a pipe that nobody reads, which does not hold the broker up', () => {
    execFileSync('mkfifo', [path]);
    expect(problem().lines.at(-1)).toBe(unable);
    expect(existsSync(path)).toBe(true);
  });
});
