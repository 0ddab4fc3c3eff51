// Files of passwords, rights and keys, per_listener_settings, and the order in which it must stand.
import { aListener, type CaseExtras, type ConfigCase, configCase, configCases } from '../config-case.js';

const true_ = 'per_listener_settings true';
const hash =
  '$7$101$ojcm/bmFAQuHXPCC$dXc2iVldBNSqq2CDrWMoJ9bCYJDFUEWmWlLNKdFLJbzzIIlkcRMFnxLRcDQw+G1QcYUzWUKlk8x7gCq5eDuYBw==';
const files = {
  passwords: `me:${hash}\n`,
  acl: 'topic readwrite a/#\n\nuser me\ntopic b\ntopic deny c\n\npattern write u/%u/#\n',
  psk: 'me:abcd\nyou:0123456789abcdefABCDEF\n',
};
const options = [
  'allow_anonymous true',
  'password_file {dir}/passwords',
  'acl_file {dir}/acl',
  'psk_file {dir}/psk',
];

const perListener = configCases(
  'per_listener_settings',
  {
    'true, options in the listener': [true_, aListener, ...options],
    'true, options before the listener': [true_, ...options, aListener],
    'true, allow_anonymous in the listener': [true_, aListener, 'allow_anonymous true'],
    'true, password_file before the listener': [true_, 'password_file {dir}/passwords', aListener],
    'true, acl_file before the listener': [true_, 'acl_file {dir}/acl', aListener],
    'true, psk_file before the listener': [true_, 'psk_file {dir}/psk', aListener],
    'true, auto_id_prefix before the listener': [true_, 'auto_id_prefix a', aListener],
    'true, auto_id_prefix in the listener': [true_, aListener, 'auto_id_prefix a'],
    'true, allow_zero_length_clientid before the listener': [
      true_,
      'allow_zero_length_clientid true',
      aListener,
    ],
    'true, allow_zero_length_clientid in the listener': [
      true_,
      aListener,
      'allow_zero_length_clientid false',
    ],
    'true, plugin before the listener': [true_, 'plugin {dir}/no-plugin.so', aListener],
    'true, plugin in the listener': [true_, aListener, 'plugin {dir}/no-plugin.so'],
    'true, global_plugin before the listener': [true_, 'global_plugin {dir}/no-plugin.so', aListener],
    'true, two listeners': [true_, aListener, ...options, 'listener {port2} 127.0.0.1', ...options],
    'true, after port': [true_, 'port {port1}', 'bind_address 127.0.0.1', ...options],
    'true, after an option that makes the default listener': [
      true_,
      'max_connections 10',
      'allow_anonymous true',
    ],
    'true in the listener': [aListener, true_],
    'true in the listener, before its options': [aListener, true_, ...options],
    'true after a password_file': ['password_file {dir}/passwords', true_, aListener],
    'true after allow_anonymous': ['allow_anonymous true', true_, aListener],
    'true after a plugin': ['plugin {dir}/no-plugin.so', true_, aListener],
    'true after listener_allow_anonymous': [aListener, 'listener_allow_anonymous true', true_],
    'true after options that are no security': ['persistence false', 'sys_interval 10', true_, aListener],
    'true in a bridge': [aListener, 'connection first', 'address 127.0.0.1:{port2}', 'topic #', true_],
    'false after allow_anonymous': ['allow_anonymous true', 'per_listener_settings false', aListener],
    'false, then true': ['per_listener_settings false', true_, aListener],
    'true, then false': [true_, 'per_listener_settings false', aListener, 'allow_anonymous true'],
    'true, then nonsense': [true_, 'per_listener_settings nonsense', aListener],
    'true, then no value': [true_, 'per_listener_settings', aListener],
    'false, options in the listener': ['per_listener_settings false', aListener, ...options],
    'false, options before the listener': ['per_listener_settings false', ...options, aListener],
    'unset, options in the listener': [aListener, ...options],
    'unset, options before and in the listener': [...options, aListener, ...options],
    'unset, options after a bridge': [
      aListener,
      'connection first',
      'address 127.0.0.1:{port2}',
      'topic #',
      ...options,
    ],
  },
  { files },
);

const anonymous = configCases('anonymous', {
  'no listener': [],
  'a listener and nothing else': [aListener],
  'allow_anonymous without a listener': ['allow_anonymous true'],
  'allow_anonymous false without a listener': ['allow_anonymous false'],
  'listener_allow_anonymous in one of two': [
    aListener,
    'listener_allow_anonymous true',
    'listener {port2} 127.0.0.1',
  ],
});

function withFile(option: string, name: string, text: string, extras: CaseExtras = {}): ConfigCase {
  return configCase(`${option}: ${name}`, [`${option} {dir}/file`, aListener], {
    files: { file: text },
    ...extras,
  });
}

const passwords = Object.entries({
  'an empty file': '',
  'comments and empty lines': `# users\n\nme:${hash}\n`,
  'a user without a colon': 'me\n',
  'a user without a password': 'me:\n',
  'a password without a user': `:${hash}\n`,
  'a plain password': 'me:secret\n',
  'a user twice': `me:${hash}\nme:${hash}\n`,
  'an unknown kind of hash': 'me:$9$abc$def\n',
  'a hash of SHA-512': 'me:$6$hmac$abcd\n',
  'a hash without its parts': 'me:$7$\n',
  'a hash with a wrong number': 'me:$7$abc$ojcm/bmFAQuHXPCC$dXc2\n',
  'a hash that is no base64': 'me:$7$101$!!!$???\n',
  'CR and LF': `me:${hash}\r\n`,
  'no line feed at the end': `me:${hash}`,
  'blanks around the user': ` me :${hash}\n`,
}).map(([name, text]) => withFile('password_file', name, text));

const rights = Object.entries({
  'an empty file': '',
  'only a comment': '# rights\n',
  nonsense: 'nonsense\n',
  'topic without a value': 'topic\n',
  'topic with a blank': 'topic \n',
  'user without a value': 'user\n',
  'user with a blank': 'user \n',
  'an unknown kind of access': 'topic everything a\n',
  'a kind of access without a topic': 'topic read\n',
  deny: 'topic deny a/#\n',
  'a wrong filter': 'topic a/#/b\n',
  'a wrong plus': 'topic a/b+\n',
  'pattern without %u or %c': 'pattern read a/b\n',
  'pattern with %u': 'pattern readwrite a/%u\n',
  'pattern without a value': 'pattern\n',
  'tabs between the words': 'topic\tread\ta\n',
  capitals: 'TOPIC read a\n',
  'a topic with blanks': 'topic read a b\n',
  'an error in the third line': 'topic a\n\nnonsense 1 2\n',
  'CR and LF': 'topic read a\r\n',
}).map(([name, text]) => withFile('acl_file', name, text));

const keys = Object.entries({
  'an empty file': '',
  'a key without digits': 'me:xyz\n',
  'an identity without a colon': 'me\n',
  'an identity without a key': 'me:\n',
  'an identity with only a blank for a key': 'me: \n',
  'a key without an identity': ':abcd\n',
  'a key of an odd length': 'me:abc\n',
  'an identity twice': 'me:ab\nme:cd\n',
  'a comment': '# keys\nme:ab\n',
}).map(([name, text]) => withFile('psk_file', name, text));

const rightsOfFiles = ['password_file', 'acl_file', 'psk_file'].flatMap((option) => [
  withFile(option, 'everybody may read it', '', { modes: { file: 0o644 } }),
  withFile(option, 'nobody may read it', '', { modes: { file: 0 } }),
  configCase(`${option}: a folder`, [`${option} {dir}`, aListener]),
]);

export const security: readonly ConfigCase[] = [
  ...perListener,
  ...anonymous,
  ...passwords,
  ...rights,
  ...keys,
  ...rightsOfFiles,
];
