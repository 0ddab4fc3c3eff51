// Every case of the corpus with --test-config: our exit code is Mosquitto's, or the difference is listed with its reason.
import { describe, expect, it } from 'vitest';
import { cases } from './cases.js';
import { type Difference, differences } from './differences.js';
import { testInProcess } from './in-process.js';
import { readRecording } from './recording.js';

const recorded = readRecording().cases;

function differenceOf(name: string): Difference | undefined {
  return differences.find((one) => one.cases.test(name) && one.exit !== recorded[name]!.tested.exit);
}

describe('pondhawk --test-config', () => {
  it.each(cases.map((one) => [one.name, one] as const))('exits as Mosquitto does: %s', async (name, one) => {
    const { exit, stderr } = await testInProcess(one);
    const same = recorded[name]!.tested.exit;
    if (exit !== same) expect({ exit, stderr }).toMatchObject({ exit: differenceOf(name)?.exit ?? same });
    // whatever is refused is refused with a reason
    if (exit !== 0) expect(stderr).toMatch(/Error: ./);
  });
});

describe('the list of differences', () => {
  it.each(differences.map((one) => [one.why, one] as const))('has cases for: %s', (_, one) => {
    const names = cases.map(({ name }) => name);
    expect(
      names.filter((name) => one.cases.test(name) && recorded[name]!.tested.exit !== one.exit),
    ).not.toEqual([]);
  });
});
