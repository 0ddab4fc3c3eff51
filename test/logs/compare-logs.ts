// Says where two logs of a case differ, line by line, and which of it has its reason in a table.
import type { LogResult } from './log-case.js';

export interface LogDifference {
  /** Matches the names of the cases; all if it is missing. */
  readonly cases?: RegExp;
  /** Lines of Mosquitto that we do not write, or not there. */
  readonly mosquitto?: RegExp;
  /** Lines that we write and Mosquitto does not, or not there. */
  readonly ours?: RegExp;
  /** The exit codes may differ. */
  readonly exit?: true;
  /** What differs and why, in one sentence. */
  readonly reason: string;
}

export interface LogMismatch {
  /** `- ` and what only was recorded, or `+ ` and what only we write. */
  readonly text: string;
  readonly reason: LogDifference | undefined;
}

type Side = 'mosquitto' | 'ours';

const signs: Readonly<Record<Side, string>> = { mosquitto: '-', ours: '+' };

function reasonFor(
  name: string,
  line: string,
  side: Side,
  table: readonly LogDifference[],
): LogDifference | undefined {
  return table.find((each) => each[side]?.test(line) === true && each.cases?.test(name) !== false);
}

/** The lengths of the longest common subsequences of what follows each pair of places. */
function commonLengths(one: readonly string[], other: readonly string[]): number[][] {
  const lengths = Array.from({ length: one.length + 1 }, () => new Array<number>(other.length + 1).fill(0));
  for (let i = one.length - 1; i >= 0; i--) {
    for (let j = other.length - 1; j >= 0; j--) {
      lengths[i]![j] =
        one[i] === other[j]
          ? lengths[i + 1]![j + 1]! + 1
          : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  return lengths;
}

/** What is only in the one or only in the other, in order. */
function differing(one: readonly string[], other: readonly string[]): { side: Side; line: string }[] {
  const lengths = commonLengths(one, other);
  const found: { side: Side; line: string }[] = [];
  let i = 0;
  let j = 0;
  while (i < one.length || j < other.length) {
    if (i < one.length && one[i] === other[j]) {
      i++;
      j++;
    } else if (j === other.length || (i < one.length && lengths[i + 1]![j]! >= lengths[i]![j + 1]!)) {
      found.push({ side: 'mosquitto', line: one[i++]! });
    } else {
      found.push({ side: 'ours', line: other[j++]! });
    }
  }
  return found;
}

/** Empty where the logs are the same. The steps only matter for the order of their lines. */
export function compareLogs(
  name: string,
  recorded: LogResult,
  ours: LogResult,
  table: readonly LogDifference[] = [],
): LogMismatch[] {
  const streams = [
    [recorded.log.flat(), ours.log.flat()],
    [recorded.stdout ?? [], ours.stdout ?? []],
    [recorded.file ?? [], ours.file ?? []],
  ] as const;
  const found = streams.flatMap(([one, other]) =>
    differing(one, other).map(({ side, line }) => ({
      text: `${signs[side]} ${line}`,
      reason: reasonFor(name, line, side, table),
    })),
  );
  if (recorded.exit === ours.exit) return found;
  const reason = table.find((each) => each.exit === true && each.cases?.test(name) !== false);
  return [...found, { text: `exit ${recorded.exit} recorded, ${ours.exit} ours`, reason }];
}

/** How many lines ours will write at the start and in each step, if it differs only as the table says. */
export function expectedLines(name: string, recorded: LogResult, table: readonly LogDifference[]): number[] {
  return recorded.log.map(
    (lines) => lines.filter((line) => reasonFor(name, line, 'mosquitto', table) === undefined).length,
  );
}
