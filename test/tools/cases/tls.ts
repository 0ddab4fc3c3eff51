// TLS with certificates and with shared keys.
import { one, publish, run, sends, type ToolCase } from '../case.js';

const ca = '--cafile {certs}/ca.crt';
const client = '--cert {certs}/client.crt --key {certs}/client.key';
const psk = '--psk 0123456789abcdef --psk-identity somebody';

/** Every option of TLS that goes with the others. */
const everything =
  '--capath {certs}/authorities --cert {certs}/client.crt --key {certs}/client.key --keyform pem --insecure ' +
  '--ciphers ECDHE-ECDSA-AES256-GCM-SHA384 --tls-alpn mqtt --tls-keylog keys --tls-version tlsv1.2';

/** What OpenSSL takes for the certificates of the system. */
const system = { env: { SSL_CERT_FILE: '{certs}/ca.crt' } };

export const tls: readonly ToolCase[] = [
  sends('pub --cafile sends over TLS', `pub -p {tlsPort} ${ca} -t {t} -m a -q 1 -d -i {t}`),
  one('sub --cafile subscribes over TLS', `sub -p {tlsPort} ${ca} -t {t} -E -d -i {t}`),
  {
    name: 'sub --cafile gets messages over TLS',
    steps: [
      publish('{t}', 'kept', { retain: true, qos: 1 }),
      ...run(`sub -p {tlsPort} ${ca} -t {t} -C 1 -v -q 2`),
    ],
  },
  one('rr --cafile requests over TLS', `rr -p {tlsPort} ${ca} -t {t} -e {t} -m a`),
  sends('pub --cafile sends 300 kB over TLS', `pub -p {tlsPort} ${ca} -t {t} -f x -q 1`, {
    files: { x: 'long '.repeat(60_000) },
  }),
  sends('pub --capath sends over TLS', 'pub -p {tlsPort} --capath {certs}/authorities -t {t} -m a'),
  sends('pub -L mqtts:// sends over TLS', `pub -L mqtts://localhost:{tlsPort}/{t} ${ca} -m a`),
  one('pub -L mqtts:// alone trusts the system', 'pub -L mqtts://localhost:{tlsPort}/{t} -m a -d -i {t}'),
  one(
    'pub --tls-use-os-certs trusts the system',
    'pub -p {tlsPort} --tls-use-os-certs -t {t} -m a -d -i {t}',
  ),
  one(
    'pub --cafile of another authority says so',
    'pub -p {tlsPort} --cafile {certs}/other-ca.crt -t {t} -m a -d -i {t}',
  ),
  one(
    'sub --cafile of another authority says so',
    'sub -p {tlsPort} --cafile {certs}/other-ca.crt -t {t} -E -d -i {t}',
  ),
  one(
    'rr --cafile of another authority says so',
    'rr -p {tlsPort} --cafile {certs}/other-ca.crt -t {t} -e {t} -m a -W 1',
  ),
  one(
    'pub --cafile of another authority with --quiet',
    'pub -p {tlsPort} --cafile {certs}/other-ca.crt -t {t} -m a --quiet',
  ),
  one(
    'pub --insecure does not accept another authority',
    'pub -p {tlsPort} --cafile {certs}/other-ca.crt --insecure -t {t} -m a -d -i {t}',
  ),
  one(
    'pub to a name that the certificate does not have',
    `pub -p {strangerPort} ${ca} -t {t} -m a -d -i {t}`,
  ),
  sends('pub --insecure accepts another name', `pub -p {strangerPort} ${ca} --insecure -t {t} -m a`),
  sends('pub to an address that the certificate has', `pub -h 127.0.0.1 -p {tlsPort} ${ca} -t {t} -m a`),
  one('pub without TLS to a port of TLS', 'pub -p {tlsPort} -t {t} -m a -d -i {t}'),
  one('pub with TLS to a port without', `pub -p {port} ${ca} -t {t} -m a -d -i {t}`),
  ...['tlsv1.2', 'tlsv1.3'].map((version) =>
    sends(`pub --tls-version ${version}`, `pub -p {tlsPort} ${ca} --tls-version ${version} -t {t} -m a`),
  ),
  sends(
    'pub --ciphers of TLS 1.2',
    `pub -p {tlsPort} ${ca} --tls-version tlsv1.2 --ciphers ECDHE-ECDSA-AES256-GCM-SHA384 -t {t} -m a`,
  ),
  one(
    'pub --ciphers that the broker cannot use',
    `pub -p {tlsPort} ${ca} --tls-version tlsv1.3 --ciphers TLS_AES_128_CCM_SHA256 -t {t} -m a -d -i {t}`,
  ),
  sends(
    'pub --ciphers of TLS 1.2 says nothing of TLS 1.3',
    `pub -p {tlsPort} ${ca} --ciphers ECDHE-RSA-AES256-GCM-SHA384 -t {t} -m a`,
  ),
  sends('pub --tls-alpn asks for a protocol', `pub -p {tlsPort} ${ca} --tls-alpn mqtt -t {t} -m a`),
  sends('pub --tls-keylog writes keys', `pub -p {tlsPort} ${ca} --tls-keylog {dir}/keys -t {t} -m a`),
  sends(
    'pub --cert and --key show who it is',
    `pub -p {mtlsPort} ${ca} ${client} -t {t} -m a -q 1 -d -i {t}`,
  ),
  sends('pub --keyform pem', `pub -p {mtlsPort} ${ca} ${client} --keyform pem -t {t} -m a`),
  one('sub --cert and --key show who it is', `sub -p {mtlsPort} ${ca} ${client} -t {t} -E -d -i {t}`),
  one('rr --cert and --key show who it is', `rr -p {mtlsPort} ${ca} ${client} -t {t} -e {t} -m a`),
  one(
    'pub without --cert where one is wanted',
    `pub -p {mtlsPort} ${ca} -t {t} -m a -d -i {t} --tls-version tlsv1.2`,
  ),
  one('pub --cert without --cafile is not TLS', `pub -p {port} ${client} -t {t} -m a -d -i {t}`),
  one('pub --psk connects with a shared key', `pub -p {pskPort} ${psk} -t {t} -m a -q 1 -d -i {t}`),
  one('sub --psk connects with a shared key', `sub -p {pskPort} ${psk} -t {t} -E -d -i {t}`),
  one('rr --psk connects with a shared key', `rr -p {pskPort} ${psk} -t {t} -e {t} -m a`),
  one(
    'pub --psk of another key',
    'pub -p {pskPort} --psk 00112233 --psk-identity somebody -t {t} -m a -d -i {t}',
  ),
  one(
    'pub --psk-identity of nobody',
    'pub -p {pskPort} --psk 0123456789abcdef --psk-identity nobody -t {t} -m a -d -i {t}',
  ),
  one('pub --psk-identity alone is not TLS', 'pub -p {port} --psk-identity somebody -t {t} -m a -d -i {t}'),
  one('pub --insecure alone is not TLS', 'pub -p {port} --insecure -t {t} -m a -d -i {t}'),
  one('pub --tls-version alone is not TLS', 'pub -p {port} --tls-version tlsv1.2 -t {t} -m a -d -i {t}'),
  one('pub --no-tls does without TLS', `pub -p {port} ${ca} --no-tls -t {t} -m a -d -i {t}`),
  one('sub --no-tls does without TLS', `sub -p {port} ${ca} --no-tls -t {t} -E -d -i {t}`),
  one('rr --no-tls does without TLS', `rr -p {port} ${ca} --no-tls -t {t} -e {t} -m a`),
  one(
    'pub -p 8883 is TLS by itself',
    'pub --proxy socks5h://localhost:{socks} -p 8883 -t {t} -m a -d -i {t}',
    { needs: ['tls'] },
  ),
  one(
    'pub -p 8883 --no-tls is not',
    'pub --proxy socks5h://localhost:{socks} -p 8883 --no-tls -t {t} -m a -d -i {t}',
    { needs: ['tls'] },
  ),
  one(
    'pub --cafile takes port 8883 by default',
    `pub --proxy socks5h://localhost:{socks} ${ca} -t {t} -m a -d -i {t}`,
    {
      needs: ['tls'],
    },
  ),
  one('sub with every option of TLS', `sub -p {mtlsPort} ${everything} -t {t} -E -d -i {t}`),
  one('rr with every option of TLS', `rr -p {mtlsPort} ${everything} -t {t} -e {t} -m a`),
  sends('pub --tls-use-os-certs', 'pub -p {tlsPort} --tls-use-os-certs -t {t} -m a', system),
  one('sub --tls-use-os-certs', 'sub -p {tlsPort} --tls-use-os-certs -t {t} -E -d -i {t}', system),
  one('rr --tls-use-os-certs', 'rr -p {tlsPort} --tls-use-os-certs -t {t} -e {t} -m a', system),
  one(
    'sub -p 8883 trusts the system by itself',
    'sub --proxy socks5h://localhost:{socks} -p 8883 -t {t} -E',
    {
      needs: ['tls'],
      ...system,
    },
  ),
  sends('pub --ws with TLS', `pub --ws -p {wssPort} ${ca} -t {t} -m a -q 1`),
  sends('pub -L wss:// with TLS', `pub -L wss://localhost:{wssPort}/{t} ${ca} -m a -q 1`),
  one('sub --ws with TLS', `sub --ws -p {wssPort} ${ca} -t {t} -E -d -i {t}`),
];
