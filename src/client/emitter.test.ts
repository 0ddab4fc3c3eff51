import { describe, expect, it } from 'vitest';
import { Emitter } from './emitter.js';

class Bell extends Emitter<{ ring: [count: number] }> {
  ring(count: number): void {
    this.emit('ring', count);
  }
}

describe('an emitter', () => {
  it('calls listeners in the order in which they were added, with the arguments', () => {
    const bell = new Bell();
    const heard: string[] = [];
    bell.on('ring', (count) => heard.push(`a${count}`)).on('ring', (count) => heard.push(`b${count}`));
    bell.ring(3);
    expect(heard).toEqual(['a3', 'b3']);
  });

  it('calls a listener of `once` once', () => {
    const bell = new Bell();
    let heard = 0;
    bell.once('ring', () => heard++);
    bell.ring(1);
    bell.ring(2);
    expect([heard, bell.listenerCount('ring')]).toEqual([1, 0]);
  });

  it('takes a listener away, also one that was added with `once`', () => {
    const bell = new Bell();
    const listener = (): void => {};
    bell.on('ring', listener).off('ring', listener);
    expect(bell.listenerCount('ring')).toBe(0);
    bell.once('ring', listener).off('ring', listener);
    expect(bell.listenerCount('ring')).toBe(0);
  });

  it('goes on with the listeners that there were when one adds or removes others', () => {
    const bell = new Bell();
    const heard: string[] = [];
    const second = (): void => void heard.push('second');
    bell.on('ring', () => {
      bell.off('ring', second);
      bell.on('ring', () => heard.push('third'));
    });
    bell.on('ring', second);
    bell.ring(1);
    expect(heard).toEqual(['second']);
  });
});
