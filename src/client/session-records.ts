// What of a session is kept in a store, and how: one record a message, one for how far it has come, one for each
// identifier of QoS 2 that came. Loaded only by a client that has a store.
import { decodeOneAnswer, encodeRequest, type Properties, type PublishPacket } from '../protocol/index.js';
import type { PublishContent } from './publish-packet.js';
import type { SessionOperation, SessionStore } from './session-store.js';

/** How far a message of QoS 1 or 2 has come: it waits, it was sent, or the server has it (QoS 2). */
export type Progress = 'queued' | 'sent' | 'released';

const steps: readonly Progress[] = ['queued', 'sent', 'released'];

/** A message that an earlier run of the program has left. */
export interface KeptMessage {
  readonly sequence: number;
  readonly progress: Progress;
  readonly packetId: number;
  readonly packet: PublishPacket;
}

export interface KeptSession {
  readonly messages: KeptMessage[];
  /** Identifiers of QoS 2 messages that came and whose PUBREL has not. */
  readonly received: number[];
}

function key(kind: 'message' | 'progress' | 'received', number: number): string {
  return `${kind}/${String(number).padStart(12, '0')}`;
}

function numberOf(text: string): number {
  return Number(text.slice(text.indexOf('/') + 1));
}

export class SessionRecords {
  readonly #store: SessionStore;
  readonly #changed: () => void;
  #operations: SessionOperation[] = [];
  /** The last commit, while it is under way. */
  #committing: Promise<void> | undefined;

  /** `changed` hears of the first change since the last commit. */
  constructor(store: SessionStore, changed: () => void = () => {}) {
    this.#store = store;
    this.#changed = changed;
  }

  #put(at: string, value: Uint8Array): void {
    this.#record({ type: 'put', key: at, value });
  }

  #delete(at: string): void {
    this.#record({ type: 'delete', key: at });
  }

  #record(operation: SessionOperation): void {
    this.#operations.push(operation);
    if (this.#operations.length === 1) this.#changed();
  }

  message(sequence: number, name: string, content: PublishContent): void {
    const { payload, qos, retain, properties } = content as PublishContent & {
      qos: 1 | 2;
      properties: Properties;
    };
    const packet: PublishPacket = {
      type: 'publish',
      topic: name,
      payload,
      qos,
      retain,
      dup: false,
      packetId: 1,
      properties,
    };
    this.#put(key('message', sequence), encodeRequest(packet, 5));
  }

  progress(sequence: number, progress: Progress, packetId: number): void {
    this.#put(key('progress', sequence), Uint8Array.of(steps.indexOf(progress), packetId >> 8, packetId));
  }

  done(sequence: number): void {
    this.#delete(key('message', sequence));
    this.#delete(key('progress', sequence));
  }

  received(packetId: number): void {
    this.#put(key('received', packetId), new Uint8Array(0));
  }

  released(packetId: number): void {
    this.#delete(key('received', packetId));
  }

  /** Makes all that was recorded safe. Undefined: it is. */
  commit(): Promise<void> | undefined {
    if (this.#operations.length === 0) return this.#committing;
    const operations = this.#operations;
    this.#operations = [];
    const committed = this.#tryCommit(operations);
    this.#committing = committed;
    const done = (): void => {
      if (this.#committing === committed) this.#committing = undefined;
    };
    committed?.then(done, done);
    return committed;
  }

  #tryCommit(operations: SessionOperation[]): Promise<void> | undefined {
    try {
      return this.#store.commit(operations);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** What an earlier run has left. */
  async open(clientId: string): Promise<KeptSession> {
    const kept: KeptSession = { messages: [], received: [] };
    const entries = await this.#store.open(clientId);
    for (const name of [...entries.keys()].sort()) {
      if (name.startsWith('received/')) kept.received.push(numberOf(name));
      if (!name.startsWith('message/')) continue;
      const sequence = numberOf(name);
      const [step = 0, high = 0, low = 0] = entries.get(key('progress', sequence)) ?? [];
      const packet = decodeOneAnswer(entries.get(name)!, 5) as PublishPacket;
      kept.messages.push({
        sequence,
        progress: steps[step] ?? 'queued',
        packetId: (high << 8) | low,
        packet,
      });
    }
    return kept;
  }

  async close(): Promise<void> {
    await this.commit();
    await this.#store.close();
  }
}
