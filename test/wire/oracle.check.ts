// Holds the wire cases against another broker, which must be started fresh, and prints where it disagrees
// (cases with options are left out, since they need a broker of their own):
//   mosquitto -c FILE          with the lines `listener 18830 127.0.0.1` and `allow_anonymous true`
//   ORACLE_PORT=18830 npx vitest run --config test/wire/oracle.config.ts
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { groups } from './cases/index.js';
import { differences } from './differences.js';
import { runCase } from './run-case.js';

const port = process.env['ORACLE_PORT'];

async function open() {
  const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}

test.skipIf(port === undefined)(
  'the wire cases and another broker agree, or the difference is known',
  async () => {
    const cases = Object.values(groups).flat();
    const shared = cases.filter((wireCase) => wireCase.options === undefined);
    const disagreements: string[] = [];
    const settled = new Set<RegExp>();
    for (const wireCase of shared) {
      const known = differences.filter((difference) => difference.cases.test(wireCase.name));
      try {
        await runCase(wireCase, { open, patience: wireCase.slow ? 3000 : 500, settle: 30 });
        if (known.some(({ unsteady }) => !unsteady))
          disagreements.push(`${wireCase.name}\nagrees, though a difference is listed`);
      } catch (error) {
        for (const { cases } of known) settled.add(cases);
        if (known.length === 0) disagreements.push((error as Error).message);
      }
    }
    for (const { cases, unsteady } of differences) {
      if (!settled.has(cases) && !unsteady) disagreements.push(`${cases} matches no case`);
    }
    console.log(`${shared.length} of ${cases.length} cases, ${disagreements.length} disagreements`);
    console.log(disagreements.join('\n\n'));
    expect(disagreements).toEqual([]);
  },
  600_000,
);
