// Listeners: their line, several of them, local sockets, the old default listener, and what may not stand together.
import { aListener, type ConfigCase, configCases } from '../config-case.js';

const ports = Array.from({ length: 10 }, (_, i) => `{port${i + 1}}`);
const everyAddress = { only: 'tested' } as const;

const line = configCases('listener', {
  '(no value)': ['listener'],
  '(a blank)': ['listener '],
  'a word': ['listener abc'],
  'a number and letters': ['listener 1883x'],
  'port -1': ['listener -1 127.0.0.1'],
  'port 65536': ['listener 65536 127.0.0.1'],
  'port 2147483648': ['listener 2147483648 127.0.0.1'],
  'address and port': ['listener 127.0.0.1:{port1}'],
  'address before the port': ['listener 127.0.0.1 {port1}'],
  localhost: ['listener {port1} localhost', 'socket_domain ipv4'],
  'an IPv6 address': ['listener {port1} ::1'],
  'an IPv6 address in brackets': ['listener {port1} [::1]'],
  'an address that is not of this machine': ['listener {port1} 192.0.2.1'],
  'an IPv4 address with socket_domain ipv6': ['listener {port1} 127.0.0.1', 'socket_domain ipv6'],
  'a word after the address': ['listener {port1} 127.0.0.1 ::1'],
  'another interface than the address': ['listener {port1} 127.0.0.2', 'bind_interface lo'],
});

const untried = configCases(
  'listener',
  {
    'a port only': ['listener 1883'],
    'port 1': ['listener 1'],
    'port 65535': ['listener 65535'],
    'port 0x75b': ['listener 0x75b'],
    'a comment after the port': ['listener 1883 # all addresses'],
    'an unknown host': ['listener 1883 no-such-host.invalid'],
    'an option before it': ['max_connections 10', aListener],
    'two options before it': ['max_connections 10', 'max_qos 1', aListener, 'max_qos 0'],
  },
  everyAddress,
);

const several = configCases('listeners', {
  two: [aListener, 'listener {port2} 127.0.0.1'],
  'two with options': [
    aListener,
    'max_qos 1',
    'listener {port2} 127.0.0.1',
    'mount_point a/',
    'protocol websockets',
  ],
  'two on one port': [aListener, aListener],
  'two on one port, of other protocols': [aListener, aListener, 'protocol websockets'],
  'two on one port at two addresses': [aListener, 'listener {port1} ::1'],
  'ten ports': ports.map((port) => `listener ${port} 127.0.0.1`),
  'ten ports, the last one wrong': [...ports.map((port) => `listener ${port} 127.0.0.1`), 'listener 0'],
  'a text option once for each': [
    aListener,
    'tls_version tlsv1.2',
    'listener {port2} 127.0.0.1',
    'tls_version tlsv1.3',
  ],
  'a listener before a bridge and one after': [
    aListener,
    'connection first',
    'address 127.0.0.1:{port2}',
    'topic #',
    'listener {port3} 127.0.0.1',
    'max_qos 1',
    'cleansession true',
  ],
});

const local = configCases('local socket', {
  'a path': ['listener 0 {dir}/socket'],
  'without a path': ['listener 0'],
  'without a path, with a blank': ['listener 0 '],
  'port 00': ['listener 00 {dir}/socket'],
  'a missing folder': ['listener 0 {dir}/nowhere/socket'],
  'a relative path': ['listener 0 socket'],
  'a path of 200 bytes': [`listener 0 /${'x'.repeat(199)}`],
  'two on one path': ['listener 0 {dir}/socket', 'listener 0 {dir}/socket'],
  'beside a port': [aListener, 'listener 0 {dir}/socket'],
  'with websockets': ['listener 0 {dir}/socket', 'protocol websockets'],
  'with an option of TCP': ['listener 0 {dir}/socket', 'socket_domain ipv4', 'bind_interface lo'],
  'the folder itself': ['listener 0 {dir}'],
});

const old = configCases('default listener', {
  'port and bind_address': ['port {port1}', 'bind_address 127.0.0.1'],
  'bind_address and port': ['bind_address 127.0.0.1', 'port {port1}'],
  'port twice': ['port {port2}', 'port {port1}', 'bind_address 127.0.0.1'],
  'bind_address twice': ['port {port1}', 'bind_address 127.0.0.1', 'bind_address 127.0.0.2'],
  'bind_address without a value': ['port {port1}', 'bind_address'],
  'bind_address with blanks for a value': ['port {port1}', 'bind_address   '],
  'bind_address of an unknown host': ['port {port1}', 'bind_address no-such-host.invalid'],
  'bind_address with a comment': ['port {port1}', 'bind_address 127.0.0.1 # local'],
  'port and listener': ['port {port1}', 'bind_address 127.0.0.1', 'listener {port2} 127.0.0.1'],
  'listener and port': [aListener, 'port {port2}', 'bind_address 127.0.0.1'],
  'port and listener on one port': ['port {port1}', 'bind_address 127.0.0.1', aListener],
  'an option after port': ['port {port1}', 'bind_address 127.0.0.1', 'max_qos 1', 'mount_point a/'],
  'an option of a listener after port': [
    'port {port1}',
    'bind_address 127.0.0.1',
    'listener_allow_anonymous true',
  ],
  'accept_protocol_versions after port': [
    'port {port1}',
    'bind_address 127.0.0.1',
    'accept_protocol_versions 5',
  ],
  'plugin_use after port': ['plugin_load first {dir}/no-plugin.so', 'port {port1}', 'plugin_use first'],
  'an option before port': ['max_connections 10', 'port {port1}', 'bind_address 127.0.0.1'],
  'two options without a listener': ['max_connections 10', 'max_qos 1'],
  'websockets without a listener': ['protocol websockets'],
  'TLS without a listener': ['certfile {certificates}/server.crt', 'keyfile {certificates}/server.key'],
  'mount_point after an option that makes the listener': ['max_connections 10', 'mount_point a/'],
  'port after a bridge': [
    aListener,
    'connection first',
    'address 127.0.0.1:{port2}',
    'topic #',
    'port {port3}',
    'bind_address 127.0.0.1',
  ],
});

const oldPort = configCases(
  'port',
  {
    'a port only': ['port 1883'],
    '(no value)': ['port'],
    'a word': ['port abc'],
    '0': ['port 0'],
    '65536': ['port 65536'],
    '-1': ['port -1'],
    '1883 127.0.0.1': ['port 1883 127.0.0.1'],
    'after a listener': ['listener 1884', 'port 1883'],
  },
  everyAddress,
);

const combined = configCases('listener options', {
  'PROXY version 2 and use_subject_as_username': [
    aListener,
    'enable_proxy_protocol 2',
    'use_subject_as_username true',
  ],
  'PROXY version 1 and use_subject_as_username': [
    aListener,
    'enable_proxy_protocol 1',
    'use_subject_as_username true',
  ],
  'PROXY version 2 and use_identity_as_username': [
    aListener,
    'enable_proxy_protocol 2',
    'use_identity_as_username true',
  ],
  'PROXY version 2 and certificates': [
    aListener,
    'enable_proxy_protocol 2',
    'certfile {certificates}/server.crt',
    'keyfile {certificates}/server.key',
  ],
  'PROXY version 1 and certificates': [
    aListener,
    'enable_proxy_protocol 1',
    'certfile {certificates}/server.crt',
    'keyfile {certificates}/server.key',
  ],
  'PROXY version 2 and websockets': [aListener, 'enable_proxy_protocol 2', 'protocol websockets'],
  'PROXY version 2 on a local socket': ['listener 0 {dir}/socket', 'enable_proxy_protocol 2'],
  'both use_identity_as_username and use_subject_as_username': [
    aListener,
    'use_identity_as_username true',
    'use_subject_as_username true',
  ],
  'use_username_as_clientid and clientid_prefixes': [
    'clientid_prefixes device-',
    aListener,
    'use_username_as_clientid true',
  ],
  'proxy_protocol_v2_require_tls without PROXY': [aListener, 'proxy_protocol_v2_require_tls true'],
  'websockets and accept_protocol_versions': [aListener, 'protocol websockets', 'accept_protocol_versions 3'],
  'websockets_origin without websockets': [aListener, 'websockets_origin http://example.com'],
  'http_dir without http_api': [aListener, 'http_dir {dir}'],
  'http_api alone': [aListener, 'protocol http_api'],
  'http_api beside mqtt': [aListener, 'listener {port2} 127.0.0.1', 'protocol http_api', 'http_dir {dir}'],
  'http_api with half of the TLS files': [
    aListener,
    'listener {port2} 127.0.0.1',
    'protocol http_api',
    'certfile a',
  ],
  'no protocol version at all': [aListener, 'accept_protocol_versions 9'],
  'require_certificate without TLS': [aListener, 'require_certificate true'],
  'the same option twice, the second time wrong': [aListener, 'max_qos 1', 'max_qos 5'],
  'listener_allow_anonymous and allow_anonymous': [
    'allow_anonymous false',
    aListener,
    'listener_allow_anonymous true',
  ],
});

export const listeners: readonly ConfigCase[] = [
  ...line,
  ...untried,
  ...several,
  ...local,
  ...old,
  ...oldPort,
  ...combined,
];
