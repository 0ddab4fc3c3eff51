// The table itself: it is complete, every case was recorded, and nothing else was.
import { describe, expect, test } from 'vitest';
import { cases } from './cases/index.js';
import { differences } from './differences.js';
import { options } from './options.js';
import { usesOf } from './options-coverage.js';
import { readRecording } from './recording.js';

const recording = readRecording();

test('no two cases have the same name', () => {
  const names = cases.map(({ name }) => name);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

test('every case was recorded, and no case that is not there', () => {
  expect(Object.keys(recording.cases).sort()).toEqual(cases.map(({ name }) => name).sort());
});

test('the recording is of the command lines that the cases have', () => {
  const changed = cases.filter((toolCase) => {
    const lines = toolCase.steps.flatMap((step) => (step.do === 'start' ? [step.line] : []));
    return (
      recording.cases[toolCase.name]?.commands.map(({ command }) => command).join('\n') !== lines.join('\n')
    );
  });
  expect(changed.map(({ name }) => name)).toEqual([]);
});

test('every listed difference is about some case', () => {
  const idle = differences.filter((difference) => !cases.some(({ name }) => difference.cases.test(name)));
  expect(idle).toEqual([]);
});

describe('every option has a case', () => {
  const uses = cases.flatMap((toolCase) => usesOf(toolCase).map((use) => ({ ...use, toolCase })));
  for (const option of options) {
    const of = uses.filter((use) => use.option === option);

    test(`${option.names.join(', ')}: with each of its names`, () => {
      expect(option.names.filter((name) => !of.some((use) => use.name === name))).toEqual([]);
    });

    test.skipIf(option.neverSucceeds)(
      `${option.names.join(', ')}: that succeeds, for each tool that has it`,
      () => {
        const succeeds = of.filter(({ toolCase }) => {
          const informs = /--help|--version/.test(toolCase.name); // these exit with 1
          return recording.cases[toolCase.name]?.commands.some(({ exit }) => exit === (informs ? 1 : 0));
        });
        const lacking = option.tools.filter((tool) => !succeeds.some((use) => use.tool === tool));
        expect(lacking).toEqual([]);
      },
    );

    test.runIf(option.values > 0)(`${option.names.join(', ')}: without its value`, () => {
      expect(of.some(({ toolCase }) => /lacks its value$/.test(toolCase.name))).toBe(true);
    });

    test.runIf(option.wrong.length > 0)(`${option.names.join(', ')}: with a wrong value`, () => {
      expect(of.some(({ toolCase }) => / is given /.test(toolCase.name))).toBe(true);
    });
  }
});
