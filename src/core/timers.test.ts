// The timer wheel against a clock that the test sets, and against a list of timers that is simply searched.
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { TICK_MS, Timer, TimerWheel } from './timers.js';

/** Fixed, so that every run is the same. */
const seed = 1_883;

let clock = 0;
let fired: Probe[] = [];
let wheel: TimerWheel;

class Probe extends Timer {
  firedAt = -1;

  constructor(readonly andThen?: (probe: Probe) => void) {
    super();
  }

  override fire(): void {
    this.firedAt = clock;
    fired.push(this);
    this.andThen?.(this);
  }
}

/** Lets time pass as the engine does: a look at the wheel every tick. */
function pass(ms: number): void {
  const end = clock + ms;
  while (clock + TICK_MS <= end) {
    clock += TICK_MS;
    wheel.advance();
  }
  clock = end;
}

beforeEach(() => {
  clock = 5_000_000;
  fired = [];
  wheel = new TimerWheel(() => clock);
});

describe('a timer', () => {
  it('fires once its time has come, up to a tick late and never early', () => {
    const wait = fc.integer({ min: 0, max: 300_000 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), wait, (offset, ms) => {
        clock += offset;
        const started = clock;
        const probe = new Probe();
        wheel.start(probe, ms);
        // the looks at the wheel do not fall on whole ticks
        for (let looks = 0; probe.firedAt < 0 && looks <= ms / (TICK_MS - 3) + 20; looks++) {
          clock += TICK_MS - 3;
          wheel.advance();
        }
        expect(probe.firedAt - started).toBeGreaterThanOrEqual(ms);
        expect(probe.firedAt - started).toBeLessThan(ms + 2 * TICK_MS);
      }),
      { seed, numRuns: 200 },
    );
  });

  it('fires once', () => {
    wheel.start(new Probe(), 100);
    pass(300_000);
    expect(fired).toHaveLength(1);
    expect(wheel.waiting).toBe(0);
  });

  it('that waits for nothing fires with the next look, not at once', () => {
    wheel.start(new Probe(), 0);
    expect(fired).toHaveLength(0);
    pass(2 * TICK_MS);
    expect(fired).toHaveLength(1);
  });

  it('whose time is over already fires with the next look', () => {
    wheel.start(new Probe(), -60_000);
    pass(2 * TICK_MS);
    expect(fired).toHaveLength(1);
  });

  it('does not fire once it was stopped, and may be stopped again', () => {
    const probe = new Probe();
    wheel.start(probe, 500);
    wheel.stop(probe);
    wheel.stop(probe);
    expect(wheel.waiting).toBe(0);
    pass(200_000);
    expect(fired).toHaveLength(0);
  });

  it('that was never started can be stopped', () => {
    wheel.stop(new Probe());
    expect(wheel.waiting).toBe(0);
  });

  it('counts from its last start', () => {
    const probe = new Probe();
    wheel.start(probe, 1000);
    pass(900);
    wheel.start(probe, 1000);
    expect(wheel.waiting).toBe(1);
    pass(900);
    expect(fired).toHaveLength(0);
    pass(300);
    expect(fired).toHaveLength(1);
  });

  it('may be started again by its own firing', () => {
    const rings: number[] = [];
    const probe = new Probe((self) => {
      rings.push(clock);
      wheel.start(self, 1000);
    });
    wheel.start(probe, 1000);
    pass(10_300);
    expect(rings.length).toBeGreaterThanOrEqual(9);
    for (const [i, at] of rings.entries()) if (i > 0) expect(at - rings[i - 1]!).toBeGreaterThanOrEqual(1000);
  });

  it('may wait much longer than the wheel takes to turn: seven weeks', () => {
    const weeks = 7 * 7 * 86_400_000;
    const probe = new Probe();
    wheel.start(probe, weeks);
    pass(300_000);
    expect(fired).toHaveLength(0);
    clock += weeks - 300_000 - TICK_MS;
    wheel.advance();
    expect(fired).toHaveLength(0);
    pass(2 * TICK_MS);
    expect(fired).toEqual([probe]);
  });

  it('may wait the 136 years of the longest interval in MQTT', () => {
    const probe = new Probe();
    wheel.start(probe, 0xfffffffe * 1000);
    pass(1000);
    expect(wheel.waiting).toBe(1);
    clock += 0xfffffffe * 1000;
    wheel.advance();
    expect(fired).toEqual([probe]);
  });
});

describe('timers', () => {
  it('fire in the order of their times', () => {
    const waits = [5000, 200, 90_000, 102_400, 400, 102_600, 1000, 204_800];
    const probes = new Map(waits.map((ms) => [ms, new Probe()]));
    for (const [ms, probe] of probes) wheel.start(probe, ms);
    pass(300_000);
    expect(fired).toEqual(waits.sort((a, b) => a - b).map((ms) => probes.get(ms)));
  });

  it('that are due with a stopped process all fire when it goes on, however long it stood', () => {
    for (let i = 0; i < 3000; i++) wheel.start(new Probe(), i * 97);
    clock += 86_400_000;
    wheel.advance();
    expect(fired).toHaveLength(3000);
    expect(wheel.waiting).toBe(0);
  });

  it('may stop one another while they fire', () => {
    const probes: Probe[] = [];
    const killer = (self: Probe) => {
      for (const other of probes) if (other !== self) wheel.stop(other);
    };
    for (let i = 0; i < 10; i++) {
      probes.push(new Probe(killer));
      wheel.start(probes[i]!, 1000);
    }
    pass(2000);
    expect(fired).toHaveLength(1);
    expect(wheel.waiting).toBe(0);
  });

  it('may put one another off while they fire', () => {
    const late = new Probe();
    const first = new Probe(() => wheel.start(late, 5000));
    // whichever of the two stands first in its slot
    wheel.start(first, 1000);
    wheel.start(late, 1000);
    wheel.start(first, 1000);
    pass(1500);
    const firedAtOnce = fired.includes(late);
    pass(6000);
    expect(fired.filter((probe) => probe === late)).toHaveLength(firedAtOnce ? 2 : 1);
    expect(wheel.waiting).toBe(0);
  });

  it('may be a hundred thousand, and each fires once', () => {
    const probes = Array.from({ length: 100_000 }, (_, i) => {
      const probe = new Probe();
      wheel.start(probe, (i * 7919) % 200_000);
      return probe;
    });
    for (let i = 0; i < probes.length; i += 3) wheel.stop(probes[i]!);
    pass(201_000);
    expect(new Set(fired).size).toBe(fired.length);
    expect(fired).toHaveLength(probes.filter((_, i) => i % 3 !== 0).length);
  });

  it('agree with a plain list, whatever is started, stopped and restarted', () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('start'), at: fc.nat(9), ms: fc.nat(250_000) }),
      fc.record({ kind: fc.constant('stop'), at: fc.nat(9), ms: fc.constant(0) }),
      fc.record({ kind: fc.constant('pass'), at: fc.constant(0), ms: fc.nat(120_000) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        wheel = new TimerWheel(() => clock);
        fired = [];
        const probes = Array.from({ length: 10 }, () => new Probe());
        const due = new Map<Probe, number>();
        let early = 0;
        for (const { kind, at, ms } of actions) {
          const probe = probes[at]!;
          if (kind === 'start') {
            wheel.start(probe, ms);
            due.set(probe, clock + ms);
          } else if (kind === 'stop') {
            wheel.stop(probe);
            due.delete(probe);
          } else {
            const before = fired.length;
            pass(ms);
            for (const one of fired.slice(before)) {
              if (!due.has(one) || due.get(one)! > one.firedAt) early++;
              due.delete(one);
            }
            for (const [one, time] of due)
              expect(time, `${probes.indexOf(one)}`).toBeGreaterThan(clock - 2 * TICK_MS);
          }
          expect(wheel.waiting).toBe(due.size);
        }
        expect(early).toBe(0);
      }),
      { seed, numRuns: 300 },
    );
  });
});
