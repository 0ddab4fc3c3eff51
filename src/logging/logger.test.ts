// What becomes of a line: whether it is written, how it looks, and where it goes.
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Destination, FileDestination, TopicDestination } from './destinations.js';
import { type Line, Logger, type LogLevel, type LogSettings } from './logger.js';

class Memory implements Destination {
  readonly lines: Line[] = [];
  writes = 0;
  state: 'open' | 'closed' = 'open';

  write(lines: readonly Line[]): void {
    this.writes++;
    this.lines.push(...lines);
  }

  reopen(): void {}

  close(): void {
    this.state = 'closed';
  }

  get texts(): string[] {
    return this.lines.map(({ text }) => text);
  }
}

function settings(destination: Destination, more: Partial<LogSettings> = {}): LogSettings {
  const types = new Set<LogLevel>(['error', 'warning', 'notice', 'information']);
  return { types, format: 'text', stamp: () => '7: ', rateLimit: 0, destinations: [destination], ...more };
}

let memory: Memory;
beforeEach(() => {
  memory = new Memory();
});
afterEach(() => void vi.useRealTimers());

describe('a logger', () => {
  it('writes lines of its types, each behind the time', () => {
    const logger = new Logger(settings(memory));
    logger.log('notice', 'New connection');
    logger.log('debug', 'Received PINGREQ');
    logger.flush();
    expect(memory.texts).toEqual(['7: New connection']);
    expect([logger.has('notice'), logger.has('debug')]).toEqual([true, false]);
  });

  it('writes the lines of one turn together, and an error at once', async () => {
    const logger = new Logger(settings(memory));
    for (let i = 0; i < 100; i++) logger.log('notice', String(i));
    expect(memory.writes).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect([memory.writes, memory.lines.length]).toEqual([1, 100]);
    logger.log('notice', 'before');
    logger.log('error', 'Error: now');
    expect(memory.texts.slice(-2)).toEqual(['7: before', '7: Error: now']);
  });

  it('cuts a line after 999 bytes, and not within a character', () => {
    const logger = new Logger(settings(memory));
    logger.log('notice', '€'.repeat(500));
    logger.flush();
    const [text] = memory.texts;
    expect(Buffer.byteLength(text!)).toBeLessThanOrEqual(999);
    expect(text).toMatch(/^7: €+$/);
  });

  it('lets nobody forge a line or steer a terminal', () => {
    const logger = new Logger(settings(memory));
    logger.log('notice', 'New client x\n7: Error: forged \u001b[2J');
    logger.flush();
    expect(memory.texts).toHaveLength(1);
    expect(memory.texts[0]).not.toMatch(/\p{Cc}/u);
  });

  it('writes a JSON object a line when asked to', () => {
    const logger = new Logger(settings(memory, { format: 'json' }));
    logger.log('notice', 'a "quoted"\nline');
    logger.flush();
    const { time, ...rest } = JSON.parse(memory.texts[0]!) as Record<string, string>;
    expect(rest).toEqual({ level: 'notice', message: expect.stringContaining('a "quoted"') });
    expect(new Date(time!).toISOString()).toBe(time);
  });

  it('leaves out what is above the limit of lines, says how many, and goes on', () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'setImmediate'] });
    const logger = new Logger(settings(memory, { rateLimit: 10 }));
    for (let i = 0; i < 1000; i++) logger.log('notice', String(i));
    logger.flush();
    expect(memory.lines.length).toBe(200); // 20 seconds' worth may come at once
    vi.advanceTimersByTime(2000);
    logger.flush();
    expect(memory.texts.at(-1)).toMatch(/^7: Warning: 800 log lines were left out/);
    logger.log('notice', 'again');
    logger.flush();
    expect(memory.texts.at(-1)).toBe('7: again');
  });

  it('does not count lines that somebody switched on to see everything', () => {
    const logger = new Logger(settings(memory, { rateLimit: 1, types: new Set<LogLevel>(['debug']) }));
    for (let i = 0; i < 1000; i++) logger.log('debug', String(i));
    logger.flush();
    expect(memory.lines.length).toBe(1000);
  });

  it('closes destinations that new settings do not have, after their last lines', () => {
    const logger = new Logger(settings(memory));
    logger.log('notice', 'last');
    const other = new Memory();
    logger.configure(settings(other));
    logger.log('notice', 'first');
    logger.flush();
    expect([memory.texts, memory.state]).toEqual([['7: last'], 'closed']);
    expect([other.texts, other.state]).toEqual([['7: first'], 'open']);
  });
});

describe('a log file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is for its owner alone, is appended to, and is made anew after it was moved away', () => {
    const path = join(folder, 'log');
    const file = new FileDestination(path);
    file.write([{ level: 'notice', text: 'one' }]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    renameSync(path, `${path}.1`);
    file.reopen();
    file.write([{ level: 'notice', text: 'two' }]);
    file.close();
    new FileDestination(path).write([{ level: 'notice', text: 'three' }]);
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('one\n');
    expect(readFileSync(path, 'utf8')).toBe('two\nthree\n');
  });

  it('on a full disk loses lines and nothing else', () => {
    const file = new FileDestination('/dev/full');
    expect(() => file.write([{ level: 'error', text: 'x' }])).not.toThrow();
    file.close();
  });
});

describe('log topics', () => {
  it('go by the type of the line; debug has none, and a message that is logged makes no further one', () => {
    const sent: string[] = [];
    const topics: TopicDestination = new TopicDestination((topic, text) => {
      sent.push(`${topic}: ${text}`);
      topics.write([{ level: 'notice', text: 'because of it' }]);
    });
    const levels: LogLevel[] = [
      'error',
      'warning',
      'notice',
      'information',
      'debug',
      'subscribe',
      'unsubscribe',
    ];
    topics.write(levels.map((level) => ({ level, text: level })));
    expect(sent).toEqual([
      '$SYS/broker/log/E: error',
      '$SYS/broker/log/W: warning',
      '$SYS/broker/log/N: notice',
      '$SYS/broker/log/I: information',
      '$SYS/broker/log/M/subscribe: subscribe',
      '$SYS/broker/log/M/unsubscribe: unsubscribe',
    ]);
  });
});
