// Each general option of mosquitto.conf(5): security, limits, persistence, logging, plugins.
import { number, type OptionRow, optionCases, truth } from './option-rows.js';

const truths = [
  'allow_anonymous',
  'allow_duplicate_messages',
  'allow_zero_length_clientid',
  'autosave_on_changes',
  'check_retain_source',
  'connection_messages',
  'enable_control_api',
  'log_timestamp',
  'per_listener_settings',
  'persistence',
  'retained_persistence',
  'queue_qos0_messages',
  'retain_available',
  'set_tcp_nodelay',
  'upgrade_outgoing_qos',
].map((option): OptionRow => [option, truth, 'false']);

const numbers = [
  'autosave_interval',
  'global_max_clients',
  'global_max_connections',
  'max_inflight_bytes',
  'max_queued_bytes',
  'max_queued_messages',
].map((option): OptionRow => [option, ['10', ...number], '20']);

const limitedNumbers: readonly OptionRow[] = [
  ['log_facility', ['5', '0', '7', '8', '-1', 'local5'], '6'],
  ['max_inflight_messages', ['20', '0', '-1', '65534', '65535', '65536', 'abc', '2147483648'], '30'],
  ['max_keepalive', ['600', '0', '-1', '65535', '65536', 'abc'], '700'],
  ['max_packet_size', ['100000', '20', '19', '0', '-1', '268435455', '268435456', '2147483647', 'abc'], '30'],
  [
    'memory_limit',
    ['1000000000', '0', '-1', 'abc', '9223372036854775807', '9223372036854775808'],
    '2000000000',
  ],
  ['message_size_limit', ['100000', '0', '268435455', '268435456', '-1', 'abc'], '30'],
  ['packet_buffer_size', ['2000', '0', '-1', '65535', '65536', 'abc'], '3000'],
  ['websockets_headers_size', ['2000', '0', '-1', '65535', '65536', 'abc'], '3000'],
  ['websockets_log_level', ['255', '-1', 'abc', '2147483648'], '7'],
  ['retain_expiry_interval', ['60', '1', '0', '-1', '10000000', '10000001', 'abc'], '70'],
  ['sys_interval', ['10', '0', '-1', '65535', '65536', 'abc'], '20'],
  [
    'persistent_client_expiration',
    ['14d', '1s', '2h', '3w', '4m', '1y', '10', '0d', '-1d', 'd', 'xd', '1.5d', '14D', '14 d', '9999999999y'],
    '15d',
  ],
];

const texts: readonly OptionRow[] = [
  ['acl_file', ['{dir}/acl', 'nowhere/acl'], '{dir}/other-acl'],
  ['auto_id_prefix', ['made-', 'x'.repeat(50), 'x'.repeat(51), 'with blanks '], 'other-'],
  ['clientid_prefixes', ['device-', 'a b'], 'other-'],
  ['password_file', ['{dir}/passwords', 'nowhere/passwords'], '{dir}/other-passwords'],
  ['persistence_file', ['other.db', 'with blanks.db'], 'third.db'],
  ['persistence_location', ['{dir}/', '{dir}', '{dir}/nowhere/'], '{dir}/store/'],
  ['pid_file', ['{dir}/mosquitto.pid', '{dir}/nowhere/mosquitto.pid'], '{dir}/other.pid'],
  ['psk_file', ['{dir}/psk', 'nowhere/psk'], '{dir}/other-psk'],
  ['user', ['mosquitto', 'root', 'no-such-user', 'mosquitto # the user'], 'nobody'],
  ['log_timestamp_format', ['a fixed text', '%%', 'x'.repeat(1200)], 'another'],
];

const words: readonly OptionRow[] = [
  [
    'log_dest',
    [
      'stderr',
      'stdout',
      'syslog',
      'topic',
      'dlt',
      'none',
      'file {dir}/mosquitto.log',
      'file',
      'file ',
      'file   {dir}/mosquitto.log  ',
      'file {dir}/nowhere/mosquitto.log',
      'android',
      'STDERR',
      'stderr stdout',
      'nowhere',
    ],
    'stdout',
  ],
  [
    'log_type',
    [
      'error',
      'warning',
      'notice',
      'information',
      'info',
      'debug',
      'subscribe',
      'unsubscribe',
      'websockets',
      'internal',
      'none',
      'all',
      'Error',
      'error warning',
      'nothing',
    ],
    'warning',
  ],
];

const plugins: readonly OptionRow[] = [
  [
    'plugin',
    ['{dir}/no-plugin.so', 'no-plugin.so', '{plugins}/mosquitto_acl_file.so'],
    '{dir}/other-plugin.so',
  ],
  ['auth_plugin', ['{dir}/no-plugin.so'], '{dir}/other-plugin.so'],
  ['global_plugin', ['{dir}/no-plugin.so'], '{dir}/other-plugin.so'],
  [
    'plugin_load',
    ['first {dir}/no-plugin.so', 'first', 'first ', 'first   {dir}/no-plugin.so'],
    'second {dir}/no-plugin.so',
  ],
  ['plugin_opt_level', ['1'], '2'],
  ['auth_opt_level', ['1'], '2'],
  ['auth_plugin_deny_special_chars', truth],
];

const obsolete: readonly OptionRow[] = [
  ['retry_interval', ['20', 'abc']],
  ['store_clean_interval', ['10', 'abc']],
  ['dhparamfile', ['{dir}/dh.pem', 'a b']],
  ['max_log_entries', ['10']],
  ['autosave_interval_ms', ['10']],
  ['acl_plugin', ['{dir}/no-plugin.so']],
  ['db_host', ['localhost']],
  ['ext_sqlite_regex', ['{dir}/regex.so']],
  ['bridge_tls_alpn', ['mqtt']],
  ['max_clients', ['10']],
  ['max_client_id_length', ['23']],
  ['plugin_opts', ['a']],
];

export const generalOptions = optionCases('general', [
  ...truths,
  ...numbers,
  ...limitedNumbers,
  ...texts,
  ...words,
  ...plugins,
  ...obsolete,
]);
