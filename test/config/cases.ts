// The corpus of configurations: every option of mosquitto.conf(5) with good and bad values, the grammar of the file, and
// what must and must not stand together. recorded.json says what Mosquitto does with each.
import { bridgeOptions } from './cases/bridge-options.js';
import { bridges } from './cases/bridges.js';
import { commandLine } from './cases/command-line.js';
import { generalOptions } from './cases/general-options.js';
import { grammar } from './cases/grammar.js';
import { includeDir } from './cases/include-dir.js';
import { listenerOptions } from './cases/listener-options.js';
import { listeners } from './cases/listeners.js';
import { persistenceAndLog } from './cases/persistence.js';
import { plugins } from './cases/plugins.js';
import { security } from './cases/security.js';
import { tls } from './cases/tls.js';
import type { ConfigCase } from './config-case.js';

export const cases: readonly ConfigCase[] = [
  ...generalOptions,
  ...listenerOptions,
  ...bridgeOptions,
  ...grammar,
  ...includeDir,
  ...listeners,
  ...tls,
  ...security,
  ...plugins,
  ...bridges,
  ...persistenceAndLog,
  ...commandLine,
];
