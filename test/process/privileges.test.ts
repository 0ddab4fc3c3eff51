// Whose a process is after its start, with what the system itself says of it. Without root's rights there is nothing
// to give up, and then this is what is tested.
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { accountIn } from '../../src/cli/process/privileges.js';
import { killPrograms, Program } from '../interop/program.js';

const standIn = join(import.meta.dirname, 'broker-stand-in.mjs');
const isRoot = process.geteuid?.() === 0;
const own = userInfo();

const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Program =>
  new Program(process.execPath, [standIn, ...args], { env });

interface Ids {
  readonly uid: string;
  readonly gid: string;
  readonly groups: string;
}

/** Real, effective, saved and file-system ids of each thread of a process. */
function threads(pid: number): Ids[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const text = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    const line = (name: string): string => new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(text)![1]!;
    return { uid: line('Uid'), gid: line('Gid'), groups: line('Groups') };
  });
}

/** What all threads of a process have. */
function ids(pid: number): Ids {
  const [first, ...others] = threads(pid);
  for (const other of others) expect(other).toEqual(first);
  return first!;
}

async function started(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Program> {
  const program = start(args, env);
  await program.untilLines(/^\{/);
  return program;
}

const four = (id: number): string => Array(4).fill(id).join('\t');

afterEach(killPrograms);

describe('a broker', () => {
  it('that root starts for another user is that user with all its groups, for good', async () => {
    const account = isRoot ? accountIn(readFileSync('/etc/passwd', 'utf8'), 'daemon')! : own;
    const program = await started(['--user', 'daemon']);
    const { uid, gid, groups } = ids(program.pid);
    expect([uid, gid]).toEqual([four(account.uid), four(account.gid)]);
    if (isRoot) expect(groups.split(' ')).toContain(String(account.gid));
    expect(program.stderr).toBe(`Info: running mosquitto as user: ${isRoot ? 'daemon' : own.username}.\n`);
  });

  it('takes the numbers of PUID and PGID, if root starts it', async () => {
    const program = await started(['--user', 'nobody'], { PUID: '4242', PGID: '4243' });
    const { uid, gid } = ids(program.pid);
    expect([uid, gid]).toEqual(isRoot ? [four(4242), four(4243)] : [four(own.uid), four(own.gid)]);
    expect(program.stderr).toBe(
      `Info: running mosquitto as user${isRoot ? ' id: 4242' : `: ${own.username}`}.\n`,
    );
  });

  it('does not start for a user that is not there, but only root can tell', async () => {
    const program = start(['--user', 'nobody-of-this-name']);
    if (!isRoot) {
      await program.untilLines(/^\{/);
      return expect(program.stderr).toBe(`Info: running mosquitto as user: ${own.username}.\n`);
    }
    const exit = await program.exited;
    expect(exit.code).toBe(3);
    expect(exit.stderr).toBe(
      "Error: Unable to drop privileges to 'nobody-of-this-name' because this user does not exist.\n",
    );
  });

  it('writes its pid file as its user, and with the umask of UMASK_SET', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'privileges-'));
    chmodSync(folder, 0o777);
    try {
      const file = join(folder, 'broker.pid');
      const program = await started(['--user', 'daemon', '--pid-file', file], { UMASK_SET: '0027' });
      const { mode, uid } = statSync(file);
      expect(readFileSync(file, 'utf8')).toBe(String(program.pid));
      expect((mode & 0o777).toString(8)).toBe('640');
      expect(four(uid)).toBe(ids(program.pid).uid);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
