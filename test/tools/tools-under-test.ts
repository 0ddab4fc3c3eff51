// The tools that the table is played with: Mosquitto's, and ours through links that have the names of Mosquitto's.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ToolName, toolNames } from './case.js';

export type Tools = (tool: ToolName) => readonly string[];

export function mosquittoTools(programs: string): Tools {
  return (tool) => [join(programs, `mosquitto_${tool}`)];
}

export interface LinkedTools {
  readonly tools: Tools;
  remove(): void;
}

export function linkOurTools(): LinkedTools {
  const folder = mkdtempSync(join(tmpdir(), 'tools-'));
  const pondhawk = fileURLToPath(new URL('../../bin/pondhawk', import.meta.url));
  for (const tool of toolNames) symlinkSync(pondhawk, join(folder, `mosquitto_${tool}`));
  return {
    tools: (tool) => [join(folder, `mosquitto_${tool}`)],
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
