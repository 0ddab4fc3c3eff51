// The table of what the $SYS tree says as moving averages: which of its counters, over how many minutes.
import { LoadAverage } from './load-average.js';

const MINUTES = [1, 5, 15];

/** Topics below $SYS/broker/load/, in Mosquitto's order, and the counters whose growth they average. */
const counted: Readonly<Record<string, string>> = {
  'messages/received': 'messages/received',
  'messages/sent': 'messages/sent',
  'publish/dropped': 'publish/messages/dropped',
  'publish/received': 'publish/messages/received',
  'publish/sent': 'publish/messages/sent',
  'bytes/received': 'bytes/received',
  'bytes/sent': 'bytes/sent',
  sockets: 'connections/socket/count',
  connections: 'mqtt/connect/received',
};

export interface LoadTopic {
  /** Below $SYS/broker/. */
  readonly topic: string;
  /** The topic of the counter. */
  readonly counter: string;
  readonly average: LoadAverage;
}

/** All of them, at 0. */
export function loadTopics(): LoadTopic[] {
  return Object.entries(counted).flatMap(([name, counter]) =>
    MINUTES.map((minutes) => ({
      topic: `load/${name}/${minutes}min`,
      counter,
      average: new LoadAverage(minutes),
    })),
  );
}
