// Where our exit code with --test-config is another than Mosquitto's, and why. Nearly all are kinder.

export interface Difference {
  /** Which cases. */
  readonly cases: RegExp;
  readonly exit: number;
  readonly why: string;
}

export const differences: readonly Difference[] = [
  {
    cases: /^store_clean_interval: /,
    exit: 0,
    why: 'files of older versions have this option, and tutorials still show it: it is accepted with a warning',
  },
  {
    cases: /^(cafile|tls_version): \((without a|before the) listener\)/,
    exit: 0,
    why: 'it belongs to the default listener, as certfile and keyfile do, and as in the files of older versions',
  },
  {
    cases: /^tls: certificates, then psk_file|^grammar: (a )?UTF-8 byte order mark/,
    exit: 0,
    why: 'the file of old tutorials has both; the certificate counts, and a warning says so',
  },
  {
    cases: /(byte order mark)/,
    exit: 0,
    why: 'editors on Windows write one; it is no part of the first word',
  },
  { cases: /\btabs?\b|TAB/i, exit: 0, why: 'tabs part words as blanks do' },
  { cases: /blank(s)? before #|comment/, exit: 0, why: 'a comment may be indented' },
  {
    cases: /^(plugin|auth_plugin|global_plugin): \(blanks\)|^plugin: an option with blanks/,
    exit: 3,
    why: 'blanks are no path and no value; Mosquitto would look for a file of that name when it starts',
  },
  {
    cases: /999 bytes without a line feed/,
    exit: 3,
    why: 'Mosquitto loses a last line of exactly this length',
  },
  {
    cases: /^tls_engine_kpass_sha1: a+$/,
    exit: 3,
    why: 'a SHA-1 hash has 40 digits',
  },
  {
    cases: /^bridge_protocol_version: .*mqttv311/,
    exit: 0,
    why: 'blanks around a word are no part of it',
  },
  {
    cases: /^grammar: NUL/,
    exit: 3,
    why: 'Mosquitto reads up to the NUL and ignores the rest of the file; that would start half a configuration',
  },
  {
    cases: /^include_dir: .*blanks? (before|after) the folder/,
    exit: 0,
    why: 'blanks around a path are no part of it',
  },
  { cases: /^bridge topic: QoS 256/, exit: 3, why: '256 is no QoS; Mosquitto takes it for 0' },
  {
    cases: /^bridge topic: a pattern in quotes without blanks/,
    exit: 0,
    why: 'quotes around a pattern are quotes, with or without a blank between them',
  },
  { cases: /^command line: --help after a wrong file/, exit: 0, why: 'who asks for help gets it' },
];
