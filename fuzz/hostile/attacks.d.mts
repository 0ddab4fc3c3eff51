// What the test suite uses of the hostile runs.
import type { EngineOptions, Metrics } from '../../src/index.js';

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface Attack {
  readonly name: string;
  readonly what: string;
  readonly options: Partial<EngineOptions>;
  /** How much of it: `test` is missing where the suite has no use for it. */
  readonly amounts: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface Report {
  readonly sent: string;
  readonly answered: string;
  readonly problems: readonly string[];
}

export declare const attacks: readonly Attack[];
export declare function runAttack(
  attack: Attack,
  target: Target,
  size: 'test' | 'quick' | 'full',
  metrics?: Readonly<Metrics>,
): Promise<Report>;
