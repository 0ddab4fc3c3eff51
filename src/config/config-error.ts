// What is wrong with a configuration, in words that say what to do.

/** The text has no prefix; whoever reports it knows the file and the line. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}
