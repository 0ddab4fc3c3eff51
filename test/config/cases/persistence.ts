// Persistence and the log: combinations of options, and what they do when the broker starts.
import { aListener, type ConfigCase, configCase, configCases } from '../config-case.js';

export const persistenceAndLog: readonly ConfigCase[] = [
  ...configCases('persistence', {
    'true with a location': ['persistence true', 'persistence_location {dir}/', aListener],
    'true with a file': [
      'persistence true',
      'persistence_file other.db',
      'persistence_location {dir}/',
      aListener,
    ],
    'true with a missing location': ['persistence true', 'persistence_location {dir}/nowhere/', aListener],
    'both old and new name': ['persistence true', 'retained_persistence false', aListener],
    'a file without persistence': ['persistence_file other.db', aListener],
    'autosave_interval 0': [
      'persistence true',
      'autosave_interval 0',
      'persistence_location {dir}/',
      aListener,
    ],
  }),
  configCase(
    'persistence: a file that is no database',
    ['persistence true', 'persistence_location {dir}/', aListener],
    {
      files: { 'mosquitto.db': 'this is no database\n' },
    },
  ),
  configCase('persistence: an empty file', ['persistence true', 'persistence_location {dir}/', aListener], {
    files: { 'mosquitto.db': '' },
  }),
  ...configCases('log', {
    'to a file and stderr': ['log_dest file {dir}/log', 'log_dest stderr', aListener],
    'to two files': ['log_dest file {dir}/log', 'log_dest file {dir}/other-log', aListener],
    'to stdout and stderr': ['log_dest stdout', 'log_dest stderr', aListener],
    'none after stderr': ['log_dest stderr', 'log_dest none', aListener],
    'none before stdout': ['log_dest none', 'log_dest stdout', aListener],
    'none before an error': ['log_dest none', 'nonsense'],
    'type none before an error': ['log_type none', 'nonsense'],
    'type error only': ['log_type error', aListener],
    'types error and warning': ['log_type error', 'log_type warning', 'retry_interval 1', aListener],
    'type none after all': ['log_type all', 'log_type none', aListener],
    'type notice': ['log_type notice', aListener],
    'no time before an error': ['log_timestamp false', 'nonsense'],
    'no time': ['log_timestamp false', aListener],
    'a time that is a fixed text before an error': ['log_timestamp_format then', 'nonsense'],
    'a time that is a fixed text': ['log_timestamp_format then', aListener],
    'an empty time': ['log_timestamp_format %E', 'log_timestamp true', aListener],
    'a time, but no time': ['log_timestamp false', 'log_timestamp_format then', aListener],
    'a folder for a file': ['log_dest file {dir}', aListener],
  }),
];
