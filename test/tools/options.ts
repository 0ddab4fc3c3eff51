// Every option of the three tools: its names, whether it wants a value, and values that it does not take. From
// this come the cases of missing and of wrong values, and the check that no option is without a case.
import { type ToolName, toolNames } from './case.js';

export interface Option {
  readonly names: readonly string[];
  readonly tools: readonly ToolName[];
  /** How many values follow. */
  readonly values: number;
  /** Values that are wrong, and whatever else the command line needs for that to be noticed. */
  readonly wrong: readonly string[];
  /** No system that the tests run on has what it needs. */
  readonly neverSucceeds?: true;
}

const all = toolNames;

function option(
  names: string,
  values = 0,
  wrong: readonly string[] = [],
  tools: readonly ToolName[] = all,
): Option {
  return { names: names.split(' '), tools, values, wrong };
}

const properties = [
  'connect nonsense 1',
  'nonsense user-property a b',
  'publish topic-alias',
  'connect user-property a',
  'connect receive-maximum 65536',
  'connect receive-maximum -1',
  'connect maximum-packet-size 4294967296',
  'connect request-problem-information 256',
  'publish session-expiry-interval 1',
  'publish subscription-identifier 1',
  'connect assigned-client-identifier a',
  'will topic-alias 1',
  'puback reason-string a',
  'auth authentication-method a',
  'CONNECT receive-maximum',
];

export const options: readonly Option[] = [
  option('-A', 1, ['192.0.2.1', 'no.such.host.invalid']),
  option('-c --disable-clean-session'),
  option('-d --debug'),
  option('-D --property', 3, properties),
  option('-h --host', 1, ['no.such.host.invalid', "''"]),
  option('-i --id', 1, ["'' -c", 'a -I b']),
  option('-I --id-prefix', 1, ['a -i b']),
  option('-k --keepalive', 1, ['4', '65536', '-1', 'x']),
  option('-L --url', 1, [
    'http://localhost/t',
    'localhost',
    'mqtt://localhost',
    'mqtt://localhost:0/t',
    'mqtt://localhost:65536/t',
    'mqtt://',
    'mqtt://:password@localhost:1/t',
    "''",
  ]),
  option('-M', 1, ['0', '-1', 'x']),
  option('-o', 1, ['{dir}/missing', '{dir}/missing -o {dir}/missing']),
  option('-p --port', 1, ['-1', '65536', '65535x', 'x', '0']),
  option('-P --pw', 1),
  option('-q --qos', 1, ['3', '-1', 'x']),
  option('-t --topic', 1),
  option('-u --username', 1),
  option('-V --protocol-version', 1, ['4', 'mqttv4', '6', "''"]),
  option('-x', 1, ['x', '-2', '4294967296', '4294967295', '1x', "''"]),
  option('--help'),
  option('--version'),
  option('--nodelay'),
  option('--quiet'),
  option('--unix', 1, ['{dir}/missing']),
  option('--will-payload', 1, ['a']),
  option('--will-qos', 1, ['3', '-1', '1']),
  option('--will-retain'),
  option('--will-topic', 1, ['a/#', 'a/+', "''"]),
  option('--ws'),
  option('--proxy', 1, [
    'socks4://localhost:1080',
    'http://localhost',
    'socks5h://',
    'socks5h://localhost:0',
    'socks5h://localhost:65536',
    'socks5h://a:b:c@localhost',
    'socks5h://[::1',
    'localhost:1080',
  ]),
  option('--cafile', 1, ['{dir}/missing', '{certs}/server.key']),
  option('--capath', 1, ['{dir}/missing']),
  option('--cert', 1, [
    '{certs}/client.crt',
    '{dir}/missing --key {certs}/client.key --cafile {certs}/ca.crt',
  ]),
  option('--key', 1, [
    '{certs}/client.key',
    '{dir}/missing --cert {certs}/client.crt --cafile {certs}/ca.crt',
    '{certs}/server.key --cert {certs}/client.crt --cafile {certs}/ca.crt',
  ]),
  option('--keyform', 1, [
    'pem',
    'nonsense --cafile {certs}/ca.crt --key {certs}/client.key --cert {certs}/client.crt',
  ]),
  option('--ciphers', 1, ['nonsense --cafile {certs}/ca.crt']),
  option('--insecure'),
  option('--no-tls'),
  option('--tls-alpn', 1),
  { ...option('--tls-engine', 1, ['nonsense --cafile {certs}/ca.crt']), neverSucceeds: true },
  { ...option('--tls-engine-kpass-sha1', 1, ['abc --cafile {certs}/ca.crt']), neverSucceeds: true },
  option('--tls-keylog', 1),
  option('--tls-use-os-certs'),
  option('--tls-version', 1, [
    'nonsense --cafile {certs}/ca.crt',
    'tlsv1 --cafile {certs}/ca.crt',
    'tlsv1.1 --cafile {certs}/ca.crt',
  ]),
  option('--psk', 1, [
    '0123456789abcdef',
    '0123456789abcdef --psk-identity a --cafile {certs}/ca.crt',
    'xyz --psk-identity a',
  ]),
  option('--psk-identity', 1),
  // of pub alone
  option('-l --stdin-line', 0, [], ['pub']),
  option('-r --retain', 0, [], ['pub']),
  option('--repeat', 1, ['0', '-1', 'x'], ['pub']),
  option('--repeat-delay', 1, ['-0.1', '-1'], ['pub']),
  // of those that send
  option('-f --file', 1, ['{dir}/missing', '{dir}', '/dev/null'], ['pub', 'rr']),
  option('-m --message', 1, ['a -n', 'a -s'], ['pub', 'rr']),
  option('-n --null-message', 0, [], ['pub', 'rr']),
  option('-s --stdin-file', 0, [], ['pub', 'rr']),
  // of those that print
  option('-F', 1, ['%', '%y', '%.', '%5', 'a\\', '\\q', '@'], ['sub', 'rr']),
  option('-N', 0, [], ['sub', 'rr']),
  option('-R', 0, [], ['sub', 'rr']),
  option('-v --verbose', 0, [], ['sub', 'rr']),
  option('-W', 1, ['0', '-1', 'x'], ['sub', 'rr']),
  option('--pretty', 0, [], ['sub', 'rr']),
  option('--retain-as-published', 0, [], ['sub', 'rr']),
  option('--retain-handling', 1, ['sometimes', "''"], ['sub', 'rr']),
  // of sub alone
  option('-C', 1, ['0', '-1', 'x'], ['sub']),
  option('-E', 0, [], ['sub']),
  option('-T --filter-out', 1, ['a/#/b', 'a+', "''"], ['sub']),
  option('-U --unsubscribe', 1, ['a/#/b', 'a+', "''"], ['sub']),
  option('-w --watch', 0, [], ['sub']),
  option('--message-rate', 0, [], ['sub']),
  option('--random-filter', 1, ['0', '0.05', '100.1', '-1', 'x'], ['sub']),
  option('--remove-retained', 0, [], ['sub']),
  option('--retained-only', 0, [], ['sub']),
  // of rr alone
  option('-e', 1, ['a/#', 'a/+', "''"], ['rr']),
  option('--latency', 0, [], ['rr']),
];

/** The first name of the option that a word of a command line is, if it is one of this tool. */
export function optionOf(tool: ToolName, word: string): Option | undefined {
  return options.find(({ names, tools }) => tools.includes(tool) && names.includes(word));
}
