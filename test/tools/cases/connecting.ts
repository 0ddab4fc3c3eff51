// How a tool reaches its broker: addresses, URLs, sockets, WebSocket, proxies; and what CONNECT says.
import { end, gets, one, publish, run, sends, start, type ToolCase } from '../case.js';

const addresses: ToolCase[] = [
  sends('pub -A connects from that address', 'pub -h 127.0.0.1 -p {port} -A 127.0.0.9 -t {t} -m a -i {t}', {
    wire: true,
  }),
  one('sub -A connects from that address', 'sub -h 127.0.0.1 -p {port} -A 127.0.0.9 -t {t} -E -i {t}', {
    wire: true,
  }),
  one(
    'rr -A connects from that address',
    'rr -h 127.0.0.1 -p {port} -A 127.0.0.9 -t {t} -e {t} -m a -i {t}',
    { wire: true },
  ),
  ...['pub -m a', 'sub -E', 'rr -e b -m a'].flatMap((line) => {
    const [tool] = line.split(' ');
    return [
      one(`${tool} says that a connection was refused`, `${line} -h 127.0.0.1 -p 1 -t {t}`),
      one(
        `${tool} --quiet does not say that a connection was refused`,
        `${line} -h 127.0.0.1 -p 1 -t {t} --quiet`,
      ),
      one(`${tool} -d says no more of a refused connection`, `${line} -h 127.0.0.1 -p 1 -t {t} -d`),
      one(`${tool} says that a connection to localhost was refused`, `${line} -p 1 -t {t}`),
      one(`${tool} says that a host is unknown`, `${line} -h no.such.host.invalid -t {t}`),
      one(
        `${tool} --quiet does not say that a host is unknown`,
        `${line} -h no.such.host.invalid -t {t} --quiet`,
      ),
    ];
  }),
];

const urls: ToolCase[] = [
  sends('pub -L names host, port and topic', 'pub -L mqtt://localhost:{port}/{t} -m a'),
  sends('pub --url with levels of a topic', 'pub --url mqtt://127.0.0.1:{port}/{t}/a/b -m a'),
  sends('pub -L with a topic that ends with a slash', 'pub -L mqtt://localhost:{port}/{t}/ -m a'),
  sends('pub -L does not decode a topic', 'pub -L mqtt://localhost:{port}/{t}/%41 -m a'),
  one(
    'pub -L with user and password',
    'pub -L mqtt://both:both-secret@localhost:{authPort}/{t} -m a -q 1 -d -i {t}',
  ),
  one('pub -L with a user alone', 'pub -L mqtt://user@localhost:{peer}/{t} -m a -i {t} -V 5', { wire: true }),
  one('pub -L with an empty password', 'pub -L mqtt://user:@localhost:{peer}/{t} -m a -i {t}', {
    wire: true,
  }),
  one(
    'pub -L does not decode user and password',
    'pub -L mqtt://a%40b:c%3Ad@localhost:{peer}/{t} -m a -i {t}',
    { wire: true },
  ),
  one('pub -L with an @ in the password', 'pub -L mqtt://a:b@c@localhost:{peer}/{t} -m a -i {t}', {
    wire: true,
  }),
  one('pub -L with a colon in the password', 'pub -L mqtt://a:b:c@localhost:{peer}/{t} -m a -i {t}', {
    wire: true,
  }),
  one(
    'pub -L after -t: the topic of the URL counts',
    'pub -t {t}/1 -L mqtt://localhost:{peer}/{t}/2 -m a -i {t}',
    { wire: true },
  ),
  one('pub -t after -L: that topic counts', 'pub -L mqtt://localhost:{peer}/{t}/2 -t {t}/1 -m a -i {t}', {
    wire: true,
  }),
  one('pub -u and -P after -L count', 'pub -L mqtt://a:b@localhost:{peer}/{t} -u c -P d -m a -i {t}', {
    wire: true,
  }),
  one('pub -p after -L counts', 'pub -L mqtt://localhost:1/{t} -p {peer} -m a -i {t}', { wire: true }),
  one('sub -L names host, port and topic', 'sub -L mqtt://localhost:{port}/{t}/# -E -d -i {t}'),
  one('sub -L and -t subscribe to both', 'sub -L mqtt://localhost:{port}/{t}/a -t {t}/b -E -d -i {t}'),
  one(
    'sub -L with user and password',
    'sub -L mqtt://both:both-secret@localhost:{authPort}/{t} -E -d -i {t}',
  ),
  one('rr -L names host, port and topic', 'rr -L mqtt://localhost:{port}/{t} -e {t} -m a'),
  one(
    'pub -L without a port takes 1883',
    'pub --proxy socks5h://localhost:{socks} -L mqtt://broker.example/{t} -m a',
  ),
  one(
    'pub -L mqtts without a port takes 8883',
    'pub --proxy socks5h://localhost:{socks} -L mqtts://localhost/{t} -m a --cafile {certs}/ca.crt',
    {
      needs: ['tls'],
    },
  ),
];

const proxies: ToolCase[] = [
  sends(
    'pub --proxy connects through it, to localhost and 1883 by default',
    'pub --proxy socks5h://localhost:{socks} -t {t} -m a',
  ),
  sends(
    'pub --proxy leaves names to the proxy',
    'pub --proxy socks5h://127.0.0.1:{socks} -h broker.example -t {t} -m a',
  ),
  sends(
    'pub --proxy with an IPv4 address of the broker',
    'pub --proxy socks5h://127.0.0.1:{socks} -h 127.0.0.1 -p {direct} -t {t} -m a',
  ),
  sends(
    'pub --proxy with user and password',
    'pub --proxy socks5h://user:pass@localhost:{socks} -t {t} -m a',
    {
      socksUser: ['user', 'pass'],
    },
  ),
  sends(
    'pub --proxy decodes %25, %3A and %40',
    'pub --proxy socks5h://u%3As%40r:p%25ss@localhost:{socks} -t {t} -m a',
    {
      socksUser: ['u:s@r', 'p%ss'],
    },
  ),
  sends('pub --proxy with a user alone', 'pub --proxy socks5h://user@localhost:{socks} -t {t} -m a', {
    socksUser: ['user', ''],
  }),
  one(
    'pub --proxy says that the password is wrong',
    'pub --proxy socks5h://user:wrong@localhost:{socks} -t {t} -m a',
    {
      socksUser: ['user', 'pass'],
    },
  ),
  one('pub --proxy says that the proxy wants a user', 'pub --proxy socks5h://localhost:{socks} -t {t} -m a', {
    socksUser: ['a', 'b'],
  }),
  one(
    'pub --proxy says that the proxy cannot connect',
    'pub --proxy socks5h://localhost:{socks} -p 1 -t {t} -m a',
  ),
  one('pub --proxy says that nobody listens there', 'pub --proxy socks5h://127.0.0.1:1 -t {t} -m a'),
  one('sub --proxy connects through it', 'sub --proxy socks5h://localhost:{socks} -t {t} -E -d -i {t}'),
  one('rr --proxy connects through it', 'rr --proxy socks5h://localhost:{socks} -t {t} -e {t} -m a'),
  one(
    'sub --proxy with TLS',
    'sub --proxy socks5h://localhost:{socks} -h localhost --cafile {certs}/ca.crt -t {t} -E -d -i {t}',
    {
      needs: ['tls'],
    },
  ),
];

const transports: ToolCase[] = [
  sends('pub --unix connects to a socket', 'pub --unix {unix} -t {t} -m a -q 1'),
  gets('sub --unix connects to a socket', 'sub --unix {unix} -t {t} -C 1', ['a']),
  one('rr --unix connects to a socket', 'rr --unix {unix} -t {t} -e {t} -m a'),
  one('sub --unix says that there is no socket', 'sub --unix {dir}/missing -t {t} -E -d -i {t}'),
  one('sub --unix says that a path is too long', `sub --unix /${'long/'.repeat(40)} -t {t} -E`),
  sends('pub --ws connects with WebSocket', 'pub --ws -p {wsPort} -t {t} -m a -q 2 -d -i {t}'),
  one('pub --ws sends 200 kB', 'pub --ws -p {wsPort} -t {t} -f x -q 1 -d -i {t}', {
    files: { x: 'long '.repeat(40_000) },
  }),
  sends('pub -L ws:// connects with WebSocket', 'pub -L ws://localhost:{wsPort}/{t} -m a -q 1'),
  one('sub --ws connects with WebSocket', 'sub --ws -p {wsPort} -t {t} -E -d -i {t} -V 5'),
  {
    name: 'sub --ws gets messages',
    steps: [publish('{t}', 'kept', { retain: true, qos: 1 }), ...run('sub --ws -p {wsPort} -t {t} -C 1 -v')],
  },
  one('rr --ws connects with WebSocket', 'rr --ws -p {wsPort} -t {t} -e {t} -m a'),
  one('pub --ws to a port that speaks MQTT says so', 'pub --ws -p {port} -t {t} -m a'),
  one('pub without --ws to a port of WebSocket says so', 'pub -p {wsPort} -t {t} -m a'),
  one('pub --ws asks for the subprotocol mqtt at the path /mqtt', 'pub --ws -p {peer} -t {t} -m a -W 1'),
];

let packetCases = 0;

/** What CONNECT and DISCONNECT say, as bytes; pub and sub take turns. */
function packets(what: string, options: string, rest: Partial<ToolCase> = {}): ToolCase[] {
  const line = packetCases++ % 2 === 0 ? 'pub -p {peer} -t {t} -m a' : 'sub -p {peer} -t {t} -E';
  return [one(`${line.slice(0, 3)} ${what}`, `${line} ${options}`, { wire: true, ...rest })];
}

const connects: ToolCase[] = [
  ...packets('-i gives a client id', '-i {t}'),
  ...packets('-I gives a client id with the process id', '-I {t}- -d', {
    blur: ['pid'],
    wire: undefined as never,
  }),
  ...packets('-k gives the keep alive', '-i {t} -k 5'),
  ...packets('--keepalive gives the keep alive', '-i {t} --keepalive 65535'),
  ...packets('-k 0 turns keep alive off', '-i {t} -k 0'),
  ...packets('-c keeps the session', '-i {t} -c'),
  ...packets('-c with MQTT 5 keeps the session for ever', '-i {t} -c -V 5'),
  ...packets('-x makes it MQTT 5', '-i {t} -x 100'),
  ...packets('-x -c keeps the session that long', '-i {t} -c -x 100'),
  ...packets('-x 0', '-i {t} -c -x 0'),
  ...packets('-x -1 keeps the session for ever', '-i {t} -x -1'),
  ...packets('-x ∞ keeps the session for ever', '-i {t} -x ∞'),
  ...packets('-x 4294967294', '-i {t} -x 4294967294'),
  ...packets('-x with -V 311 is MQTT 5 all the same', '-i {t} -x 100 -V 311'),
  ...['31', '311', '5', 'mqttv31', 'mqttv311', 'mqttv5', '3.1', 'MQTTV5'].flatMap((version) =>
    packets(`-V ${version}`, `-i {t} -V ${version}`),
  ),
  ...packets('--protocol-version 5', '-i {t} --protocol-version 5'),
  ...packets('-V 5 without an id sends an empty one', '-V 5'),
  ...packets('-V 31 with an id of 24 bytes', '-V 31 -i 123456789012345678901234'),
  ...packets('-u gives a user', '-i {t} -u user'),
  ...packets('--username and --pw give user and password', '-i {t} --username user --pw pass'),
  ...packets('-u and -P may be empty', "-i {t} -u '' -P ''"),
  ...packets('-P without -u is not allowed in MQTT 3.1.1', '-i {t} -P pass'),
  ...packets('-P without -u is allowed in MQTT 5', '-i {t} -P pass -V 5'),
  ...packets('--will-topic gives a will', '-i {t} --will-topic will/t'),
  ...packets(
    '--will-payload, --will-qos and --will-retain',
    '-i {t} --will-topic w --will-payload gone --will-qos 2 --will-retain',
  ),
  ...packets(
    '-u, -P and a will with MQTT 5',
    '-i {t} -V 5 -u user -P pass --will-topic w --will-payload gone',
  ),
  one(
    'rr sends CONNECT, SUBSCRIBE and PUBLISH',
    'rr -p {peer} -t {t} -e {t}/a -m b -i {t} -W 2 -k 30 -c -x 5',
    { wire: true },
  ),
  one('rr -I gives a client id with the process id', 'rr -p {peer} -t {t} -e {t}/a -m b -I {t}- -W 2 -d', {
    blur: ['pid'],
  }),
  one(
    'rr with user, password and a will',
    'rr -p {peer} -t {t} -e {t}/a -m b -i {t} -W 2 -u u -P p --will-topic w --will-payload x',
    {
      wire: true,
    },
  ),
  one(
    'rr with many options to a broker',
    'rr -p {port} -t {t} -e {t} -m a -I {t} -k 30 -u u -P p -x 5 -M 5 --will-topic {t}/w --will-payload x --will-qos 1 --will-retain',
  ),
  one(
    'sub with a QoS and retain for its will',
    'sub -p {port} -t {t} -E -M 5 --will-topic {t}/w --will-qos 1 --will-retain',
  ),
  sends(
    'pub with many options to a broker',
    'pub -p {port} -t {t} -m a -I {t} -k 30 -M 5 -u u -P p -x 5 --will-topic {t}/w --will-payload x --will-qos 2 --will-retain',
  ),
  one('sub -k pings', 'sub -p {peer} -t {t} -k 5 -W 6 -i {t} -d', { wire: true }),
];

const wills: ToolCase[] = ['311', '5'].map((version) => ({
  name: `sub --will-topic is sent when sub is killed, with -V ${version}`,
  steps: [
    start("sub -p {port} -t '{t}/will' -C 1 -F '%t %q %p' -q 1"),
    start(`sub -p {port} -t {t} -i {t} -V ${version} --will-topic {t}/will --will-payload gone --will-qos 1`),
    { do: 'kill', signal: 'SIGKILL' },
    end,
  ],
}));

export const connecting: readonly ToolCase[] = [
  ...addresses,
  ...urls,
  ...proxies,
  ...transports,
  ...connects,
  ...wills,
];
