// All attacks in one list. Each is { name, what, options, amounts, memory, run }: the broker's options, how much
// for the test suite, a quick and a full run, by how many MB the broker may grow, and the attack itself, which
// says what it sent and what it was answered and calls `check(holds, text)` for what must be true.
import { fastPublisher } from './attacks/fast-publisher.mjs';
import { halfOpen } from './attacks/half-open.mjs';
import { largePackets } from './attacks/large-packets.mjs';
import { matching } from './attacks/matching.mjs';
import { retainedAndTopics } from './attacks/retained-and-topics.mjs';
import { sessions } from './attacks/sessions.mjs';
import { slowSubscriber } from './attacks/slow-subscriber.mjs';
import { storms } from './attacks/storms.mjs';
import { subscriptions } from './attacks/subscriptions.mjs';

export const attacks = [
  ...halfOpen,
  ...slowSubscriber,
  ...fastPublisher,
  ...largePackets,
  ...subscriptions,
  ...matching,
  ...retainedAndTopics,
  ...storms,
  ...sessions,
];

/** Runs one attack; returns what it reports, and what was not as it must be. */
export async function runAttack(attack, target, size, metrics) {
  const problems = [];
  const check = (holds, text) => {
    if (!holds) problems.push(text);
  };
  const amounts = attack.amounts[size];
  if (amounts === undefined) throw new Error(`${attack.name} has no ${size} run`);
  const report = await attack.run({ target, amounts, check, metrics });
  return { ...report, problems };
}
