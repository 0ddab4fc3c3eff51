// Lines that strangers cause do not fill the log.
import { describe, expect, it } from 'vitest';
import { QuietLines } from './quiet-lines.js';

describe('lines about protection', () => {
  it('are ten a second, and then the number of the others', () => {
    const told: string[] = [];
    const lines = new QuietLines((text) => told.push(text));
    for (let i = 0; i < 1000; i++) lines.say(`line ${i}`, 5000 + i / 2);
    expect(told).toEqual(Array.from({ length: 10 }, (_, i) => `line ${i}`));
    expect(lines.hasLeftOut).toBe(true);
    lines.say('later', 6000);
    expect(told.slice(10)).toEqual([
      '990 more lines about clients that were refused or banned were left out.',
      'later',
    ]);
    lines.settle();
    expect(told).toHaveLength(12);
  });
});
