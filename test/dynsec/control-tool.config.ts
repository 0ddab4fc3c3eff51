// For vitest: runs mosquitto_ctrl against ours. See control-tool.check.ts.
import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['test/dynsec/control-tool.check.ts'] } });
