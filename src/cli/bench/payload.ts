// What messages carry. Where the client copies a payload before `publish` returns, all messages of a process
// share one buffer, so that a flood makes no garbage.
import { REFERENCED_SIZE } from '../../client/output.js';
import type { BenchConfig, PayloadPlan } from './config.js';
import { payloadTemplate, randomLetters } from './payload-template.js';
import { STAMP_SIZE, writeStamp } from './stamp.js';
import type { Who } from './topic-template.js';

/** The payload of a message; `at` is the time for its stamp. */
export type Payloads = (who: Who, number: number, topic: string, at: number) => Uint8Array;

type PlanOf<Kind extends PayloadPlan['kind']> = Extract<PayloadPlan, { kind: Kind }>;

function sized({ size }: PlanOf<'sized'>, { qos, run }: BenchConfig): Payloads {
  const model = Buffer.from(randomLetters(size));
  if (size < STAMP_SIZE) return () => model;
  // with QoS 1 and 2 the client keeps the payload until it is acknowledged, a large one until it has left
  const isShared = qos === 0 && size < REFERENCED_SIZE;
  return ({ index }, number, _topic, at) => {
    const payload = isShared ? model : Buffer.allocUnsafe(size);
    if (!isShared) model.copy(payload);
    writeStamp(payload, run, index, number, at);
    return payload;
  };
}

const kinds: {
  readonly [Kind in PayloadPlan['kind']]: (plan: PlanOf<Kind>, config: BenchConfig) => Payloads;
} = {
  sized,
  bytes: ({ bytes }) => {
    // what came from another process is not a Buffer any more
    const payload = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return () => payload;
  },
  template: ({ text }) => {
    const fill = payloadTemplate(text);
    return (who, number, topic) => Buffer.from(fill(who, number, topic));
  },
};

export function payloadsOf(config: BenchConfig): Payloads {
  const { payload } = config;
  return kinds[payload.kind](payload as never, config);
}
