// The table of command lines: every flag of mosquitto_passwd, alone, together and wrong; files that are good, odd
// and broken; passwords that are given, piped and missing.
import { one, type PasswdCase } from './case.js';

const twoUsers = 'ann:$7$1$ann\nbob:$7$1$bob\n';
const odd = '#c:d\n:x:y:z\n q \t: w \na::b:c\nq:z\n';

const usage: readonly PasswdCase[] = [
  '',
  '-b',
  '-b pw',
  '-b pw ann',
  '-b pw ann secret more',
  'pw',
  'pw ann more',
  '-',
  '-x',
  '-bc pw ann secret',
  '-H argon2id',
  '-H sha512 -I 5',
  '--help',
  '-h',
  '--version',
].map((line) => one(`says how it is used: ${line || 'nothing'}`, line));

const wrong: readonly PasswdCase[] = [
  '-c',
  '-c pw',
  '-c -b',
  '-c -b pw ann',
  '-D',
  '-D pw',
  '-U',
  '-U pw more',
  '-c -D',
  '-c -U',
  '-D -U',
  '-b -D pw ann',
  '-D -b pw ann',
  '-c -D -U -b',
  '-H',
  '-H bcrypt',
  '-H SHA512 -c -b pw ann secret',
  '-I',
  '-I 0',
  '-I -3',
  '-I x',
  '-I 99999999999999999999',
  '-I 2147483648',
  '-b missing ann secret',
  '-b - ann secret',
  '-D missing ann',
  '-D - ann',
  '-U missing',
  '-U -',
  'missing ann',
].map((line) => one(`refuses: ${line}`, line));

const creating: readonly PasswdCase[] = [
  one('-c makes a file', '-c -b pw ann secret'),
  one('-c ignores what follows the password', '-c -b pw ann secret more'),
  one('-c does not overwrite a file', '-c -b pw ann secret', { files: { pw: twoUsers } }),
  one('-c does not go into a folder', '-c -b folder ann secret', { folders: ['folder'] }),
  one('-c wants the folder of the file', '-c -b missing/pw ann secret'),
  one('-c wants a path of folders', '-c -b pw/below ann secret', { files: { pw: twoUsers } }),
  one('-c does not write through a link to nothing', '-c -b link ann secret', { links: { link: 'pw' } }),
  one('-c does not write through a link to a file', '-c -b link ann secret', {
    links: { link: 'pw' },
    files: { pw: twoUsers },
  }),
  one('-c with - writes to standard output', '-c -b - ann secret'),
  one('-c may come twice', '-c -c -b - ann secret'),
  one('a word that is no flag is the file', '-c -b -- ann secret'),
  one('-H sha512', '-H sha512 -c -b - ann secret'),
  one('-H sha512-pbkdf2', '-H sha512-pbkdf2 -c -b - ann secret'),
  one('the last -H counts', '-H sha512 -H sha512-pbkdf2 -c -b - ann secret'),
  one('-H argon2id', '-H argon2id -c -b - ann secret'),
  one('-I sets the iterations', '-I 5 -c -b - ann secret'),
  one('-I takes the number that a text starts with', '-I 12abc -c -b - ann secret'),
  one('-I takes 32 bits', '-I 4294967299 -c -b - ann secret'),
  one('-I does not count for sha512', '-I 5 -H sha512 -c -b - ann secret'),
];

const names: readonly PasswdCase[] = (
  [
    ['with a colon', 'a:b'],
    ['with a tab', 'a\tb'],
    ['with a line end', 'a\nb'],
    ['with DEL', 'a\x7fb'],
    ['with a control character before a colon', 'a\x01:'],
    ['that is too long', 'u'.repeat(65_536)],
    ['of other letters', 'ünï→𝄞'],
    ['with C1 control characters', 'a\u0085b'],
    ['with blanks inside', 'ann lee'],
    ['that is empty', ''],
    ['that starts with #', '#ann'],
    ['with blanks around it', ' ann '],
  ] as const
).map(([what, name]) => ({
  name: `a name ${what}`,
  commands: [{ args: ['-c', '-b', '-', name, 'secret'] }],
}));

const passwords: readonly PasswdCase[] = [
  {
    name: 'an empty password on the command line',
    commands: [{ args: ['-c', '-b', '-', 'ann', ''] }],
  },
  {
    name: 'a password that is too long',
    commands: [{ args: ['-c', '-b', 'pw', 'ann', 'p'.repeat(65_536)] }],
  },
  one('a password is asked for twice', '-c pw ann', { input: 'secret\nsecret\n' }),
  one('a password is asked for twice with -', '-c - ann', { input: 'secret\nsecret\n' }),
  one('the second line needs no end', '-c pw ann', { input: 'secret\r\nsecret' }),
  one('what follows is not read', '-c pw ann', { input: 'secret\nsecret\nother\n' }),
  one('passwords that differ', '-c pw ann', { input: 'secret\nother\n' }),
  one('no password', '-c pw ann'),
  one('an empty password', '-c pw ann', { input: '\n\n' }),
  one('a second password that is missing', '-c pw ann', { input: 'secret\n' }),
  one('a second password that is empty', '-c pw ann', { input: 'secret\n\n' }),
  one('a password ends at a NUL', '-c pw ann', { input: 'secret\0x\nsecret\0y\n' }),
  one('a line that is too long is two', '-c pw ann', { input: `${'x'.repeat(2 * 65_499)}\n` }),
  one('a line that is too long goes on', '-c pw ann', { input: `${'x'.repeat(65_499)}yy\n` }),
  one('a password is asked for before -c opens the file', '-c pw ann', {
    input: 'secret\nsecret\n',
    files: { pw: twoUsers },
  }),
  one('a file is opened before the password is asked for', 'missing ann', { input: 'secret\nsecret\n' }),
  one('an asked password updates', 'pw ann', { input: 'secret\nsecret\n', files: { pw: twoUsers } }),
  one('asked passwords that differ leave the file', 'pw ann', {
    input: 'secret\nother\n',
    files: { pw: twoUsers },
  }),
];

const updating: readonly PasswdCase[] = [
  one('adds a user', '-b pw cid secret', { files: { pw: twoUsers } }),
  one('adds a user to an empty file', '-b pw cid secret', { files: { pw: '' } }),
  one('updates a user in its place', '-b pw ann secret', { files: { pw: twoUsers } }),
  one('updates the last user', '-b pw bob secret', { files: { pw: twoUsers } }),
  one('updates with another hash', '-H sha512 -b pw bob secret', { files: { pw: twoUsers } }),
  one('updates with iterations', '-I 7 -b pw bob secret', { files: { pw: twoUsers } }),
  one('updates the first of two lines of a user', '-b pw ann secret', {
    files: { pw: `${twoUsers}ann:x\n` },
  }),
  one('names differ by case', '-b pw ANN secret', { files: { pw: twoUsers } }),
  one('finds a name between blanks and colons', '-b pw q secret', { files: { pw: odd } }),
  one('finds a name after a colon', '-b pw x secret', { files: { pw: odd } }),
  one('leaves line ends of other lines', '-b pw ann secret', { files: { pw: 'ann:x\r\nbob:y\r\n' } }),
  one('leaves long lines', '-b pw ann secret', { files: { pw: `ann:x\nbob:${'y'.repeat(5000)}\n` } }),
  one('adds after a line without an end', '-b pw cid secret', { files: { pw: 'ann:x' } }),
  one('updates a line without an end', '-b pw ann secret', { files: { pw: 'ann:x' } }),
  one('a comment is corrupt', '-b pw cid secret', { files: { pw: `# comment\n${twoUsers}` } }),
  one('an empty line is corrupt', '-b pw cid secret', { files: { pw: `${twoUsers}\n` } }),
  one('a user without a password is corrupt', '-b pw cid secret', { files: { pw: 'ann:\n' } }),
  one('a password without a user is corrupt', '-b pw cid secret', { files: { pw: ' :x\n' } }),
  one('a line with a NUL is corrupt', '-b pw cid secret', { files: { pw: `ann:x\nb\0b:y\n${twoUsers}` } }),
  one('writes through a link', '-b link cid secret', { links: { link: 'pw' }, files: { pw: twoUsers } }),
  one('refuses a link to nothing', '-b link cid secret', { links: { link: 'pw' } }),
  one('looks through a link to nothing when it may', '-b link cid secret', {
    links: { link: 'pw' },
    env: { MOSQUITTO_UNSAFE_ALLOW_SYMLINKS: '1' },
  }),
  one('refuses a folder', '-b folder cid secret', { folders: ['folder'] }),
  one('refuses what is below a file', '-b pw/below cid secret', { files: { pw: twoUsers } }),
  {
    name: 'refuses an empty path',
    commands: [{ args: ['-b', '', 'ann', 'secret'] }, { args: ['-c', '-b', '', 'ann', 'secret'] }],
  },
  one('warns of a file that everybody reads, and keeps its mode', '-b pw cid secret', {
    files: { pw: { text: twoUsers, mode: 0o644 } },
  }),
  one('keeps a mode for the group', '-b pw cid secret', { files: { pw: { text: twoUsers, mode: 0o660 } } }),
  one('needs a backup', `-b ${'n'.repeat(245)} cid secret`, { files: { ['n'.repeat(245)]: twoUsers } }),
  {
    name: 'one after the other',
    commands: [
      { args: ['-c', '-b', 'pw', 'ann', 'one'] },
      { args: ['-b', 'pw', 'bob', 'two'] },
      { args: ['-H', 'sha512', '-b', 'pw', 'cid', 'three'] },
      { args: ['-b', 'pw', 'ann', 'four'] },
      { args: ['-D', 'pw', 'bob'] },
      { args: ['-D', 'pw', 'bob'] },
    ],
  },
];

const deleting: readonly PasswdCase[] = [
  one('-D deletes a user', '-D pw ann', { files: { pw: twoUsers } }),
  one('-D ignores what follows', '-D pw ann more', { files: { pw: twoUsers } }),
  one('-D deletes the only user', '-D pw ann', { files: { pw: 'ann:x\n' } }),
  one('-D deletes all lines of a user', '-D pw ann', { files: { pw: `ann:x\n${twoUsers}ann:y\n` } }),
  one('-D does not know a user', '-D pw cid', { files: { pw: twoUsers } }),
  one('-D does not know a user of an empty file', '-D pw cid', { files: { pw: '' } }),
  one('-D deletes between blanks and colons', '-D pw q', { files: { pw: odd } }),
  one('-D deletes a user that starts with #', '-D pw #c', { files: { pw: odd } }),
  one('-D finds a line corrupt before the user', '-D pw ann', { files: { pw: `x\n${twoUsers}` } }),
  one('-D finds a line corrupt after the user', '-D pw ann', { files: { pw: `${twoUsers}x\n` } }),
  one('-D leaves a last line without an end', '-D pw ann', { files: { pw: 'ann:x\nbob:y' } }),
  {
    name: '-D refuses a name that cannot be',
    commands: [{ args: ['-D', 'pw', 'a:b'] }],
    files: { pw: twoUsers },
  },
];

const upgrading: readonly PasswdCase[] = [
  one('-U hashes all passwords', '-U pw', { files: { pw: 'ann:one\nbob:two\n' } }),
  one('-U takes -b', '-b -U pw', { files: { pw: 'ann:one\n' } }),
  one('-U takes -H', '-H sha512 -U pw', { files: { pw: 'ann:one\n' } }),
  one('-U takes -I', '-I 5 -U pw', { files: { pw: 'ann:one\n' } }),
  one('-U hashes what is hashed', '-U pw', { files: { pw: twoUsers } }),
  one('-U takes blanks, colons and no line end', '-U pw', { files: { pw: `${odd}z:y` } }),
  one('-U takes CRLF', '-U pw', { files: { pw: 'ann:one\r\nbob:two\r\n' } }),
  one('-U keeps names that are not UTF-8', '-U pw', { files: { pw: '\xff\xfe:one\n' } }),
  one('-U leaves a corrupt file', '-U pw', { files: { pw: 'ann:one\nbob\ncid:three\n' } }),
  one('-U has nothing to do', '-U pw', { files: { pw: '' } }),
];

export const cases: readonly PasswdCase[] = [
  ...usage,
  ...wrong,
  ...creating,
  ...names,
  ...passwords,
  ...updating,
  ...deleting,
  ...upgrading,
];
