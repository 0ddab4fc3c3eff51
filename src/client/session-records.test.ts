import { describe, expect, it } from 'vitest';
import { SessionRecords } from './session-records.js';
import type { SessionOperation, SessionStore } from './session-store.js';

class Store implements SessionStore {
  entries = new Map<string, Uint8Array>();
  commits: (readonly SessionOperation[])[] = [];
  isClosed = false;
  openedFor: string | undefined;

  async open(clientId: string): Promise<ReadonlyMap<string, Uint8Array>> {
    this.openedFor = clientId;
    return this.entries;
  }

  commit(operations: readonly SessionOperation[]): undefined {
    this.commits.push(operations);
    for (const one of operations) {
      if (one.type === 'put') this.entries.set(one.key, one.value);
      else this.entries.delete(one.key);
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

const encoder = new TextEncoder();
function content(text: string, qos: number, extra: object = {}) {
  return {
    topic: encoder.encode('t'),
    payload: encoder.encode(text),
    qos,
    retain: false,
    properties: undefined,
    ...extra,
  };
}

describe('the records of a session', () => {
  it('bring messages back in the order in which they were published, with all they had', async () => {
    const store = new Store();
    const records = new SessionRecords(store);
    for (const sequence of [10, 9, 2]) records.message(sequence, 't', content(`${sequence}`, 1));
    const properties = { contentType: 'x', userProperties: [['a', 'b']] as [string, string][] };
    records.message(1000, 'ä/b', content('last', 2, { retain: true, properties }));
    records.commit();
    const { messages } = await new SessionRecords(store).open('me');
    expect(store.openedFor).toBe('me');
    expect(messages.map(({ sequence }) => sequence)).toEqual([2, 9, 10, 1000]);
    expect(messages[3]).toMatchObject({
      progress: 'queued',
      packet: { topic: 'ä/b', payload: encoder.encode('last'), qos: 2, retain: true, properties },
    });
  });

  it('know how far each message has come, and with which packet identifier', async () => {
    const store = new Store();
    const records = new SessionRecords(store);
    for (const sequence of [1, 2, 3]) records.message(sequence, 't', content('x', 2));
    records.progress(1, 'sent', 65_535);
    records.progress(2, 'sent', 258);
    records.progress(2, 'released', 258);
    records.progress(3, 'sent', 7);
    records.progress(3, 'queued', 0);
    records.commit();
    const { messages } = await new SessionRecords(store).open('me');
    expect(messages.map(({ progress, packetId }) => [progress, packetId])).toEqual([
      ['sent', 65_535],
      ['released', 258],
      ['queued', 0],
    ]);
  });

  it('know identifiers that came and were not released', async () => {
    const store = new Store();
    const records = new SessionRecords(store);
    for (const id of [1, 300, 65_535]) records.received(id);
    records.released(300);
    records.commit();
    expect((await new SessionRecords(store).open('me')).received).toEqual([1, 65_535]);
  });

  it('leave nothing of what is done', () => {
    const store = new Store();
    const records = new SessionRecords(store);
    records.message(1, 't', content('x', 1));
    records.progress(1, 'sent', 1);
    records.done(1);
    records.received(1);
    records.released(1);
    records.commit();
    expect(store.entries.size).toBe(0);
  });

  it('go to the store in one commit, once, and not at all when there is nothing', () => {
    const store = new Store();
    const records = new SessionRecords(store);
    records.received(1);
    records.received(2);
    records.commit();
    expect(records.commit()).toBeUndefined();
    expect(store.commits.map((one) => one.length)).toEqual([2]);
  });

  it('are committed before the store is closed', async () => {
    const store = new Store();
    const records = new SessionRecords(store);
    records.received(5);
    await records.close();
    expect([store.entries.size, store.isClosed]).toEqual([1, true]);
  });
});
