// Where `pondhawk passwd` does something else than mosquitto_passwd, and why. A difference that is not listed here
// is an error, and so is an entry that no longer holds.
import { cases } from './cases.js';

export interface Difference {
  /** Names of cases. */
  readonly cases: readonly string[];
  readonly reason: string;
  /** What is ours, of all commands. */
  readonly ours: { readonly exit: number; readonly stdout?: RegExp; readonly stderr?: RegExp };
  /** Ours leaves the files alone. */
  readonly leavesFiles?: true;
}

const usageCases = cases.map(({ name }) => name).filter((name) => name.startsWith('says how it is used'));
const version = 'says how it is used: --version';

export const differences: readonly Difference[] = [
  {
    cases: usageCases.filter((name) => name !== version),
    reason:
      'Our own text: what Mosquitto says of -c and of the default hash does not hold for Mosquitto either.',
    ours: {
      exit: 1,
      stdout: /^mosquitto_passwd makes and changes password files\.\n\nUsage: mosquitto_passwd/,
    },
  },
  {
    cases: [version],
    reason: 'Mosquitto does not tell its version here.',
    ours: { exit: 1, stdout: /^mosquitto_passwd version \d+\.\d+\.\d+\n$/ },
  },
  {
    cases: ['-H argon2id'],
    reason: 'The Mosquitto that was recorded was built without argon2.',
    ours: { exit: 0, stdout: /^ann:\$argon2id\$v=19\$m=47104,t=1,p=1\$<86>\$<86>\n$/ },
  },
  {
    cases: ['a name that is empty', 'a name that starts with #', 'a name with blanks around it'],
    reason:
      'With the first the broker would not start; it would not find the user of the others, or find another.',
    ours: { exit: 1, stdout: /^$/, stderr: /^Error: Username must not (be empty|start)/ },
  },
  {
    cases: ['adds after a line without an end'],
    reason: 'Mosquitto writes the new user into the last line, and both are lost.',
    ours: { exit: 0, stdout: /^Adding password for user cid\n$/ },
  },
  {
    cases: [
      'a comment is corrupt',
      'an empty line is corrupt',
      'a user without a password is corrupt',
      'a password without a user is corrupt',
      'a line with a NUL is corrupt',
    ],
    reason: 'Mosquitto says so (but for NUL), and then writes the file without the lines from there on.',
    ours: { exit: 1, stdout: /^$/, stderr: /^Error: Corrupt password file at line \d+\.\n$/ },
    leavesFiles: true,
  },
  {
    cases: ['-U takes -I'],
    reason: 'Mosquitto takes the flag and does not do what it says.',
    ours: { exit: 0, stdout: /^$/ },
  },
  {
    cases: ['-U has nothing to do'],
    reason: 'Mosquitto fails without a word.',
    ours: { exit: 1, stderr: /^Error: There are no users in the password file\.\n$/ },
    leavesFiles: true,
  },
];
