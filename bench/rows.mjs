// The rows of the comparison as data: what each one loads a broker with, what is read off, and the target it has.
// A row has one load, or several that are compared with one another (MQTT 5 beside 3.1.1).
//
// Windows and pauses are equal for all brokers, and chosen so that Mosquitto is at its best or close to it and
// nobody loses anything; see README.md for how each was found.

/**
 * @typedef {{seconds: number, quick: boolean, files: number}} Scale
 * @typedef {{label: string, tool: 'mqload' | 'own', args: string[]}} Load
 * @typedef {'throughput' | 'cpu' | 'p99' | 'memory' | 'second'} Figure
 * @typedef {{peer?: string, figure: Figure, atLeast?: number, atMost?: number}} Target
 *   against a peer: Pondhawk's figure divided by the peer's; figure `second`: the second load's rate by the first's;
 *   without a peer: the figure itself
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {string} title
 * @property {'pubsub' | 'paced' | 'conns' | 'retained'} kind
 * @property {(scale: Scale) => Load[]} loads
 * @property {Target[]} targets
 * @property {boolean} [needsMqload]
 */

/** @param {Scale} scale */
const window = ({ seconds, quick }) => ['--duration', `${seconds}`, '--warmup', quick ? '1' : '2'];
/** @param {string} args @returns {(scale: Scale) => Load[]} */
const mqload = (args) => (scale) => [
  { label: '', tool: 'mqload', args: [...args.split(' '), ...window(scale)] },
];
/**
 * The same load in 3.1.1 and in 5.
 * @param {'mqload' | 'own'} tool @param {string} args @param {string} [only5] @returns {(scale: Scale) => Load[]}
 */
const both =
  (tool, args, only5 = '') =>
  (scale) => [
    { label: '3.1.1', tool, args: ['-V', '4', ...args.split(' '), ...window(scale)] },
    { label: '5', tool, args: ['-V', '5', ...`${args} ${only5}`.trim().split(' '), ...window(scale)] },
  ];

/** @type {(peer: string, ratio: number) => Target[]} */
const faster = (peer, ratio) => [{ peer, figure: 'throughput', atLeast: ratio }];
/** @type {Target[]} */
const calm = [
  { peer: 'mosquitto', figure: 'cpu', atMost: 1 },
  { peer: 'mosquitto', figure: 'p99', atMost: 1 },
];
/** @type {Target[]} */
const near = [{ figure: 'second', atLeast: 0.85 }];

const FLOOD_0 = 'pubsub --pattern p2p --pubs 50 --qos 0 --outstanding 5000 --coalesce 300';
const FLOOD_1 = 'pubsub --pattern p2p --pubs 50 --qos 1 --inflight 100 --coalesce 300';
const FLOOD_2 = 'pubsub --pattern p2p --pubs 50 --qos 2 --inflight 100 --coalesce 300';
/** The window that Mosquitto's clients and most others have by default. */
const smallWindow = (/** @type {string} */ flood) => flood.replace('--inflight 100', '--inflight 20');

/** @type {Row[]} */
export const rows = [
  {
    name: 'qos0',
    title: 'flood, QoS 0, 50 publisher-subscriber pairs, 64 bytes',
    kind: 'pubsub',
    loads: mqload(FLOOD_0),
    targets: faster('mosquitto', 11),
  },
  {
    name: 'qos1',
    title: 'flood, QoS 1, 50 pairs',
    kind: 'pubsub',
    loads: mqload(FLOOD_1),
    targets: faster('mosquitto', 11),
  },
  {
    name: 'qos2',
    title: 'flood, QoS 2, 50 pairs',
    kind: 'pubsub',
    loads: mqload(FLOOD_2),
    targets: faster('mosquitto', 11),
  },
  {
    name: 'qos1-20',
    title: 'flood, QoS 1, 50 pairs, 20 in flight for each',
    kind: 'pubsub',
    loads: mqload(smallWindow(FLOOD_1)),
    targets: [],
  },
  {
    name: 'qos2-20',
    title: 'flood, QoS 2, 50 pairs, 20 in flight for each',
    kind: 'pubsub',
    loads: mqload(smallWindow(FLOOD_2)),
    targets: [],
  },
  {
    name: 'fanout0',
    title: 'fan-out of 1 to 200, QoS 0',
    kind: 'pubsub',
    loads: mqload('pubsub --pattern fanout --pubs 1 --subs 200 --qos 0 --outstanding 100 --coalesce 300'),
    targets: faster('mosquitto', 20),
  },
  {
    name: 'fanout1',
    title: 'fan-out of 1 to 200, QoS 1',
    kind: 'pubsub',
    loads: mqload('pubsub --pattern fanout --pubs 1 --subs 200 --qos 1 --inflight 50 --coalesce 300'),
    targets: faster('mosquitto', 8),
  },
  {
    name: 'shared1',
    title: 'fan-in of 100 publishers to a shared group of 4, QoS 1',
    kind: 'pubsub',
    loads: mqload(
      'pubsub --pattern fanin --pubs 100 --subs 4 --share=group --qos 1 --inflight 100 --coalesce 300',
    ),
    targets: faster('mosquitto', 13),
  },
  {
    name: 'paced0',
    title: '500 pairs at 10,000 messages/s together, QoS 0',
    kind: 'paced',
    needsMqload: true,
    loads: mqload('pubsub --pattern p2p --pubs 500 --qos 0 --rate 10000'),
    targets: calm,
  },
  {
    name: 'paced1',
    title: '500 pairs at 5,000 messages/s together, QoS 1',
    kind: 'paced',
    needsMqload: true,
    loads: mqload('pubsub --pattern p2p --pubs 500 --qos 1 --rate 5000'),
    targets: calm,
  },
  {
    name: 'large0',
    title: '64 KiB payloads, QoS 0, 50 pairs',
    kind: 'pubsub',
    loads: mqload('pubsub --pattern p2p --pubs 50 --qos 0 --size 65536 --outstanding 100'),
    targets: faster('mosquitto', 1),
  },
  {
    name: 'large1',
    title: '64 KiB payloads, QoS 1, 50 pairs',
    kind: 'pubsub',
    loads: mqload('pubsub --pattern p2p --pubs 50 --qos 1 --size 65536 --inflight 2'),
    targets: faster('mosquitto', 1),
  },
  {
    name: 'conns',
    title: 'idle connections with a subscription each',
    kind: 'conns',
    needsMqload: true,
    loads: ({ quick, files }) => {
      const n = Math.min(quick ? 5000 : 15000, files - 300);
      return [
        {
          label: `${n}`,
          tool: 'mqload',
          args: ['conns', '-n', `${n}`, '--fork', '2', '--sub', '--hold', '3'],
        },
      ];
    },
    targets: [...faster('mosquitto', 1), { figure: 'memory', atMost: 6144 }],
  },
  {
    name: 'retained',
    title: 'retained messages fetched by one new subscriber, QoS 1',
    kind: 'retained',
    needsMqload: true,
    loads: ({ quick }) => {
      const n = quick ? 30000 : 100000;
      return [{ label: `${n}`, tool: 'mqload', args: ['retained', '-n', `${n}`, '--inflight', '200'] }];
    },
    targets: faster('mosquitto', 3),
  },
  {
    name: 'mqtt5-qos0',
    title: 'the QoS 0 flood in MQTT 5, no properties',
    kind: 'pubsub',
    loads: both('mqload', FLOOD_0),
    targets: near,
  },
  {
    name: 'mqtt5-qos1',
    title: 'the QoS 1 flood in MQTT 5, no properties',
    kind: 'pubsub',
    loads: both('mqload', FLOOD_1),
    targets: near,
  },
  {
    name: 'alias0',
    title: 'QoS 0, 50 pairs, MQTT 5 with topic aliases and a user property (own generator)',
    kind: 'pubsub',
    loads: both('own', 'pubsub --pubs 50 --qos 0 --outstanding 5000', '--aliases --user-property'),
    targets: near,
  },
  {
    name: 'alias1',
    title: 'QoS 1, 50 pairs, MQTT 5 with topic aliases and a user property (own generator)',
    kind: 'pubsub',
    loads: both('own', 'pubsub --pubs 50 --qos 1 --inflight 100', '--aliases --user-property'),
    targets: near,
  },
];

/**
 * What a run gave, under one set of names whatever the scenario was.
 * @typedef {object} Measured
 * @property {string} [error]
 * @property {number} [rate] messages (delivered, fetched) or connections a second
 * @property {number} [cpu] µs of the broker's CPU for each of them
 * @property {number} [p50] µs
 * @property {number} [p99] µs
 * @property {number} [memory] bytes for each connection or retained message, or of the whole broker in a flood
 * @property {number} [broker] % of a core
 * @property {number} [generator] % of a core
 * @property {number} [other] % of a core used by the rest of the machine
 * @property {number} [asked] messages/s that a paced run asked for
 * @property {number} lost @property {number} duplicates @property {number} order
 */

/**
 * @param {Row} row @param {Record<string, any>} figures of mqload or mqtt5-load @returns {Measured}
 */
export function measured(row, figures) {
  const faults = {
    lost: figures.lost ?? figures.connections_failed ?? 0,
    duplicates: figures.duplicates ?? 0,
    order: figures.order_violations ?? 0,
  };
  const error = figures.error || figures.first_error || (figures.timed_out ? 'timed out' : '');
  const shared = {
    ...faults,
    ...(error ? { error } : {}),
    broker: figures.broker_cpu_pct ?? undefined,
    generator: figures.mqload_cpu_pct ?? undefined,
    other: figures.other_cpu_pct ?? undefined,
  };
  if (row.kind === 'conns') {
    const seconds = figures.connect_seconds;
    return {
      ...shared,
      rate: figures.connections_per_s,
      cpu: figures.broker_cpu_us_per_conn,
      p50: figures.connect_p50_us,
      p99: figures.connect_p99_us,
      memory: figures.broker_rss_bytes_per_conn,
      broker: (figures.broker_cpu_us_per_conn * figures.connections_up) / 1e4 / seconds,
      generator: (100 * figures.mqload_cpu_s) / seconds,
    };
  }
  if (row.kind === 'retained') {
    return {
      ...shared,
      rate: figures.received_per_s,
      cpu: figures.broker_cpu_us_per_delivered,
      memory: figures.broker_rss_bytes_per_retained,
    };
  }
  return {
    ...shared,
    rate: figures.delivered_per_s,
    cpu: figures.broker_cpu_us_per_delivered,
    p50: figures.latency_p50_us,
    p99: figures.latency_p99_us,
    memory: figures.broker_rss_peak_sampled_kb * 1024,
    asked: figures.rate_asked || undefined,
  };
}
