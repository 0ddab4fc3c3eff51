// Each option of a bridge, with its old names.
import { number, type OptionRow, optionCases, truth } from './option-rows.js';

const truths = [
  'bridge_attempt_unsubscribe',
  'bridge_insecure',
  'bridge_outgoing_retain',
  'bridge_require_ocsp',
  'bridge_tls_use_os_certs',
  'cleansession',
  'local_cleansession',
  'notifications',
  'notifications_local_only',
  'round_robin',
  'try_private',
].map((option): OptionRow => [option, truth, 'false']);

const rows: readonly OptionRow[] = [
  ['bridge_max_packet_size', ['1000', ...number], '2000'],
  ['bridge_max_topic_alias', ['10', '0', '-1', '65535', '65536', 'abc'], '20'],
  [
    'bridge_protocol_version',
    ['mqttv311', 'mqttv31', 'mqttv50', 'mqttv5', 'MQTTv311', 'mqttv311 ', ' mqttv311', '4'],
    'mqttv50',
  ],
  ['bridge_receive_maximum', ['10', '0', '-1', '65535', '65536', 'abc'], '20'],
  ['bridge_reload_type', ['lazy', 'immediate', 'later', 'LAZY', 'lazy immediate'], 'immediate'],
  ['bridge_session_expiry_interval', ['60', '0', '-1', '2147483647', '4294967295', 'abc'], '70'],
  [
    'bridge_tcp_keepalive',
    ['60 10 5', '60', '60 10', '0 10 5', '60 0 5', '60 10 0', '-1 10 5', '60 abc 5', '60 10 5 7'],
    '70 10 5',
  ],
  ['bridge_tcp_user_timeout', ['1000', '0', '-1', 'abc'], '2000'],
  ['idle_timeout', ['60', '1', '0', '-1', 'abc'], '70'],
  ['keepalive_interval', ['60', '5', '4', '0', '-1', '65535', '65536', 'abc'], '70'],
  [
    'restart_timeout',
    [
      '10',
      '0',
      '-1',
      'abc',
      '3600',
      '3601',
      '10 30',
      '30 10',
      '10 7200',
      '10 7201',
      '10 abc',
      '10 30 60',
      '10 30 -1',
      '10 30 abc',
      '5 30 60 90',
      '10 # seconds',
    ],
    '20',
  ],
  ['start_type', ['automatic', 'lazy', 'once', 'manual', 'never', 'Automatic', 'lazy once'], 'once'],
  ['threshold', ['10', '1', '0', '-1', 'abc'], '20'],
];

const texts: readonly OptionRow[] = [
  ['bridge_bind_address', ['127.0.0.1', 'no-address'], '127.0.0.2'],
  ['clientid', ['remote', 'with blanks'], 'other'],
  ['remote_clientid', ['remote', 'with blanks'], 'other'],
  ['local_clientid', ['local', 'with blanks'], 'other'],
  ['local_password', ['secret'], 'other'],
  ['local_username', ['user'], 'other'],
  ['notification_topic', ['state/bridge', 'state/#'], 'other'],
  ['password', ['secret', 'with blanks', '"quoted"'], 'other'],
  ['remote_password', ['secret'], 'other'],
  ['username', ['user'], 'other'],
  ['remote_username', ['user'], 'other'],
];

const tls: readonly OptionRow[] = [
  ['bridge_alpn', ['mqtt'], 'other'],
  ['bridge_cafile', ['{certificates}/ca.crt', '{dir}/nowhere.crt'], '{certificates}/other-ca.crt'],
  ['bridge_capath', ['{certificates}/authorities', '{dir}/nowhere'], '{certificates}'],
  ['bridge_certfile', ['{certificates}/client.crt', '{dir}/nowhere.crt'], '{certificates}/server.crt'],
  ['bridge_keyfile', ['{certificates}/client.key', '{dir}/nowhere.key'], '{certificates}/server.key'],
  ['bridge_ciphers', ['DEFAULT', 'no-such-cipher'], 'HIGH'],
  ['bridge_ciphers_tls1.3', ['TLS_AES_128_GCM_SHA256', 'no-such-cipher'], 'TLS_AES_256_GCM_SHA384'],
  ['bridge_identity', ['me'], 'other'],
  ['bridge_psk', ['abcd', 'not hex'], '1234'],
  ['bridge_tls_version', ['tlsv1.2', 'tlsv1.3', 'tlsv1.1', 'tlsv1', 'ssl'], 'tlsv1.3'],
];

const misspelt: readonly OptionRow[] = [
  ['bridge_clientid', ['remote']],
  ['clean_session', truth],
  ['notification', truth],
  ['keepalive', ['60']],
  ['bridge_max_inflight', ['10']],
  ['topics', ['# out']],
];

export const bridgeOptions = optionCases('bridge', [...truths, ...rows, ...texts, ...tls, ...misspelt]);
