// All cases, by theme.
import type { ToolCase } from '../case.js';
import { connecting } from './connecting.js';
import { formats } from './formats.js';
import { optionsFiles } from './options-files.js';
import { properties } from './properties.js';
import { pub } from './pub.js';
import { refusals } from './refusals.js';
import { rr } from './rr.js';
import { sub } from './sub.js';
import { tls } from './tls.js';
import { usage } from './usage.js';

export const groups: Readonly<Record<string, readonly ToolCase[]>> = {
  usage,
  pub,
  sub,
  formats,
  rr,
  connecting,
  properties,
  refusals,
  'options files': optionsFiles,
  tls,
};

export const cases: readonly ToolCase[] = Object.values(groups).flat();
