import { describe, expect, it } from 'vitest';
import { Publish } from '../protocol/index.js';
import { Message } from './message.js';
import { MessageStream } from './message-stream.js';

function message(text: string, qos = 0): Message {
  const publish = new Publish();
  publish.qos = qos;
  return new Message(publish, 'topic', new TextEncoder().encode(text), {});
}

class Owner {
  calls: string[] = [];
  full(isFull: boolean): void {
    this.calls.push(isFull ? 'full' : 'not full');
  }
  closed(): void {
    this.calls.push('closed');
  }
}

function open(highWaterMark?: number): { stream: MessageStream; owner: Owner } {
  const owner = new Owner();
  return { owner, stream: new MessageStream(owner, { highWaterMark }) };
}

/** A push of QoS 1, and whether the program is done with it. */
function push(stream: MessageStream, text: string): { isDone: boolean } {
  const state = { isDone: false };
  void stream.push(message(text, 1))?.then(() => {
    state.isDone = true;
  });
  return state;
}

async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

async function texts(stream: MessageStream): Promise<string[]> {
  const list: string[] = [];
  for await (const one of stream) list.push(one.text());
  return list;
}

describe('a stream of messages', () => {
  it('gives messages in their order, those that waited and those that come', async () => {
    const { stream } = open();
    for (const text of ['a', 'b']) stream.push(message(text));
    expect((await stream.next()).value?.text()).toBe('a');
    expect((await stream.next()).value?.text()).toBe('b');
    const next = stream.next();
    stream.push(message('c'));
    expect((await next).value?.text()).toBe('c');
  });

  it('serves several who ask at once in the order in which they asked', async () => {
    const { stream } = open();
    const asked = [stream.next(), stream.next(), stream.next()];
    for (const text of ['a', 'b']) stream.push(message(text));
    stream.end();
    const results = await Promise.all(asked);
    expect(results.map(({ value, done }) => (done ? 'done' : value?.text()))).toEqual(['a', 'b', 'done']);
  });

  it('says that the program is done with a message when it asks for the next one', async () => {
    const { stream } = open();
    const [one, two] = [push(stream, '1'), push(stream, '2')];
    await stream.next();
    await settle();
    expect([one.isDone, two.isDone]).toEqual([false, false]);
    await stream.next();
    await settle();
    expect([one.isDone, two.isDone]).toEqual([true, false]);
    void stream.next();
    await settle();
    expect(two.isDone).toBe(true);
  });

  it('does not wait for anybody with QoS 0', () => {
    expect(open().stream.push(message('x'))).toBeUndefined();
  });

  it('says that it is full at the high-water mark, and that it is not at half of that, once each', async () => {
    const { stream, owner } = open(4);
    for (let i = 0; i < 3; i++) stream.push(message('x'));
    expect(owner.calls).toEqual([]);
    for (let i = 0; i < 3; i++) stream.push(message('x'));
    expect(owner.calls).toEqual(['full']);
    for (let i = 0; i < 3; i++) await stream.next();
    expect(owner.calls).toEqual(['full']);
    await stream.next();
    expect(owner.calls).toEqual(['full', 'not full']);
  });

  it('is not full of QoS 1, which is held up by what is not acknowledged', () => {
    const { stream, owner } = open(2);
    for (let i = 0; i < 10; i++) push(stream, 'x');
    expect(owner.calls).toEqual([]);
  });

  it('drops QoS 0 beyond sixteen high-water marks, counts that, and keeps QoS 1', () => {
    const { stream } = open(2);
    for (let i = 0; i < 40; i++) stream.push(message('x'));
    expect(stream.dropped).toBe(8);
    push(stream, 'y');
    expect(stream.dropped).toBe(8);
  });

  it('is full, and stays so, when QoS 1 beyond all limits waits', async () => {
    const { stream, owner } = open(1);
    for (let i = 0; i < 100; i++) push(stream, 'x');
    expect(owner.calls).toEqual(['full']);
    for (let i = 0; i < 10; i++) await stream.next();
    expect(owner.calls).toEqual(['full']);
  });

  it('ends the subscription when the program leaves the loop, once', async () => {
    const { stream, owner } = open();
    stream.push(message('a'));
    for await (const _ of stream) break;
    stream.close();
    await stream.return();
    expect(owner.calls).toEqual(['closed']);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('takes what was not taken for done when it is closed, and nothing after that', async () => {
    const { stream } = open();
    const states = [push(stream, '1'), push(stream, '2'), push(stream, '3')];
    await stream.next();
    stream.close();
    await settle();
    expect(states.map(({ isDone }) => isDone)).toEqual([true, true, true]);
    expect(stream.push(message('4', 1))).toBeUndefined();
  });

  it('is no longer full once it is closed, or ended', () => {
    for (const how of ['close', 'end'] as const) {
      const { stream, owner } = open(1);
      stream.push(message('x'));
      stream[how]();
      expect(owner.calls.slice(0, 2)).toEqual(['full', 'not full']);
    }
  });

  it('lets those who wait go when it is closed', async () => {
    const { stream } = open();
    const asked = [stream.next(), stream.next()];
    stream.close();
    expect((await Promise.all(asked)).map(({ done }) => done)).toEqual([true, true]);
  });

  it('gives what waits when it has ended, then says so', async () => {
    const { stream } = open();
    for (const text of ['a', 'b']) stream.push(message(text));
    stream.end();
    expect(await texts(stream)).toEqual(['a', 'b']);
  });

  it('throws its error once, after what waits', async () => {
    const { stream } = open();
    stream.push(message('a'));
    stream.end(new Error('lost'));
    expect((await stream.next()).value?.text()).toBe('a');
    await expect(stream.next()).rejects.toThrow('lost');
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('throws its error to one who waits, and ends for the others', async () => {
    const { stream } = open();
    const [one, two] = [stream.next(), stream.next()];
    stream.end(new Error('lost'));
    await expect(one).rejects.toThrow('lost');
    expect((await two).done).toBe(true);
  });

  it('that ended and was left counts what was not taken as done', async () => {
    const { stream } = open();
    const states = [push(stream, '1'), push(stream, '2')];
    stream.end(new Error('lost'));
    await stream.return();
    await settle();
    expect(states.map(({ isDone }) => isDone)).toEqual([true, true]);
  });
});
