// `pondhawk signal`, compared with what mosquitto_signal did with the same command lines and processes. Its brokers
// are stand-ins, and it sees only those: a test must not signal what else runs on the machine.
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runSignal } from '../../src/cli/signal.js';
import { killPrograms, Program } from '../interop/program.js';
import { Scene } from './scene.js';
import { type SignalCase, type SignalResult, shownUsage, signalCases, target } from './signal-cases.js';

const executable = join(import.meta.dirname, '../../bin/pondhawk');
const recorded = JSON.parse(readFileSync(new URL('recorded.json', import.meta.url), 'utf8')) as {
  cases: SignalResult[];
};

/** More than any process can have. */
const NOBODY = 4_194_305;

interface Difference {
  readonly of: (one: SignalCase) => boolean;
  readonly reason: string;
  readonly ours: (wanted: SignalResult) => Partial<SignalResult>;
}

const differences: readonly Difference[] = [
  {
    of: ({ args }) => args.includes('99999999999'),
    reason: 'a number beyond 32 bits is refused; Mosquitto cuts it down and signals another process',
    ours: () => ({ exit: 1, stderr: "Error: Process ID '99999999999' is out of range.\n" }),
  },
  {
    of: ({ args }) => args.includes('xtreport'),
    reason: 'no broker writes this report, and a process that does not know its signal ends',
    ours: () => ({
      exit: 1,
      stderr: "Error: Signal 'xtreport' is not supported: brokers write no such report.\n",
    }),
  },
  {
    of: ({ scene }) => scene === 'all',
    reason: 'our brokers are found too, and a title that ends with a path is no broker',
    ours: ({ caught }) => ({
      caught: {
        ...caught,
        'with the title pondhawk': caught['called mosquitto'] ?? [],
        'of a title that ends with the path of a file mosquitto': [],
      },
    }),
  },
];

async function play({ args, scene: size }: SignalCase): Promise<SignalResult> {
  const scene = size === undefined ? undefined : await Scene.start(size === 'one' ? [target] : undefined);
  const line = args.map((arg) => arg.replace('{pid}', String(scene?.pid(target))));
  let [stdout, stderr] = ['', ''];
  const exit = await runSignal(line, 'mosquitto_signal', {
    proc: scene?.proc ?? import.meta.dirname,
    kill: (pid, signal) => {
      // whatever is wrong with our command, no other process may hear of it
      if (pid !== NOBODY && !scene?.pids.includes(pid)) throw new Error(`${signal} to process ${pid}`);
      process.kill(pid, signal);
    },
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
  });
  const caught = (await scene?.end()) ?? {};
  return { args, exit, stdout: shownUsage(stdout, /^Usage: mosquitto_signal /), stderr, caught };
}

afterEach(killPrograms);

describe('pondhawk signal, as mosquitto_signal', () => {
  it('is compared for each command line of the table', () => {
    expect(recorded.cases.map(({ args }) => args)).toEqual(signalCases.map(({ args }) => args));
  });

  it.each(signalCases.map((one) => [one.args.join(' ') || '(nothing)', one] as const))(
    'is given %s',
    async (_line, one) => {
      const wanted = recorded.cases.find(({ args }) => args.join('\n') === one.args.join('\n'))!;
      const known = differences.find(({ of }) => of(one));
      expect(await play(one)).toEqual({ ...wanted, ...known?.ours(wanted) });
    },
  );
});

describe('the executable', () => {
  it('says by its own name how it is used', async () => {
    const exit = await new Program(executable, ['signal', '--help']).exited;
    expect(exit).toMatchObject({ code: 1, stderr: '' });
    expect(exit.stdout).toMatch(/^Usage: pondhawk signal \{-a \| -p PID\} SIGNAL\n/);
  });

  it('is the tool when a link has the name mosquitto_signal', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'links-'));
    try {
      const link = join(folder, 'mosquitto_signal');
      symlinkSync(executable, link);
      const exit = await new Program(link, ['-p', '4194305', 'shutdown']).exited;
      expect(exit).toMatchObject({
        code: 0,
        stdout: '',
        stderr: 'Error sending signal to process 4194305: No such process\n',
      });
      expect((await new Program(link, ['--help']).exited).stdout).toMatch(/^Usage: mosquitto_signal /);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is the broker, and no other command, when a link has the name mosquitto', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'links-'));
    try {
      const link = join(folder, 'mosquitto');
      symlinkSync(executable, link);
      const exit = await new Program(link, ['signal', '-p', '4194305', 'shutdown']).exited;
      expect(exit.stderr).not.toMatch(/process 4194305/);
      expect(exit.code).not.toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
