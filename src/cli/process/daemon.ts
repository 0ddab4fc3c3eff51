// The flag -d: a broker in the background. Node cannot fork, so the program is started again, in a session of its
// own, and the first process waits until the second serves or has said why not. As with Mosquitto its standard
// streams are /dev/null, and folder, umask and environment stay as they were.
import { type ChildProcess, spawn } from 'node:child_process';
import { systemErrorWords } from '../mosquitto-texts.js';

/** The environment of the background process has this; it takes it out. */
const MARK = 'PONDHAWK_BACKGROUND';
/** Characters of a text that the background process may have shown: they have to fit into a socket. */
const LONGEST = 65_536;
const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

type Report =
  | { readonly is: 'line'; readonly text: string }
  | { readonly is: 'failure'; readonly text: string; readonly code: number }
  | { readonly is: 'ready' };

let state: 'unknown' | 'foreground' | 'starting' | 'released' = 'unknown';

/** A crash would tell nobody: its standard error is /dev/null. */
function reportCrash(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  void reportFailure(`Error: ${text}`, 1);
}

/** Whether this is the process that daemonize() has started, and that is to serve. */
export function isBackground(): boolean {
  if (state === 'unknown') {
    state = process.env[MARK] !== undefined && process.connected ? 'starting' : 'foreground';
    delete process.env[MARK];
    if (state === 'starting') process.on('uncaughtExceptionMonitor', reportCrash);
  }
  return state !== 'foreground';
}

/** Resolves when it is sent, or when the first process has gone and nobody hears it. */
function report(report: Report): Promise<void> {
  return new Promise((resolve) => {
    if (!isBackground() || state !== 'starting' || !process.connected) resolve();
    else process.send!(report, undefined, undefined, () => resolve());
  });
}

/** In the background process, before it is ready: a line for the standard error of the first one. */
export function reportLine(text: string): Promise<void> {
  return report({ is: 'line', text: text.slice(0, LONGEST) });
}

/** In the background process: it serves now, and the first process may end with exit code 0. */
export async function reportReady(): Promise<void> {
  await report({ is: 'ready' });
  if (state !== 'starting') return;
  state = 'released';
  process.off('uncaughtExceptionMonitor', reportCrash);
  if (process.connected) process.disconnect();
}

/** In the background process: it is about to end with this exit code, for the reason that `text` has. */
export function reportFailure(text: string, code: number): Promise<void> {
  return report({ is: 'failure', text: text.slice(0, LONGEST), code });
}

function say(text: string): void {
  process.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...process.execArgv, ...args], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, [MARK]: '1' },
  });
}

/** What the first process ends with when the other one has ended. */
function exitCode(code: number | null, signal: string | null, failure: number | undefined): number {
  if (failure !== undefined) return failure;
  if (code === 0) return 0;
  say(`Error: the broker ended before it was ready (${signal ?? `exit code ${code}`}).`);
  return code ?? 1;
}

function outcome(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    let failure: number | undefined;
    child.on('message', (message) => {
      const report = message as Report;
      if (report.is === 'ready') resolve(0);
      else say(report.text);
      if (report.is === 'failure') failure = report.code;
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      say(`Error in fork: ${systemErrorWords(error.code ?? error.message)}`);
      resolve(1);
    });
    child.on('exit', (code, signal) => {
      const end = (): void => resolve(exitCode(code, signal, failure));
      // what it wrote last may not have been read yet
      if (child.connected) child.on('disconnect', end);
      else end();
    });
  });
}

/**
 * Starts the program again in the background: `args` are the path of the script and what the user wrote after it.
 * Resolves with the exit code for this process: 0 when the other one serves, else what that one ended with, after
 * its reason was written to standard error.
 */
export async function daemonize(args: readonly string[] = process.argv.slice(1)): Promise<number> {
  const child = start(args);
  const forward = (signal: NodeJS.Signals): boolean => child.kill(signal);
  for (const signal of FORWARDED) process.on(signal, forward);
  const code = await outcome(child);
  for (const signal of FORWARDED) process.off(signal, forward);
  if (child.connected) child.disconnect();
  child.unref();
  return code;
}
