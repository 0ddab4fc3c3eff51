// What the tools say to a command line that they do not take: options without their value, values that are
// wrong, options that are unknown or another tool's, and too little. Most of these come from the table of options.
import { one, type ToolCase, type ToolName, toolNames } from '../case.js';
import { options } from '../options.js';

/** Everything that a tool needs, so that only what a case adds can be wrong. */
const enough: Record<ToolName, string> = {
  pub: 'pub -p 1 -h 127.0.0.1 -t a -m b',
  sub: 'sub -p 1 -h 127.0.0.1 -t a -E',
  rr: 'rr -p 1 -h 127.0.0.1 -t a -e b -m c',
};

/** What a tool needs besides its message, for options that are a message themselves. */
const withoutMessage: Record<ToolName, string> = { ...enough, pub: 'pub -p 1 -t a', rr: 'rr -p 1 -t a -e b' };

const messages = ['-f', '-m', '-n', '-s', '-l'];

/** The tools take turns, since there would be too many cases otherwise. */
let turn = 0;
function next(tools: readonly ToolName[]): ToolName {
  return tools[turn++ % tools.length]!;
}

const missing = options
  .filter(({ values }) => values > 0)
  .flatMap(({ names, tools }) =>
    names.map((name) => {
      const tool = next(tools);
      return one(`${tool} says that ${name} lacks its value`, `${enough[tool]} ${name}`);
    }),
  );

const wrong = options.flatMap(({ names: [name], tools, wrong: values }) =>
  values.map((value) => {
    const tool = next(tools);
    const line = (messages.includes(name!) ? withoutMessage : enough)[tool];
    return one(`${tool} is given ${name} ${value}`, `${line} ${name} ${value}`);
  }),
);

const foreign = options.flatMap(({ names, tools, values }) => {
  const others = toolNames.filter((tool) => !tools.includes(tool));
  if (others.length === 0) return [];
  const tool = next(others);
  return [one(`${tool} does not know ${names[0]}`, `${enough[tool]} ${names[0]}${' 1'.repeat(values)}`)];
});

const ofAll = toolNames.flatMap((tool) => [
  one(`${tool} --help shows its usage`, `${tool} --help`),
  one(`${tool} --version says its version`, `${tool} --version`),
  one(`${tool} without anything says what it needs`, tool),
  one(`${tool} --quiet -d says what it needs all the same`, `${tool} --quiet -d`),
  one(`${tool} does not know --nonsense`, `${enough[tool]} --nonsense`),
  one(`${tool} needs a client id for -c`, `${enough[tool]} -c`),
]);

/** What to add to a command line that is complete, and what the tool does then. */
const added: [what: string, words: string][] = [
  ['does not know options written together', '-dc'],
  ['does not know a value that is joined to its option', '-q1'],
  ['does not know --qos=1', '--qos=1'],
  ['does not know the beginning of an option', '--deb'],
  ['does not know -S, for which it was built without a resolver', '-S'],
  ['does not take a word that belongs to no option', 'word'],
  ['does not take --', '--'],
  ['does not take an empty word', "''"],
  ['does not hide a missing value with --quiet', '--quiet -t'],
  ['shows its usage before it says what is wrong after --help', '--help --nonsense'],
  ['says what is wrong before --help', '--nonsense --help'],
  ['says its version before it says what is wrong after --version', '--version -t'],
  ['needs a client id for a session that never ends', '-x -1'],
  ['needs a client id for -x ∞', '-x ∞'],
  ['goes on with a QoS of a will without a topic', '--will-qos 1'],
  ['needs a topic for a will that is retained', '--will-retain'],
  ['takes an option as the value of another', '-u -P'],
];

const unknown = added.map(([what, words]) => {
  const tool = next(toolNames);
  return one(`${tool} ${what}`, `${enough[tool]} ${words}`);
});

const needed: ToolCase[] = [
  one('pub needs a topic', 'pub -m a'),
  one('pub needs a message', 'pub -t a'),
  one('pub takes no topic with a +', 'pub -p 1 -t a/+ -m a'),
  one('pub takes no topic with a #', 'pub -p 1 -t a/# -m a'),
  one('pub takes no empty topic', "pub -p 1 -t '' -m a"),
  one('pub takes the last of two topics', 'pub -p 1 -h 127.0.0.1 -t a -t b -m a'),
  one('pub takes only one message', 'pub -p 1 -t a -m a -m b'),
  one('pub takes only one message, -n or -l', 'pub -p 1 -t a -n -l'),
  one('pub takes only one message, -l or -s', 'pub -p 1 -t a -l -s', { input: 'a\n' }),
  one('pub takes only one message, -s or -f', 'pub -p 1 -t a -s -f x', { input: 'a', files: { x: 'a' } }),
  one('pub takes only one message, -f or -m', 'pub -p 1 -t a -f x -m a', { files: { x: 'a' } }),
  one('pub -s wants some input', 'pub -p 1 -t a -s'),
  one('pub -f wants a file that is not empty', 'pub -p 1 -t a -f x', { files: { x: '' } }),
  one('pub --repeat does not go with -l', 'pub -p 1 -h 127.0.0.1 -t a -l --repeat 2', { input: 'a\n' }),
  one('sub needs a topic', 'sub -p 1'),
  one('sub takes no # within a filter', 'sub -p 1 -t a/#/b'),
  one('sub takes no + beside other characters', 'sub -p 1 -t a+'),
  one('sub takes no empty filter', "sub -p 1 -t ''"),
  one('sub takes no -R with --retained-only', 'sub -p 1 -t a -R --retained-only'),
  one('sub takes no --retained-only with -R', 'sub -p 1 -t a --retained-only -R'),
  one('rr needs a topic', 'rr -p 1 -e a -m b'),
  one('rr needs a topic for the response', 'rr -p 1 -t a -m b'),
  one('rr needs a message', 'rr -p 1 -t a -e b'),
  one('rr takes no topic with a #', 'rr -p 1 -t a/# -e b -m c'),
  one('rr takes only one message', 'rr -p 1 -t a -e b -m c -n'),
  one('rr -s wants some input', 'rr -p 1 -t a -e b -s'),
];

export const usage: readonly ToolCase[] = [...missing, ...wrong, ...foreign, ...ofAll, ...unknown, ...needed];
