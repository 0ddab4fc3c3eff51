// For vitest: makes recorded.json anew. See record.ts.
import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['test/acl/record.ts'] } });
