// Plays the table with Mosquitto's tools and ours, each against Mosquitto and our broker, and prints as Markdown for
// every option in how many cases output and exit status are those of Mosquitto's tools against Mosquitto:
//   MOSQUITTO_BIN=/folder/with/its/programs npx vitest run --config test/tools/oracle.config.ts
// PAIRS=mosquitto/ours plays only Mosquitto's tools against our broker; DETAILS=1 prints what differs,
// CASES=PATTERN plays only the cases whose names match.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BrokerUnderTest, startMosquitto, startOurBroker } from './broker-under-test.js';
import { commandLines } from './case.js';
import { cases as table } from './cases/index.js';
import { type Certificates, makeCertificates } from './certificates.js';
import { compare } from './compare.js';
import { type Difference, differences } from './differences.js';
import { chosen } from './often.js';
import { options } from './options.js';
import { usesOf } from './options-coverage.js';
import { readRecording } from './recording.js';
import { type CaseResult, canRun } from './runner.js';
import { type Results, runTable } from './table-run.js';
import { type LinkedTools, linkOurTools, mosquittoTools } from './tools-under-test.js';

const programs = process.env['MOSQUITTO_BIN'];
const cases = chosen(table, process.env);
const allPairs = ['mosquitto/mosquitto', 'mosquitto/ours', 'ours/mosquitto', 'ours/ours'] as const;
type Pair = (typeof allPairs)[number];
const wantedPairs = process.env['PAIRS']?.split(',') ?? allPairs;
const pairs = allPairs.filter((pair, at) => at === 0 || wantedPairs.includes(pair));

let certificates: Certificates;
let linked: LinkedTools;

beforeAll(() => {
  certificates = makeCertificates();
  linked = linkOurTools();
});

afterAll(() => {
  certificates.remove();
  linked.remove();
});

async function play(pair: Pair): Promise<Results> {
  const [whoseTools, whoseBroker] = pair.split('/');
  const tools = whoseTools === 'ours' ? linked.tools : mosquittoTools(programs!);
  const broker: BrokerUnderTest =
    whoseBroker === 'ours'
      ? await startOurBroker(certificates.folder)
      : await startMosquitto(programs!, certificates.folder);
  try {
    const playable = cases.filter((toolCase) => canRun(toolCase, broker));
    return await runTable(playable, { tools, broker, certificates: certificates.folder });
  } finally {
    await broker.stop();
  }
}

function concerns({ whose }: Difference, pair: Pair): boolean {
  return pair.split('/')[whose === 'tools' ? 0 : 1] === 'ours';
}

function isStale(recorded: CaseResult | undefined, played: CaseResult): boolean {
  return recorded === undefined || compare(recorded, played).length > 0;
}

/** What a cell of the table says. */
function verdict(name: string, wanted: Results, got: Results): string {
  const result = got.get(name);
  if (result === undefined) return '–';
  return compare(wanted.get(name)!, result).length === 0 ? 'same' : 'differs';
}

/** One row for each option: an example that succeeds, and how many of its cases agree. */
function markdown(wanted: Results, others: readonly Pair[], results: ReadonlyMap<Pair, Results>): string {
  const rows = options.map((option) => {
    const of = cases.filter((toolCase) => usesOf(toolCase).some((use) => use.option === option));
    const exits = (name: string): (number | string)[] => wanted.get(name)!.commands.map(({ exit }) => exit);
    const lines = of
      .filter(({ name }) => exits(name).every((exit) => exit === 0))
      .map((toolCase) => commandLines(toolCase).join(' & '))
      .filter((line) => option.names.some((name) => ` ${line} `.includes(` ${name} `)));
    const example = lines.reduce(
      (best, line) => (best === '' || line.length < best.length ? line : best),
      '',
    );
    const cells = others.map((pair) => {
      const verdicts = of
        .map(({ name }) => verdict(name, wanted, results.get(pair)!))
        .filter((word) => word !== '–');
      return `${verdicts.filter((word) => word === 'same').length} of ${verdicts.length}`;
    });
    return [`\`${option.names.join('`, `')}\``, option.tools.join(', '), `\`${example}\``, ...cells];
  });
  const pairNames = others.map((pair) =>
    `${pair.replace('/', "'s tools, ")}'s broker`.replaceAll("ours's", 'our'),
  );
  const header = ['option', 'of', 'for example', ...pairNames];
  return [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

test.skipIf(programs === undefined)(
  'the tools and brokers agree, or the difference is known',
  async () => {
    const results = new Map<Pair, Results>();
    for (const pair of pairs) results.set(pair, await play(pair));
    const wanted = results.get('mosquitto/mosquitto')!;
    const others = pairs.slice(1);
    console.log(markdown(wanted, others, results));
    const recorded = readRecording().cases;
    const stale = cases.filter(({ name }) => isStale(recorded[name], wanted.get(name)!));
    console.log(`mosquitto/mosquitto: ${stale.length} of ${cases.length} cases differ from the recording`);
    for (const { name } of stale) console.log(`  ${name}`);
    const disagreements: string[] = [];
    for (const pair of others) {
      const played = results.get(pair)!;
      const differing = cases.filter(({ name }) => verdict(name, wanted, played) === 'differs');
      console.log(`${pair}: ${played.size} of ${cases.length} cases, ${differing.length} differ`);
      for (const { name } of differing) {
        if (differences.some((difference) => difference.cases.test(name) && concerns(difference, pair)))
          continue;
        disagreements.push(`${pair}: ${name}\n${compare(wanted.get(name)!, played.get(name)!).join('\n')}`);
      }
    }
    if (process.env['DETAILS']) console.log(disagreements.join('\n\n'));
    expect(disagreements.map((text) => text.split('\n')[0])).toEqual([]);
  },
  900_000,
);
