// Where our broker does not decide as Mosquitto does, and why.
import type { AclProbe } from './acl-case.js';
import { described } from './recording.js';

export interface ProbeDifference {
  readonly world: string;
  readonly probe: AclProbe;
  readonly ours: string;
  readonly because: string;
}

export const probeDifferences: readonly ProbeDifference[] = [];

export function differenceOf(world: string, probe: AclProbe): ProbeDifference | undefined {
  const line = described(probe);
  return probeDifferences.find((one) => one.world === world && described(one.probe) === line);
}

export interface FileDifference {
  /** What our error or warning says; undefined: the file is taken without a word. */
  readonly ours: string | undefined;
  readonly because: string;
}

export const fileDifferences: Readonly<Record<string, FileDifference>> = {};
