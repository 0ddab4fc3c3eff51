// Where our broker does not decide as Mosquitto does, and why.
import type { AclProbe } from './acl-case.js';
import { described } from './recording.js';

export interface ProbeDifference {
  readonly world: string;
  readonly probe: AclProbe;
  readonly ours: string;
  readonly because: string;
}

export const probeDifferences: readonly ProbeDifference[] = [
  {
    world: 'topics with a $',
    probe: { as: { id: 'ann-1', user: 'ann' }, tries: { publish: '$SYS/broker/connection/x/state' } },
    ours: 'denied, PUBACK 0x87',
    because: 'the broker lets no client publish to $SYS, and asks no plugin',
  },
  {
    world: 'sessions that come back under another name',
    probe: {
      as: { id: 'kept', user: 'other' },
      tries: { receiveQueued: 't/1', by: { id: 'kept', user: 'reader' } },
    },
    ours: 'allowed',
    because: 'what waits for a client is decided when it is sent, by the name that the client has then',
  },
];

export function differenceOf(world: string, probe: AclProbe): ProbeDifference | undefined {
  const line = described(probe);
  return probeDifferences.find((one) => one.world === world && described(one.probe) === line);
}

export interface FileDifference {
  /** What our error says. */
  readonly ours: string;
  readonly because: string;
}

const nulBecause = 'Mosquitto stops reading there without a word, and what the rest denies is allowed';
const withNul = (head: string): FileDifference => ({
  ours: `Error: Invalid line in acl_file "{file}": ${head}.`,
  because: nulBecause,
});

export const fileDifferences: Readonly<Record<string, FileDifference>> = {
  'a control character in a word': {
    ours: 'Error: Invalid line in acl_file "{file}": fo\\x01o.',
    because: 'a terminal or a log might do what the character says',
  },
  'a NUL in a line, and an error behind it': withNul('user'),
  'a NUL that begins a line': withNul('\\x00topic'),
  'a NUL in a comment': withNul('#'),
  'a NUL in the last line, which has no end': withNul('topic'),
};
