// The cases: ACL files and what is tried under them. Some are written out of the grammar of the files (every kind of
// filter against every kind of topic, every access word against every kind of attempt), the others by hand, as
// somebody would who wants more than he was given.
import type { AclProbe, AclWorld, Attempt, Subject } from './acl-case.js';

const tries = (as: Subject, ...attempts: Attempt[]): AclProbe[] =>
  attempts.map((attempt) => ({ as, tries: attempt }));
const publishes = (as: Subject, ...topics: string[]): AclProbe[] =>
  tries(as, ...topics.map((publish) => ({ publish })));
const receives = (as: Subject, ...topics: string[]): AclProbe[] =>
  tries(as, ...topics.map((receive) => ({ receive })));
const lines = (...all: string[]): string => all.map((line) => `${line}\n`).join('');

/** Filters and the topics that are tried against them: those that match, and those that nearly do. */
const matching: Readonly<Record<string, readonly string[]>> = {
  a: ['a', 'A', 'a/', '/a', 'aa', 'a/b'],
  'a/b': ['a/b', 'a', 'a/b/', 'a//b', 'b/a', 'a/bb', 'a/b/c'],
  '/': ['/', '//', 'a', 'a/', '/a'],
  '/a': ['/a', 'a', '//a', '/a/'],
  'a/': ['a/', 'a', 'a//', 'a/b'],
  'a//b': ['a//b', 'a/b', 'a/x/b'],
  '+': ['a', 'abc', '/', 'a/', 'a/b', '$x'],
  '+/': ['a/', '/', 'a', 'a/b', '//'],
  '/+': ['/a', '/', 'a', '/a/b', '//'],
  '+/+': ['a/b', '/', 'a/', '/b', 'a', 'a/b/c', '$x/b'],
  'a/+': ['a/b', 'a/', 'a', 'a//', 'a/b/c', 'b/b'],
  'a/+/c': ['a/b/c', 'a//c', 'a/b', 'a/c', 'a/b/d', 'a/b/c/d', 'a/b/b/c'],
  '+/b/+': ['a/b/c', '/b/', 'a/b', 'a/c/c', '/b/x/y'],
  '#': ['a', '/', 'a/b/c', '$x', '$x/y'],
  '/#': ['/', '/a', '//', 'a', 'a/b'],
  'a/#': ['a', 'a/', 'a/b', 'a//', 'a/b/c/d', 'ab', 'b/a', 'aa/b'],
  'a/b/#': ['a/b', 'a/b/', 'a/b/c', 'a', 'a/bb', 'a/'],
  'a//#': ['a/', 'a//', 'a//b', 'a', 'a/b'],
  '+/#': ['a', 'a/', '/', 'a/b/c', '$x/y', '/a'],
  'a/+/#': ['a/', 'a/b', 'a/b/c', 'a', 'b/b', 'a//c'],
  '+/+/#': ['a/b', '/', 'a/b/c', 'a', 'a/'],
  '+/b/#': ['a/b', '/b', 'a/b/c', 'a', 'a/c', 'b/b/b'],
  'ä/+/日本': ['ä/x/日本', 'a/x/日本', 'ä/ü/日本', 'ä/x/日', 'A\u0308/x/日本', '\u00e4/x/日本'],
  'a b/c d': ['a b/c d', 'a b', 'a/c d', 'a  b/c d', 'a b/c d '],
  '%c/%u': ['%c/%u', 'filters/%u', 'filters/user', '%c/x'],
};

const filters = Object.keys(matching);
const matchingUser = (filter: string): string => `u${filters.indexOf(filter)}`;
const matchingRules = (word: string): string =>
  filters.map((filter) => lines(`user ${matchingUser(filter)}`, `topic ${word} ${filter}`)).join('');
const matchingSubject = (filter: string): Subject => ({ id: 'filters', user: matchingUser(filter) });

/** Patterns side by side, told apart by their first level. */
const patterns = lines(
  'pattern readwrite id/%c',
  'pattern readwrite name/%u',
  'pattern readwrite both/%c/%u',
  'pattern readwrite twice/%c/%c',
  'pattern readwrite below/%c/#',
  'pattern readwrite plus/%c/+/end',
  'pattern readwrite +/any/%u',
  'pattern readwrite part/x%c',
  'pattern readwrite part/%cx',
  'pattern readwrite half/x%u/y',
  'pattern readwrite %u/first',
  'pattern readwrite %c/own/#',
  'pattern readwrite case/%C/%U',
  'pattern readwrite percent/%%c/%d',
  'pattern readwrite spaced/%u/a b',
  'pattern readwrite open/door',
);

const shapes = ({ id, user = '' }: Subject): string[] => [
  `id/${id}`,
  'id/%c',
  `name/${user}`,
  'name/%u',
  `both/${id}/${user}`,
  `both/${user}/${id}`,
  `twice/${id}/${id}`,
  `below/${id}`,
  `below/${id}/x/y`,
  `below/${id}x/y`,
  `plus/${id}/x/end`,
  `plus/${id}/end`,
  `x/any/${user}`,
  `part/x${id}`,
  'part/x%c',
  `part/${id}x`,
  'part/%cx',
  `half/x${user}/y`,
  'half/x%u/y',
  `${user}/first`,
  `${id}/own/x`,
  `${id}/own`,
  'case/%C/%U',
  `case/${id}/${user}`,
  'percent/%%c/%d',
  `spaced/${user}/a b`,
  'open/door',
];
const tried = (subject: Subject): string[] =>
  shapes(subject).filter((topic) => topic !== '' && !/[+#]/.test(topic));

const ann: Subject = { id: 'ann-1', user: 'ann' };
const nobody: Subject = { id: 'nobody' };

/** Names that want to be more than a name. */
const attackers: readonly Subject[] = [
  { id: 'ann-1', user: '+' },
  { id: '+', user: 'ann' },
  { id: '#', user: 'ann' },
  { id: 'a+b', user: 'ann' },
  { id: 'x#', user: 'ann' },
  { id: 'ann-1', user: 'a#' },
  { id: '+' },
  { id: 'ann/1', user: 'ann' },
  { id: 'ann-1', user: 'ann/x' },
  { id: 'ann-1', user: '/' },
  { id: '/', user: 'ann' },
  { id: '%u', user: '%c' },
  { id: '$SYS', user: '$SYS' },
  { id: 'ann-1', user: '' },
  { id: 'a b', user: 'a b' },
];
const attacked = (subject: Subject): string[] =>
  [
    `id/${subject.id}`,
    `name/${subject.user ?? ''}`,
    'id/victim',
    'name/victim',
    'name/',
    `below/${subject.id}/x`,
    `below/${subject.id.split('/')[0]}/x`,
    `${subject.user ?? 'none'}/first`,
    `${subject.id}/own/x`,
    'open/door',
  ].filter((topic) => !/[+#]/.test(topic));

const unique = (probes: AclProbe[]): AclProbe[] => {
  const seen = new Set<string>();
  return probes.filter((probe) => {
    const key = JSON.stringify(probe);
    return !seen.has(key) && seen.add(key) !== undefined;
  });
};

const accessWords = ['', 'read ', 'write ', 'readwrite ', 'deny '];
const everyAttempt: readonly Attempt[] = [
  { publish: 't/x', qos: 0 },
  { publish: 't/x', qos: 1 },
  { publish: 't/x', qos: 2 },
  { publish: 't/x', qos: 1, retain: true },
  { subscribe: 't/x', qos: 1 },
  { subscribe: '#', qos: 2 },
  { receive: 't/x', qos: 0 },
  { receive: 't/x', qos: 1 },
  { receive: 't/x', qos: 2 },
  { receive: 't/x', filter: '#' },
  { receive: 't/x', filter: '$share/g/t/+', qos: 1 },
  { receiveRetained: 't/x' },
  { receiveRetained: 't/x', filter: '#', qos: 1 },
  { receiveQueued: 't/x' },
  { will: 't/x' },
  { will: 't/x', qos: 1, retain: true },
];

function accessWorld(word: string, version: 3 | 4 | 5): AclWorld {
  const as: Subject = { id: 'client', user: 'ann', version };
  return {
    name: `"topic ${word}t/+" and every attempt of MQTT ${version === 5 ? '5' : version === 4 ? '3.1.1' : '3.1'}`,
    acl: lines('user ann', `topic ${word}t/+`),
    probes: tries(as, ...everyAttempt),
  };
}

export const worlds: readonly AclWorld[] = [
  {
    name: 'filters and topics that are published to',
    acl: matchingRules('write'),
    probes: filters.flatMap((filter) => publishes(matchingSubject(filter), ...matching[filter]!)),
  },
  {
    name: 'filters and topics that are received',
    acl: matchingRules('read'),
    probes: filters.flatMap((filter) => receives(matchingSubject(filter), ...matching[filter]!)),
  },
  {
    name: 'filters that deny what # allows',
    acl: filters
      .map((filter) =>
        lines(`user ${matchingUser(filter)}`, 'topic #', 'topic $x/#', 'topic $x', `topic deny ${filter}`),
      )
      .join(''),
    probes: filters.flatMap((filter) =>
      publishes(matchingSubject(filter), ...matching[filter]!.slice(0, 4), ...matching[filter]!.slice(-1)),
    ),
  },
  { name: 'patterns of a client with a name', acl: patterns, probes: publishes(ann, ...tried(ann)) },
  {
    name: 'patterns of a client with a name that receives',
    acl: patterns,
    probes: receives(ann, ...tried(ann)),
  },
  { name: 'patterns of a client without a name', acl: patterns, probes: publishes(nobody, ...tried(nobody)) },
  {
    name: 'names that want to be more than a name',
    acl: patterns,
    probes: unique(attackers.flatMap((as) => publishes(as, ...attacked(as)))),
  },
  {
    name: 'names that want to be more than a name, and receive',
    acl: patterns,
    probes: unique(attackers.flatMap((as) => receives(as, ...attacked(as).slice(0, 4)))),
  },
  {
    name: 'dangerous names where there are no patterns',
    acl: lines('topic anonymous/+', 'user a+b', 'topic a/#', 'user #', 'topic b/#'),
    probes: [
      ...publishes({ id: 'x', user: 'a+b' }, 'a/x', 'b/x'),
      ...publishes({ id: 'x', user: '#' }, 'a/x', 'b/x'),
      ...publishes({ id: '+/#' }, 'anonymous/x', 'a/x'),
    ],
  },
  {
    name: 'dangerous names whose own rules allow or deny before patterns are looked at',
    acl: lines('topic id/#', 'user a+b', 'topic a/#', 'topic deny a/x', 'pattern open/#'),
    probes: [
      ...publishes({ id: 'x', user: 'a+b' }, 'a/y', 'a/x', 'open/x'),
      ...publishes({ id: 'x+' }, 'id/x', 'open/x'),
      ...publishes({ id: 'x', user: 'fine' }, 'id/x', 'open/x'),
      ...receives({ id: 'x#', user: 'fine' }, 'id/x', 'open/x'),
    ],
  },
  {
    name: 'patterns that deny',
    acl: lines(
      'pattern readwrite #',
      'pattern deny secret/#',
      'pattern deny own/%u',
      'pattern deny id/%c',
      'user ann',
      'topic secret/ann',
      'topic deny own/rules',
      'user bob',
      'topic read secret/bob',
    ),
    probes: [
      ...publishes(ann, 'secret/x', 'secret/ann', 'own/ann', 'own/bob', 'own/rules', 'id/ann-1', 'x'),
      ...publishes({ id: 'b', user: 'bob' }, 'secret/bob', 'own/bob', 'own/rules', 'x'),
      ...receives({ id: 'b', user: 'bob' }, 'secret/bob', 'secret/x', 'own/bob', 'x'),
      ...publishes(nobody, 'secret/x', 'own/x', 'id/nobody', 'x', '$x'),
    ],
  },
  {
    name: 'patterns that need a name, even where it is only part of a level',
    acl: lines('pattern deny a/x%u', 'pattern a/#', 'pattern b/x%u', 'pattern deny c/%u', 'pattern c/#'),
    probes: [
      ...publishes(nobody, 'a/x%u', 'a/y', 'b/x%u', 'c/', 'c/x'),
      ...publishes(ann, 'a/x%u', 'a/y', 'b/x%u', 'c/ann', 'c/x'),
      ...publishes({ id: 'x', user: '' }, 'a/x%u', 'b/x%u', 'c/', 'c/x'),
    ],
  },
  {
    name: 'rules of clients without a name, which are nobody else’s',
    acl: lines('topic read r/#', 'topic write w/#', 'topic rw', 'user ann', 'topic a', 'topic deny rw'),
    probes: [
      ...publishes(nobody, 'r/x', 'w/x', 'rw', 'a'),
      ...receives(nobody, 'r/x', 'w/x', 'rw', 'a'),
      ...publishes(ann, 'r/x', 'w/x', 'rw', 'a'),
      ...publishes({ id: 'x', user: 'unknown' }, 'r/x', 'w/x', 'rw', 'a'),
      ...publishes({ id: 'x', user: '' }, 'r/x', 'w/x', 'rw', 'a'),
      ...publishes({ id: 'ann' }, 'w/x', 'a'),
    ],
  },
  {
    name: 'users by their exact names, however often they are named',
    acl: lines(
      'user ann',
      'topic a/1',
      'user Ann',
      'topic b/1',
      'user ann',
      'topic a/2',
      'topic deny a/3',
      'user ann smith',
      'topic c/1',
      'user ännchen',
      'topic d/1',
      'user ann',
      'topic a/3',
      'user  \t bob \t ',
      'topic e/1',
      'user user',
      'topic f/1',
      'user nothing',
    ),
    probes: [
      ...publishes(ann, 'a/1', 'a/2', 'a/3', 'b/1', 'c/1'),
      ...publishes({ id: 'x', user: 'Ann' }, 'a/1', 'b/1'),
      ...publishes({ id: 'x', user: 'ann ' }, 'a/1', 'c/1'),
      ...publishes({ id: 'x', user: 'ann smith' }, 'a/1', 'c/1'),
      ...publishes({ id: 'x', user: 'ännchen' }, 'd/1'),
      ...publishes({ id: 'x', user: 'bob' }, 'e/1'),
      ...publishes({ id: 'x', user: 'user' }, 'f/1'),
      ...publishes({ id: 'x', user: 'nothing' }, 'f/1', 'a/1'),
      ...publishes({ id: 'x', user: '__proto__' }, 'a/1'),
    ],
  },
  {
    name: 'deny rules wherever they stand, and the union of the others',
    acl: lines(
      'user ann',
      'topic read m/x',
      'topic deny d/x',
      'topic d/#',
      'topic write m/x',
      'topic deny d/+/y',
      'topic read m/#',
      'topic deny #',
      'user bob',
      'topic m/#',
      'topic deny m/a/#',
      'topic m/a/b',
      'topic write w/#',
      'topic read w/1',
      'topic deny m/+/c',
    ),
    probes: [
      ...publishes(ann, 'm/x', 'd/x', 'd/z', '$x'),
      ...publishes({ id: 'x', user: 'bob' }, 'm', 'm/b', 'm/a', 'm/a/b', 'm/b/c', 'm/b/c/d', 'w/1', 'w/2'),
      ...receives({ id: 'x', user: 'bob' }, 'm', 'm/b', 'm/a', 'm/a/b', 'm/b/c', 'w/1', 'w/2'),
    ],
  },
  {
    name: 'blanks, comments and words where filters are',
    acl: [
      '# topic comment/1\n',
      '#topic comment/2\n',
      '\n',
      '   \t \n',
      '  topic   read    led/by/blanks  \t \r\n',
      'topic read two words here\r\n',
      'topic readwrite   \t tab\tinside \t\n',
      'topic read\n',
      'topic write\n',
      'topic deny\n',
      'topic read\tx\n',
      'topic write deny\n',
      'topic read # \n',
      'topic write last/without/newline',
    ].join(''),
    probes: [
      ...publishes(nobody, 'comment/1', 'comment/2', 'led/by/blanks', 'two words here', 'tab', 'inside'),
      ...publishes(nobody, 'read', 'write', 'deny', 'x', 'last/without/newline'),
      ...receives(nobody, 'led/by/blanks', 'two words here', 'x', 'deny', '$x'),
    ],
  },
  {
    name: 'topics with a $',
    acl: lines(
      'topic #',
      'topic +/#',
      'user ann',
      'topic $x/#',
      'topic $SYS/#',
      'topic $share/#',
      'topic $SYSTEM/#',
      'topic $shared/#',
      'topic $',
      'topic #',
      'user bob',
      'pattern readwrite %c/#',
      'pattern readwrite +/x',
      'pattern readwrite $own/%c/#',
    ),
    probes: [
      ...publishes(
        ann,
        '$x/y',
        '$x',
        '$y',
        '$',
        '$/x',
        '$SYSTEM/x',
        '$SYS',
        '$SYS/x',
        '$shared/x',
        '$share/g/x',
      ),
      ...publishes(ann, '$SYS/broker/connection/x/state', '$SYS/broker/connection/x/y/state'),
      ...publishes(nobody, '$x/y', '$SYS/x', '$SYS/broker/connection/x/state', '$share/g/x', 'x/y'),
      ...publishes({ id: '$x', user: 'bob' }, '$x/y', '$own/$x/y', '$x/x', '$own/y/x'),
      ...receives({ id: '$x', user: 'bob' }, '$x/y', '$own/$x/y'),
      ...receives(ann, '$x/y', '$y', '$', '$SYSTEM/x'),
      ...tries(
        ann,
        { receiveRetained: '$SYS/broker/version' },
        { receiveRetained: '$SYS/broker/version', filter: '$SYS/#' },
        { subscribe: '$SYS/#' },
        { subscribe: '$share/g/t' },
        { will: '$x/y' },
        { will: '$SYS/x' },
        { will: '$share/g/x' },
      ),
      ...tries(
        nobody,
        { receiveRetained: '$SYS/broker/version' },
        { subscribe: '$SYS/#' },
        { subscribe: '$share/g/t' },
        { will: '$x/y' },
        { will: '$SYS/x' },
      ),
    ],
  },
  {
    name: 'nobody’s rules: an empty file',
    acl: '',
    probes: [
      ...tries(ann, ...everyAttempt.filter((attempt) => !('receiveQueued' in attempt))),
      ...publishes(nobody, 'a', '$x'),
      ...receives(nobody, 'a'),
    ],
  },
  {
    name: 'sessions that come back under another name',
    acl: lines('user reader', 'topic read t/#', 'user other', 'topic read x/#'),
    probes: [
      ...tries({ id: 'kept', user: 'reader' }, { receiveQueued: 't/1' }),
      ...tries({ id: 'kept', user: 'reader' }, { receiveQueued: 't/1', by: { id: 'kept', user: 'other' } }),
      ...tries({ id: 'kept', user: 'reader' }, { receiveQueued: 't/1', by: { id: 'kept' } }),
      ...tries({ id: 'kept', user: 'other' }, { receiveQueued: 't/1', by: { id: 'kept', user: 'reader' } }),
      ...tries({ id: 'kept', user: 'reader', version: 4 }, { receiveQueued: 't/1' }),
      ...tries(
        { id: 'kept', user: 'reader', version: 4 },
        { receiveQueued: 't/1', by: { id: 'kept', user: 'other', version: 4 } },
      ),
    ],
  },
  {
    name: 'rules in bytes that are no UTF-8 beside others that are',
    acl: lines('topic write a/\ufffd', 'topic write b/#', 'user \ufffd', 'topic write c/#'),
    probes: [
      ...publishes(nobody, 'a/\ufffd', 'b/\ufffd', 'a/x'),
      ...publishes({ id: 'x', user: '\ufffd' }, 'c/x', 'b/x'),
    ],
  },
  {
    name: 'long topics and deep ones',
    acl: lines(
      `topic write ${'a/'.repeat(200)}b`,
      `topic write ${'+/'.repeat(199)}c`,
      `topic write ${'x'.repeat(5000)}/#`,
      'topic deny deep/+/+/+/+/+/+/+/+/+/end',
      'topic write deep/#',
    ),
    probes: publishes(
      nobody,
      `${'a/'.repeat(200)}b`,
      `${'a/'.repeat(200)}c`,
      `${'a/'.repeat(199)}c`,
      `${'a/'.repeat(198)}c`,
      `${'x'.repeat(5000)}`,
      `${'x'.repeat(5000)}/y`,
      `${'x'.repeat(4999)}/y`,
      `deep/${'a/'.repeat(9)}end`,
      `deep/${'a/'.repeat(8)}end`,
      `deep/${'a/'.repeat(195)}end`,
    ),
  },
  ...accessWords.flatMap((word) => [accessWorld(word, 5), accessWorld(word, 4)]),
  accessWorld('write ', 3),
  accessWorld('read ', 3),
];
