// For vitest: makes recorded.json anew. See record.check.ts.
import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['test/dynsec/record.check.ts'] } });
