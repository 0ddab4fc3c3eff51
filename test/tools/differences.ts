// Where our tools, or Mosquitto's tools against our broker, print something else than was recorded, and why. A
// difference that is not listed here is an error, and so is an entry that no longer holds.

export interface Difference {
  /** Matches the names of the cases. */
  readonly cases: RegExp;
  /** Whose it is: that of our broker shows with Mosquitto's tools too. */
  readonly whose: 'broker' | 'tools';
  /** What differs and why, in one sentence. */
  readonly reason: string;
  /** Now and then there is no difference. */
  readonly unsteady?: true;
}

export const differences: readonly Difference[] = [
  {
    cases: /^pub -(V 5 -q 1|l) by who may not publish$/,
    whose: 'broker',
    reason: 'Our PUBACK has a reason string, which pub prints after its warning; Mosquitto sends none.',
  },
];
