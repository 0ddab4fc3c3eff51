// Our $SYS tree beside Mosquitto's, after each step of the same session. What differs stands here with its reason.
import { beforeAll, describe, expect, it } from 'vitest';
import { readRecording } from './recording.js';
import { playSession, type SessionResult, type Values } from './session.js';
import { startOurs } from './world.js';

const recorded = readRecording();
let ours: SessionResult;

beforeAll(async () => {
  ours = await playSession(startOurs);
});

/** mosquitto(8) promises them, and Mosquitto 2.1.2 does not publish them. */
const isPromised = (topic: string): boolean => topic.startsWith('$SYS/broker/mqtt/');

/** Step, topic below $SYS/broker/, what ours says instead of Mosquitto's, and why. */
const differences: readonly [step: string, topic: string, ours: string, theirs: string, reason: string][] = [
  [
    'too large for the subscriber',
    'publish/bytes/sent',
    '0',
    '10000',
    'Mosquitto counts the payload before it sees that the packet may not be sent',
  ],
  [
    'a first packet that is not CONNECT',
    'messages/received',
    '1',
    '0',
    'Mosquitto closes at the first byte; we count the packet that we refuse',
  ],
  ...['clients/disconnected', 'clients/inactive'].map(
    (topic) =>
      [
        'more strangers than sessions without their client',
        topic,
        '0',
        '4294967294',
        'Mosquitto subtracts connections from sessions, and shows a negative number as an unsigned one',
      ] as [string, string, string, string, string],
  ),
  ...['messages/stored', 'store/messages/count', 'store/messages/bytes'].flatMap((topic) => {
    const unit = topic.endsWith('bytes') ? 10 : 1;
    return [
      [
        'a retained message that waits for a session',
        topic,
        String(2 * unit),
        String(unit),
        'the retained message is a copy of its own in ours',
      ],
      [
        'a QoS 2 message without its PUBREL',
        topic,
        '0',
        String(unit),
        'ours is routed when it comes, and of what it was only the identifier is kept',
      ],
      [
        'a clean session that does not acknowledge',
        topic,
        '0',
        String(unit),
        'ours keeps no message that nobody can ask for again',
      ],
    ] as [string, string, string, string, string][];
  }),
];

function differing(step: string): unknown[] {
  const [own, other] = [ours.oddSteps[step]!, recorded.oddSteps[step]!];
  return [...new Set([...Object.keys(own), ...Object.keys(other)])]
    .filter((topic) => own[topic] !== other[topic])
    .map((topic) => [topic, own[topic], other[topic]])
    .sort();
}

function withoutPromised(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([topic]) => !isPromised(topic)));
}

describe('the $SYS tree', () => {
  it.each(Object.keys(recorded.steps))('says what Mosquitto says: %s', (step) => {
    expect(ours.steps[step]).toEqual(recorded.steps[step]);
  });

  it('has at the end the topics of Mosquitto and those of its manual, with the same values and loads', () => {
    expect(withoutPromised(ours.tree)).toEqual(recorded.tree);
  });

  it('has the packets that were counted, under the names of the manual', () => {
    const promised = Object.keys(ours.tree).filter(isPromised);
    expect(promised).toHaveLength(24);
    expect(ours.tree['$SYS/broker/mqtt/publish/received']).toBe(
      ours.tree['$SYS/broker/publish/messages/received'],
    );
    expect(Number(ours.tree['$SYS/broker/mqtt/subscribe/received'])).toBeGreaterThan(20);
    expect(ours.tree['$SYS/broker/mqtt/suback/sent']).toBe(ours.tree['$SYS/broker/mqtt/subscribe/received']);
  });

  it.each(Object.keys(recorded.updates))('tells the same topics in the same order: %s', (name) => {
    const told = ours.updates[name]!.filter((line) => !isPromised(line));
    expect(told).toEqual(recorded.updates[name]);
  });

  it.each(Object.keys(recorded.oddSteps))('differs only as it is known to: %s', (step) => {
    const known = differences
      .filter(([where]) => where === step)
      .map(([, topic, own, other]) => [`$SYS/broker/${topic}`, own, other]);
    expect(differing(step)).toEqual(known.sort());
  });
});
