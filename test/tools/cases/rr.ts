// rr: a request and its response. What responds is a pub that waits for nothing (the response comes first, as a
// retained message), rr itself (request and response share a topic), or the companion.
import {
  cut,
  end,
  kill,
  one,
  passed,
  pause,
  publish,
  type Step,
  start,
  type ToolCase,
  watch,
} from '../case.js';

const request = "rr -p {port} -t '{t}/request' -e '{t}/answer' -m question";

/** A request whose response comes once it was sent. */
function answered(
  name: string,
  line: string,
  payload = 'response',
  rest: Partial<ToolCase> & { sent?: string } = {},
): ToolCase {
  const { sent = 'PUBLISH', ...others } = rest;
  return {
    name,
    steps: [
      watch('{t}/request'),
      start(line),
      passed(sent, 1),
      pause(30),
      publish('{t}/answer', payload),
      end,
    ],
    ...others,
  };
}

const kept: Step = publish('{t}/answer', 'stale', { retain: true, qos: 1 });

export const rr: readonly ToolCase[] = [
  answered('rr sends a request and prints the response', request),
  answered('rr -v prints the topic of the response', `${request} -v`),
  answered('rr --verbose prints the topic of the response', `${request} --verbose`),
  answered('rr -N prints no line end', `${request} -N`),
  answered('rr -F prints as it says', `${request} -F '%t %q %l'`),
  answered('rr -F %j --pretty', `${request} -F %j --pretty`, 'x', { blur: ['time'] }),
  answered('rr -F %J says what is no JSON', `${request} -F %J`, 'x'),
  answered('rr prints an empty response', `${request} -v`, ''),
  answered('rr prints bytes as they came', request, 'hex 00ff0a'),
  answered('rr -n sends an empty request', "rr -p {port} -t '{t}/request' -e '{t}/answer' -n"),
  answered(
    'rr --null-message sends an empty request',
    "rr -p {port} -t '{t}/request' -e '{t}/answer' --null-message",
  ),
  answered('rr -f sends a file', "rr -p {port} -t '{t}/request' -e '{t}/answer' -f x", 'a', {
    files: { x: 'in a file\n' },
  }),
  answered('rr --message', "rr -p {port} --topic '{t}/request' -e '{t}/answer' --message a"),
  {
    name: 'rr -s sends its input',
    steps: [
      watch('{t}/request'),
      start("rr -p {port} -t '{t}/request' -e '{t}/answer' -s", 'subscribed', 'from input\n'),
      passed('PUBLISH', 1),
      publish('{t}/answer', 'a'),
      end,
    ],
  },
  ...['PUBLISH', 'PUBACK', 'PUBCOMP'].map((sent, qos) =>
    answered(`rr -q ${qos} sends with that QoS`, `${request} -q ${qos} -d -i {t}`, 'a', { sent }),
  ),
  ...['31', '311', '5'].map((version) => answered(`rr -V ${version}`, `${request} -V ${version} -d -i {t}`)),
  answered('rr -d without an id', `${request} -d`),
  answered('rr --latency says how long it took', `${request} --latency`, 'a', { blur: ['latency'] }),
  answered(
    'rr -D publish adds properties to the request',
    `${request} -D publish user-property a b -D publish content-type c`,
  ),
  answered('rr -D publish correlation-data', `${request} -D publish correlation-data 1234`),
  answered('rr -D publish response-topic is an error', `${request} -D publish response-topic x`),
  one('rr to its own response topic gets its request', 'rr -p {port} -t {t} -e {t} -m same'),
  one('rr -W 1 gives up after a second', `${request} -W 1`),
  one('rr -W 1 --quiet gives up without a word', `${request} -W 1 --quiet`),
  {
    name: 'rr takes a retained response',
    steps: [kept, start(request), end],
  },
  {
    name: 'rr -R waits for a response that is not retained',
    steps: [kept, start(`${request} -R -W 3`), pause(50), publish('{t}/answer', 'fresh'), end],
  },
  {
    name: 'rr --retain-handling never waits for a fresh response',
    steps: [
      kept,
      start(`${request} --retain-handling never -W 3`),
      pause(50),
      publish('{t}/answer', 'fresh'),
      end,
    ],
  },
  answered('rr --retain-as-published', `${request} --retain-as-published -F '%r %p'`),
  answered('rr --nodelay', `${request} --nodelay`),
  answered('rr --quiet', `${request} --quiet`),
  answered('rr -c with an id', `${request} -c -i {t}`),
  answered('rr -e with a wildcard is no topic', "rr -p {port} -t '{t}/request' -e '{t}/+' -m a -W 1"),
  one('rr asks for response information', 'rr -p {peer} -t {t} -e {t}/answer -m a -i {t} -W 2', {
    wire: true,
  }),
  one(
    'rr -V 311 asks for no response information',
    'rr -p {peer} -t {t} -e {t}/answer -m a -i {t} -W 2 -V 311',
    { wire: true },
  ),
  one(
    'rr prefixes its response topic with what the broker says',
    'rr -p {peer} -t {t} -e answer -m a -i {t} -W 2 -d',
    {
      wire: true,
      peer: { CONNECT: '20 09 00 00 06 1a 00 03 61 2f 62' },
    },
  ),
  one('rr says that its subscription was refused', 'rr -p {peer} -t {t} -e {t}/answer -m a -i {t} -W 2 -d', {
    peer: { SUBSCRIBE: '90 04 id 00 87' },
    wire: true,
  }),
  one(
    'rr goes on when its request was refused',
    'rr -p {peer} -t {t} -e {t}/answer -m a -i {t} -W 2 -q 1 -d',
    {
      peer: { PUBLISH: '40 03 id 87' },
      wire: true,
    },
  ),
  ...(['SIGINT', 'SIGTERM'] as const).map(
    (signal): ToolCase => ({
      name: `rr ends on ${signal}`,
      steps: [start(`${request} -d -i {t}`), pause(50), kill(signal), end],
    }),
  ),
  {
    name: 'rr ends when the network failed',
    steps: [watch('{t}/request'), start(`${request} -d -i {t} -W 5`), passed('PUBLISH', 1), cut, end],
  },
];
