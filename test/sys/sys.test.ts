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

/** Below $SYS/broker/mqtt/, as mosquitto(8) lists them. */
const manual = [
  ...['connect/received', 'connack/sent'],
  ...['publish/dropped', 'publish/received', 'publish/sent'],
  ...['puback', 'pubrec', 'pubrel', 'pubcomp', 'disconnect', 'auth'].flatMap((name) => [
    `${name}/received`,
    `${name}/sent`,
  ]),
  ...['subscribe/received', 'suback/sent', 'unsubscribe/received', 'unsuback/sent'],
  ...['pingreq/received', 'pingresp/sent'],
];

interface Difference {
  readonly step: string;
  /** Below $SYS/broker/. */
  readonly topics: readonly string[];
  /** Ours minus Mosquitto's. */
  readonly by: number;
  readonly reason: string;
}

const differences: readonly Difference[] = [
  {
    step: 'too large for the subscriber',
    topics: ['publish/bytes/sent'],
    by: -10_000,
    reason: 'Mosquitto counts the payload before it sees that the packet may not be sent',
  },
  {
    step: 'a first packet that is not CONNECT',
    topics: ['messages/received'],
    by: 1,
    reason: 'Mosquitto closes at the first byte; we count the packet that we refuse',
  },
  {
    step: 'more strangers than sessions without their client',
    topics: ['clients/disconnected', 'clients/inactive'],
    by: -4_294_967_294,
    reason: 'Mosquitto subtracts connections from sessions, and shows less than nothing as 2^32 less two',
  },
  {
    step: 'a retained message that waits for a session',
    topics: ['messages/stored', 'store/messages/count'],
    by: 1,
    reason: 'our retained message is a copy of its own',
  },
  {
    step: 'a retained message that waits for a session',
    topics: ['store/messages/bytes'],
    by: 10,
    reason: 'the same, in thousands of bytes',
  },
  {
    step: 'a QoS 2 message without its PUBREL',
    topics: ['messages/stored', 'store/messages/count'],
    by: -1,
    reason: 'we route it when it comes, and keep only its identifier',
  },
  {
    step: 'a QoS 2 message without its PUBREL',
    topics: ['store/messages/bytes'],
    by: -10,
    reason: 'the same, in thousands of bytes',
  },
  {
    step: 'a clean session that does not acknowledge',
    topics: ['messages/stored', 'store/messages/count'],
    by: -1,
    reason: 'we keep no message that nobody can ask for again',
  },
  {
    step: 'a clean session that does not acknowledge',
    topics: ['store/messages/bytes'],
    by: -10,
    reason: 'the same, in thousands of bytes',
  },
];

/** Topics of a step that are not the same, and by how much ours is more. */
function differing(step: string): Record<string, number> {
  const [own, other] = [ours.oddSteps[step]!, recorded.oddSteps[step]!];
  const topics = [...new Set([...Object.keys(own), ...Object.keys(other)])];
  return Object.fromEntries(
    topics
      .filter((topic) => own[topic] !== other[topic])
      .map((topic) => [topic, Number(own[topic]) - Number(other[topic])]),
  );
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
    expect(promised.map((topic) => topic.slice('$SYS/broker/mqtt/'.length)).sort()).toEqual(manual.sort());
    const packets = (topic: string): string => ours.tree[`$SYS/broker/mqtt/${topic}`]!;
    for (const name of ['dropped', 'received', 'sent'])
      expect(packets(`publish/${name}`)).toBe(ours.tree[`$SYS/broker/publish/messages/${name}`]);
    expect(Number(packets('subscribe/received'))).toBeGreaterThan(20);
    expect(packets('suback/sent')).toBe(packets('subscribe/received'));
    expect(packets('pubrel/received')).toBe(packets('pubcomp/sent'));
  });

  it.each(Object.keys(recorded.updates))('tells the same topics in the same order: %s', (name) => {
    const told = ours.updates[name]!.filter((line) => !isPromised(line));
    expect(told).toEqual(recorded.updates[name]);
  });

  it.each(Object.keys(recorded.oddSteps))('differs only as it is known to: %s', (step) => {
    const known = differences
      .filter((difference) => difference.step === step)
      .flatMap(({ topics, by }) => topics.map((topic) => [`$SYS/broker/${topic}`, by]));
    expect(differing(step)).toEqual(Object.fromEntries(known));
  });
});
