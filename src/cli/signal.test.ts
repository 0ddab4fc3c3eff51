// What no recording of mosquitto_signal has: the words of our own. The others are compared under test/process.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runSignal } from './signal.js';

/** Sees no processes but those of `proc`, and signals none. */
async function run(
  args: readonly string[],
  proc: string,
): Promise<{ exit: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const exit = await runSignal(args, 'pondhawk signal', {
    proc,
    kill: (pid, signal) => {
      err += `${signal} to ${pid}\n`;
    },
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
  });
  return { exit, out, err };
}

describe('pondhawk signal', () => {
  it('says how it is used by the name it was called with', async () => {
    const { exit, out, err } = await run(['--help'], '/missing');
    expect([exit, err]).toEqual([1, '']);
    expect(out).toMatch(/^Usage: pondhawk signal \{-a \| -p PID\} SIGNAL\n/);
    for (const name of ['config-reload', 'log-rotate', 'shutdown', 'tree-print'])
      expect(out).toContain(`  ${name} `);
  });

  it('says so where the system does not show its processes', async () => {
    expect(await run(['-a', 'shutdown'], '/missing')).toEqual({
      exit: 0,
      out: '',
      err: 'Error reading /proc: No such file or directory.\n',
    });
  });

  it('is done when there is no broker', async () => {
    const proc = mkdtempSync(join(tmpdir(), 'proc-'));
    expect(await run(['-a', 'shutdown'], proc)).toEqual({ exit: 0, out: '', err: '' });
    rmSync(proc, { recursive: true });
  });

  it.each(['4294967297', '-4294967295', '99999999999'])(
    'sends nothing to %s cut down to 32 bits',
    async (pid) => {
      const { exit, err } = await run(['-p', pid, 'shutdown'], '/missing');
      expect(exit).toBe(1);
      expect(err).toMatch(/^Error: Process ID ('.*' is out of range|must be >0)\.\n$/);
    },
  );
});
