// A message that came, as the program sees it.
import type { Properties, Publish, QoS } from '../protocol/index.js';

const decoder = new TextDecoder();

export class Message {
  readonly topic: string;
  /** The program's own; in Node a Buffer. */
  readonly payload: Uint8Array;
  readonly qos: QoS;
  /** Sent because it was retained, not because it was published just now (unless retain-as-published says so). */
  readonly retain: boolean;
  /** It may have come before. */
  readonly dup: boolean;
  /** 0 with QoS 0. */
  readonly packetId: number;
  /** MQTT 5: empty before. */
  readonly properties: Properties;

  constructor(publish: Publish, topic: string, payload: Uint8Array, properties: Properties) {
    this.topic = topic;
    this.payload = payload;
    this.qos = publish.qos as QoS;
    this.retain = publish.retain;
    this.dup = publish.dup;
    this.packetId = publish.packetId;
    this.properties = properties;
  }

  /** The payload as text. */
  text(): string {
    return decoder.decode(this.payload);
  }

  /** The payload as JSON; throws a SyntaxError when it is not. */
  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T;
  }
}
