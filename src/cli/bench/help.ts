// What --help says beside the flags: what each scenario is for, and examples to begin with.
import type { Scenario } from './config.js';
import { placeholders } from './payload-template.js';

export const descriptions: Readonly<Record<Scenario, string>> = {
  conn: 'Open connections at a rate and hold them.',
  pub: 'Publish at a rate, or flat out.',
  sub: 'Subscribe and count what comes.',
  rtt: 'Pairs of a publisher and a subscriber: latency there and back, loss, duplicates, order.',
};

const examples: Readonly<Record<Scenario, readonly (readonly [string, string])[]>> = {
  conn: [
    ['-c 10000 -i 1 --duration 10', 'a thousand connects a second, held for ten seconds'],
    ['-c 500 -i 0 -S --cafile ca.pem', 'as fast as TLS goes'],
  ],
  pub: [
    ['-c 100 -I 100 -t "dev/%i/state" -q 1', 'each client ten messages a second'],
    ['-c 10 -I 0 -s 64 --duration 10', 'flat out'],
    [
      '-c 50 --rate 5000 -m \'{"id": {{i}}, "n": {{n}}, "t": {{random 15 25}}}\'',
      'JSON, 5,000 a second in all',
    ],
  ],
  sub: [
    ['-c 10 -t "bench/#" -q 1', 'every client gets every message'],
    ["-c 8 -t '$share/workers/bench/+'", 'eight share the messages'],
  ],
  rtt: [
    ['-c 10 --rate 1000 -q 1 --duration 10', 'latency at a thousand messages a second'],
    ['-c 20 -I 0 -F 50 -q 2 -L 100000', 'as many as possible, fifty of each pair on their way'],
  ],
};

function exampleLines(scenario: Scenario): string[] {
  return examples[scenario].flatMap(([args, text]) => [
    `  # ${text}`,
    `  pondhawk bench ${scenario} ${args}`,
  ]);
}

const placeholderLines = Object.entries(placeholders).map(([name, { help, arguments: count }]) => {
  const shown = `{{${[name, ...['A', 'B'].slice(0, count)].join(' ')}}}`;
  return `  ${shown.padEnd(16)}${help}`;
});

/** After the flags of a scenario. */
export function epilogue(scenario: Scenario): string {
  return [
    ...(scenario === 'pub' ? ['', 'Placeholders of -m:', ...placeholderLines] : []),
    '',
    'Examples:',
    ...exampleLines(scenario),
  ].join('\n');
}

/** After the list of scenarios. */
export const overview = [
  '',
  'Each of them has flags of its own: pondhawk bench pub --help',
  '',
  'Exit codes: 0 fine, 1 wrong flags, 2 no broker, 3 loss, duplicates or disorder in rtt, 130 Ctrl-C',
  '',
  'Examples:',
  ...(['conn', 'pub', 'sub', 'rtt'] as const).flatMap((scenario) => exampleLines(scenario).slice(0, 2)),
].join('\n');
