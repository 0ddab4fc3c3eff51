// Each option of a listener, TLS included, and the old options of the default listener.
import { type OptionRow, optionCases, truth } from './option-rows.js';

const truths = [
  'listener_allow_anonymous',
  'disable_client_cert_date_checks',
  'proxy_protocol_v2_require_tls',
  'require_certificate',
  'use_identity_as_username',
  'use_subject_as_username',
  'use_username_as_clientid',
].map((option): OptionRow => [option, truth, 'false']);

const rows: readonly OptionRow[] = [
  ['accept_protocol_versions', ['3,4,5', '5', '3, 4', '4\t5', '6', 'abc', '3 4 5', ',', '3.1'], '4'],
  ['bind_interface', ['lo', 'no-such-interface'], 'eth0'],
  ['enable_proxy_protocol', ['2', '1', '0', '3', '-1', 'abc', '2 # v2'], '1'],
  ['http_dir', ['{dir}', '{dir}/nowhere', '{dir}/mosquitto.conf'], '{dir}'],
  ['listener_auto_id_prefix', ['made-', 'x'.repeat(50), 'x'.repeat(51)], 'other-'],
  ['max_connections', ['10', '0', '-1', '-2', '2147483647', '2147483648', 'abc'], '20'],
  ['max_qos', ['2', '1', '0', '3', '-1', 'abc', '0x1'], '1'],
  ['maximum_qos', ['2', '1', '0', '3', '-1', 'abc'], '1'],
  ['max_topic_alias', ['10', '0', '-1', '65535', '65536', 'abc'], '20'],
  ['max_topic_alias_broker', ['10', '0', '-1', '65535', '65536', 'abc'], '20'],
  ['mount_point', ['area/', 'area', 'a/#', 'a/+/b', 'a+b', '$SYS/', 'with blanks /', '/'], 'other/'],
  ['protocol', ['mqtt', 'websockets', 'http_api', 'http', 'MQTT', 'mqttsn', 'mqtt websockets'], 'mqtt'],
  ['socket_domain', ['ipv4', 'ipv6', 'IPv4', 'ipv5', 'ipv4 ipv6'], 'ipv4'],
  ['websockets_origin', ['http://example.com', 'a b', '*'], 'http://example.org'],
  ['plugin_use', ['first'], 'second'],
];

const tls: readonly OptionRow[] = [
  ['cafile', ['{certificates}/ca.crt', '{dir}/nowhere.crt'], '{certificates}/other-ca.crt'],
  ['capath', ['{certificates}/authorities', '{dir}/nowhere'], '{certificates}'],
  ['certfile', ['{certificates}/server.crt', '{dir}/nowhere.crt'], '{certificates}/client.crt'],
  ['keyfile', ['{certificates}/server.key', '{dir}/nowhere.key'], '{certificates}/client.key'],
  ['crlfile', ['{certificates}/ca.crl', '{dir}/nowhere.crl'], '{certificates}/ca.crt'],
  ['ciphers', ['DEFAULT', 'no-such-cipher'], 'HIGH'],
  ['ciphers_tls1.3', ['TLS_AES_128_GCM_SHA256', 'no-such-cipher'], 'TLS_AES_256_GCM_SHA384'],
  ['psk_hint', ['a hint', 'x'.repeat(200)], 'another'],
  ['tls_engine', ['no-such-engine'], 'dynamic'],
  [
    'tls_engine_kpass_sha1',
    ['a'.repeat(40), 'a'.repeat(39), 'a'.repeat(42), 'xyz', `00${'b'.repeat(38)}`],
    'b'.repeat(40),
  ],
  ['tls_keyform', ['pem', 'engine', 'der', 'ENGINE'], 'pem'],
  ['tls_version', ['tlsv1.2', 'tlsv1.3', 'tlsv1.1', 'tlsv1', 'TLSv1.2', 'sslv3'], 'tlsv1.3'],
];

const misspelt: readonly OptionRow[] = [
  ['require_certificates', truth],
  ['ca_file', ['{certificates}/ca.crt']],
  ['cert_file', ['{certificates}/server.crt']],
  ['max_topic_alias_client', ['10']],
  ['listener_max_connections', ['10']],
  ['ciphers_tls13', ['TLS_AES_128_GCM_SHA256']],
  ['allow_listener_anonymous', truth],
];

export const listenerOptions = optionCases('listener', [...truths, ...rows, ...tls, ...misspelt]);
