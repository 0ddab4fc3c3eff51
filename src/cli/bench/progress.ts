// How far a run is, from 0 to 1: by connections while it connects, then by time or by messages, whichever is first.
import { connectionsOf } from './config.js';
import { number, seconds } from './figures.js';
import { perSecond, type View } from './view.js';

export interface Progress {
  /** Undefined if there is no end in sight. */
  readonly share: number | undefined;
  readonly text: string;
}

/** Messages after which the run ends. */
export function messagesOf({ config, tally }: View): { done: number; all: number | undefined } {
  const { scenario, limit, messages, count } = config;
  const each = messages === undefined ? Number.POSITIVE_INFINITY : messages * count;
  const all = Math.min(limit ?? Number.POSITIVE_INFINITY, each);
  const done = { conn: 0, pub: config.qos === 0 ? tally.sent : tally.acknowledged, sub: tally.received };
  return {
    done: scenario === 'rtt' ? tally.arrived : done[scenario],
    all: scenario === 'conn' || all === Number.POSITIVE_INFINITY ? undefined : all,
  };
}

export function progressOf(view: View): Progress {
  const { config, tally, stage } = view;
  if (stage === 'connecting') {
    const all = connectionsOf(config);
    const tried = tally.connected + tally.failed;
    return { share: perSecond(tried, all), text: `${number(tried)} of ${number(all)} connections` };
  }
  const { done, all } = messagesOf(view);
  const byMessages = all === undefined ? -1 : done / all;
  const { duration } = config;
  const byTime = duration === undefined ? -1 : duration === 0 ? 1 : view.seconds / duration;
  if (byMessages < 0 && byTime < 0)
    return { share: undefined, text: `${seconds(view.seconds)}; Ctrl-C ends it` };
  const text =
    byMessages > byTime
      ? `${number(done)} of ${number(all!)} messages`
      : `${seconds(Math.min(view.seconds, duration!))} of ${seconds(duration!)}`;
  return { share: Math.min(1, Math.max(byMessages, byTime)), text };
}
