// The end of a turn: what happens in which order, when it comes at once and when it is put off.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from './connection.js';
import { Turn } from './turn.js';

let clock = 0;
let deferred: (() => void)[] = [];
let happened: string[] = [];
let turn: Turn;

/** A connection that says what is done with it. */
function connection(name: string, onFlush: () => void = () => {}): Connection {
  const told = (what: string) => () => void happened.push(`${what} ${name}`);
  return {
    isPumping: false,
    session: { pump: told('pump') },
    flush: () => {
      told('flush')();
      onFlush();
    },
    turn: told('turn'),
  } as unknown as Connection;
}

/** One read, in which something happens. */
function read(work: () => void = () => {}): void {
  turn.beginRead();
  work();
  turn.endRead();
}

function runDeferred(): void {
  const runs = deferred;
  deferred = [];
  for (const run of runs) run();
}

beforeEach(() => {
  clock = 1000;
  deferred = [];
  happened = [];
  turn = new Turn({
    now: () => clock,
    defer: (run) => void deferred.push(run),
    commit: () => void happened.push('commit'),
  });
});

describe('the end of a turn', () => {
  it('pumps what has room again, commits, sends, and lets go on who waited: in this order', () => {
    turn.wait(connection('late'));
    turn.touched(connection('a'));
    turn.pump(connection('b'));
    turn.touched(connection('c'));
    runDeferred();
    expect(happened).toEqual(['pump b', 'commit', 'flush a', 'flush c', 'turn late']);
  });

  it('comes once for all that happened, and not again when nothing did', () => {
    const one = connection('a');
    turn.touched(one);
    turn.pump(one);
    turn.pump(one);
    turn.request();
    expect(deferred).toHaveLength(1);
    runDeferred();
    expect(happened).toEqual(['pump a', 'commit', 'flush a']);
    expect([deferred.length, turn.number]).toEqual([0, 1]);
  });

  it('leaves what happens meanwhile to the next', () => {
    const other = connection('other');
    turn.touched(connection('a', () => turn.touched(other)));
    turn.touched(connection('b', () => turn.pump(other)));
    runDeferred();
    expect(happened).toEqual(['commit', 'flush a', 'flush b']);
    happened = [];
    runDeferred();
    expect(happened).toEqual(['pump other', 'commit', 'flush other']);
  });

  it('forgets no connection, however many there are and whatever they do meanwhile', () => {
    const all = Array.from({ length: 100 }, (_, i) => connection(`${i}`));
    const busy = all.map((one, i) => connection(`busy ${i}`, () => turn.touched(one)));
    for (const one of busy) turn.touched(one);
    for (let i = 0; i < 3; i++) runDeferred();
    expect(happened.filter((what) => what.startsWith('flush'))).toEqual([
      ...busy.map((_, i) => `flush busy ${i}`),
      ...all.map((_, i) => `flush ${i}`),
    ]);
  });
});

describe('what a read causes', () => {
  it('is sent right after it when there is little to do', () => {
    read(() => turn.touched(connection('a')));
    expect(happened).toEqual(['commit', 'flush a']);
    expect(deferred).toHaveLength(0);
  });

  it('is not sent before the read is over', () => {
    turn.beginRead();
    turn.touched(connection('a'));
    expect([happened.length, deferred.length]).toEqual([0, 0]);
    turn.endRead();
    expect(happened).toHaveLength(2);
  });

  it('is gathered when reads follow one another closely, and sent once for all', () => {
    const one = connection('a');
    for (let i = 0; i < 10; i++) {
      clock += 0.001;
      read(() => turn.touched(one));
    }
    const atOnce = happened.filter((what) => what === 'flush a').length;
    expect(atOnce).toBeLessThan(10);
    expect(deferred).toHaveLength(1);
    happened = [];
    runDeferred();
    expect(happened[0]).toBe('commit');
    // when things have calmed down again it is sent at once
    clock += 10;
    happened = [];
    read(() => turn.touched(connection('b')));
    expect(happened).toEqual(['commit', 'flush b']);
  });

  it('that causes nothing ends no turn', () => {
    read();
    expect([happened.length, deferred.length, turn.number]).toEqual([0, 0, 0]);
  });

  it('does not wait for an end that was ordered before', () => {
    turn.touched(connection('a'));
    read(() => turn.touched(connection('b')));
    expect(deferred).toHaveLength(1);
    runDeferred();
    expect(happened).toEqual(['commit', 'flush a', 'flush b']);
  });

  it('is work that begins at 0 with each read', () => {
    turn.beginRead();
    turn.work += 5;
    turn.endRead();
    turn.beginRead();
    expect(turn.work).toBe(0);
  });

  it('tells the time', () => {
    clock = 4321;
    expect(turn.beginRead()).toBe(4321);
  });
});
