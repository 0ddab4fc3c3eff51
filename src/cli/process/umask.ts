// The variable UMASK_SET, with which users of Mosquitto's containers say what files of the broker others may read.
import { ExitCode, ServerProblem } from '../../server/server-problem.js';

const OCTAL = /^[ \t-\r]*([+-]?[0-7]+)$/;
const LARGEST = 0o777;

function wrong(text: string): ServerProblem {
  return new ServerProblem(ExitCode.configuration, `Error: UMASK_SET environment variable ${text}.`);
}

/** Sets the umask of the process if UMASK_SET says so; throws a ServerProblem if that is no octal number to 777. */
export function setUmask(
  env: NodeJS.ProcessEnv = process.env,
  set: (mask: number) => void = (mask) => process.umask(mask),
): void {
  const text = env['UMASK_SET'];
  if (text === undefined) return;
  const digits = OCTAL.exec(text)?.[1];
  if (digits === undefined) throw wrong('not a valid octal number');
  const mask = Number.parseInt(digits, 8);
  if (mask < 0 || mask > LARGEST) throw wrong('out of range');
  set(mask);
}
