import { writeFileSync } from 'node:fs';
import { test } from 'vitest';
import { startOurBroker } from './broker-under-test.js';
import { cases } from './cases/index.js';
import { makeCertificates } from './certificates.js';
import { compare } from './compare.js';
import { differences } from './differences.js';
import { readRecording } from './recording.js';
import { canRun } from './runner.js';
import { runTable } from './table-run.js';
import { linkOurTools } from './tools-under-test.js';
test('dump', async () => {
  const broker = await startOurBroker(); const certificates = makeCertificates(); const linked = linkOurTools();
  const rec = readRecording();
  const only = cases.filter((c) => canRun(c, broker) && (process.env['EVERY'] || differences.some((d) => d.unsteady && d.cases.test(c.name))));
  const results = await runTable(only, { tools: linked.tools, broker, certificates: certificates.folder }, 2);
  const out: Record<string, string[]> = {};
  for (const [name, r] of results) { const d = compare(rec.cases[name]!, r); out[name] = d; }
  writeFileSync('/tmp/dump.json', JSON.stringify(out, null, 1));
  await broker.stop(); certificates.remove(); linked.remove();
}, 500_000);
