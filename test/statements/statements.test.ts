// The lists of MQTT's normative statements are well-formed, and every tag in code and tests is in one of
// them: a mistyped tag would count as a test of nothing. scripts/statements.mjs says what is still missing.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const folder = new URL('.', import.meta.url);

function rows(file: string): string[][] {
  const text = readFileSync(new URL(file, folder), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
}

/** How many statements each chapter of the two specifications has. */
const lists = [
  { file: 'mqtt5.tsv', columns: 4, chapters: { 1: 5, 2: 7, 3: 175, 4: 60, 6: 4 } },
  { file: 'mqtt311.tsv', columns: 5, chapters: { 1: 3, 2: 9, 3: 95, 4: 26, 6: 4, 7: 4 } },
];

describe.each(lists)('$file', ({ file, columns, chapters }) => {
  const list = rows(file);

  test('has every statement of every chapter once', () => {
    const ids = list.map(([id]) => id!);
    const count: Record<string, number> = {};
    for (const id of ids) {
      expect(id).toMatch(/^MQTT-\d+\.\d+\.\d+-\d+$/);
      const chapter = id.charAt('MQTT-'.length);
      count[chapter] = (count[chapter] ?? 0) + 1;
    }
    expect(new Set(ids).size).toBe(ids.length);
    expect(count).toEqual(Object.fromEntries(Object.entries(chapters)));
  });

  test('says in a few words what each statement wants, and of whom', () => {
    for (const row of list) {
      expect(row).toHaveLength(columns);
      expect(row, row[0]).not.toContain('');
      const [id, binds, summary, uncounted] = row;
      expect(['server', 'client', 'both'], id).toContain(binds);
      expect(summary, id).toMatch(/^.{10,110}\.$/);
      if (binds === 'client') expect(uncounted, id).not.toBe('-');
    }
  });

  test('names the same rule in MQTT 5 only where there is such a statement', () => {
    const known = new Set(rows('mqtt5.tsv').map(([id]) => id));
    for (const [id, , , , same] of list) if (same && same !== '-') expect(known, id).toContain(same);
  });
});

test('every tag in code and tests is in a list', () => {
  const script = fileURLToPath(new URL('../../scripts/statements.mjs', import.meta.url));
  const run = spawnSync(process.execPath, [script, '--json'], { encoding: 'utf8', maxBuffer: 2 ** 24 });
  expect(run.stderr).toBe('');
  const { unknown } = JSON.parse(run.stdout) as { unknown: { tag: string; places: string[] }[] };
  expect(unknown).toEqual([]);
  expect(run.status).toBe(0);
});
