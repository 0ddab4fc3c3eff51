import { defineConfig } from 'vitest/config';

const suffix = '**/*.test.ts';

/** Those that start programs, or change the process that they run in, have a process for each file. */
const own = [
  'auth',
  'cli',
  'client',
  'ctrl',
  'hostile',
  'interop',
  'logs',
  'passwd',
  'process',
  'protection',
  'server',
  'tools',
].map((name) => `test/${name}/${suffix}`);

// Unit tests stand beside the code; what a socket can see stands under test/.
export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: [`src/${suffix}`, `test/${suffix}`],
          exclude: own,
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: 'apart', include: [...own, `fuzz/${suffix}`, `examples/${suffix}`] },
      },
    ],
  },
});
