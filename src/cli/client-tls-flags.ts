// The flags of TLS: whom to trust, who one is, and how to encrypt.
import { ALL, FILE, type Flag, option, set, tlsOn, tlsText, toggle } from './client-flag.js';

export const tlsFlags: readonly Flag[] = [
  option('--cafile', ALL, FILE, 'certificates of the authorities to trust', tlsText('cafile')),
  option(
    '--capath',
    ALL,
    ['DIRECTORY', 'no directory specified'],
    'directory of such certificates',
    tlsText('capath'),
  ),
  toggle('--tls-use-os-certs', ALL, 'trust the authorities that the system trusts', tlsOn('useOsCerts')),
  option('--cert', ALL, FILE, 'own certificate', tlsText('cert')),
  option('--key', ALL, FILE, 'private key of the own certificate', tlsText('key')),
  option(
    '--keyform',
    ALL,
    ['FORM', 'no keyform specified'],
    'what the key is: pem or engine',
    tlsText('keyform'),
  ),
  option(
    '--ciphers',
    ALL,
    ['LIST', 'no ciphers specified'],
    'ciphers, as OpenSSL lists them',
    tlsText('ciphers'),
  ),
  option(
    '--tls-version',
    ALL,
    ['VERSION', 'no version specified'],
    'lowest version: tlsv1.2 (default) or tlsv1.3',
    set(({ config }, version) => {
      config.tls.version = version as 'tlsv1.2';
    }),
  ),
  option(
    '--tls-alpn',
    ALL,
    ['PROTOCOL', 'no protocol specified'],
    'protocol to ask for (ALPN)',
    tlsText('alpn'),
  ),
  toggle(
    '--insecure',
    ALL,
    "do not compare the name in the broker's certificate; for tests only",
    tlsOn('insecure'),
  ),
  option('--psk', ALL, ['HEX', 'no key specified'], 'pre-shared key, hexadecimal', tlsText('psk')),
  option(
    '--psk-identity',
    ALL,
    ['NAME', 'no identity specified'],
    'identity that goes with the pre-shared key',
    tlsText('pskIdentity'),
  ),
  option('--tls-engine', ALL, ['ID', 'no engine_id specified'], 'OpenSSL engine', tlsText('engine')),
  option(
    '--tls-engine-kpass-sha1',
    ALL,
    ['HEX', 'no kpass sha1 specified'],
    "SHA-1 of the password of the engine's key",
    tlsText('engineKpassSha1'),
  ),
  option('--tls-keylog', ALL, FILE, 'write the session secrets to a file; for tests only', tlsText('keylog')),
  toggle('--no-tls', ALL, 'no encryption, whatever else is given', tlsOn('disabled')),
];
