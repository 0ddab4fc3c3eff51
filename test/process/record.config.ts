// For vitest: makes recorded.json anew. See record.check.ts.
import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['test/process/record.check.ts'], pool: 'forks' } });
