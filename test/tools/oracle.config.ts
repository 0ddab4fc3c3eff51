// For vitest: runs oracle.check.ts, which is no test of this project and so is left out of the usual ones.
import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['test/tools/oracle.check.ts'] } });
