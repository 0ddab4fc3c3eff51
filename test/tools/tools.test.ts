// Our tools against our broker, compared with what Mosquitto's tools printed against Mosquitto. A part of the table
// only, unless TOOLS=all is set: often.ts.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BrokerUnderTest, startOurBroker } from './broker-under-test.js';
import type { ToolCase } from './case.js';
import { groups, cases as table } from './cases/index.js';
import { type Certificates, makeCertificates } from './certificates.js';
import { compare } from './compare.js';
import { differences } from './differences.js';
import { playedOften, playsAll } from './often.js';
import { readRecording } from './recording.js';
import { canRun, runCase } from './runner.js';
import { type LinkedTools, linkOurTools } from './tools-under-test.js';

const recording = readRecording();
const often = playedOften(table, recording);
const all = playsAll(process.env);
let broker: BrokerUnderTest;
let certificates: Certificates;
let linked: LinkedTools;

beforeAll(async () => {
  certificates = makeCertificates();
  broker = await startOurBroker(certificates.folder);
  linked = linkOurTools();
});

afterAll(async () => {
  await broker.stop();
  certificates.remove();
  linked.remove();
});

async function play(toolCase: ToolCase): Promise<void> {
  const setting = { tools: linked.tools, broker, certificates: certificates.folder };
  const wanted = recording.cases[toolCase.name]!;
  const differing = compare(wanted, await runCase(toolCase, setting));
  const known = differences.filter(({ cases }) => cases.test(toolCase.name));
  if (known.length === 0) expect(differing.join('\n')).toBe('');
  else if (!known.some(({ unsteady }) => unsteady))
    expect(differing, 'a difference is listed').not.toEqual([]);
}

for (const [group, cases] of Object.entries(groups)) {
  describe.concurrent(group, () => {
    // cases have time limits of one second (-W 1), which a busy machine may miss
    for (const toolCase of all ? cases : cases.filter(({ name }) => often.has(name)))
      test(toolCase.name, { timeout: 30_000 }, (context) =>
        canRun(toolCase, broker) ? play(toolCase) : context.skip(),
      );
  });
}
