// Where our tools, or Mosquitto's tools against our broker, print something else than was recorded, and why. A
// difference that is not listed here is an error, and so is an entry that no longer holds.

export interface Difference {
  /** Matches the names of the cases. */
  readonly cases: RegExp;
  /** Whose it is: that of our broker shows with Mosquitto's tools too. */
  readonly whose: 'broker' | 'tools';
  /** What differs and why, in one sentence. */
  readonly reason: string;
  /** Now and then there is no difference. */
  readonly unsteady?: true;
}

/** Exactly these cases. */
function named(...names: string[]): RegExp {
  return new RegExp(`^(?:${names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')})$`);
}

export const differences: readonly Difference[] = [
  {
    cases: named(
      '-o names a file that is not there',
      '-o names a folder',
      '-o names an empty file',
      'a file names another file',
      'pub --proxy says that nobody listens there',
      'pub --repeat does not go with -l',
      'pub -d says no more of a refused connection',
      'pub -f wants a file that is not empty',
      'pub goes on with a QoS of a will without a topic',
      'pub is given --will-qos 1',
      'pub is given -o {dir}/missing',
      'pub is given -p 0',
      'pub is given -q x',
      'pub says that a connection to localhost was refused',
      'pub says that a connection was refused',
      'pub takes the last of two topics',
      'rr -d says no more of a refused connection',
      'rr is given --capath {dir}/missing',
      'rr is given --unix {dir}/missing',
      'rr is given -A 192.0.2.1',
      'rr is given -p x',
      'rr says that a connection to localhost was refused',
      'rr says that a connection was refused',
      'rr takes an option as the value of another',
      'sub --unix says that there is no socket',
      'sub -d says no more of a refused connection',
      'sub is given --cafile {certs}/server.key',
      'sub is given --ciphers nonsense --cafile {certs}/ca.crt',
      'sub is given --key {certs}/server.key --cert {certs}/client.crt --cafile {certs}/ca.crt',
      'sub is given --proxy socks5h://[::1',
      'sub is given --random-filter 100.1',
      'sub is given -L mqtt://:password@localhost:1/t',
      'sub is given -L mqtt://localhost:0/t',
      'sub is given -p 65535x',
      'sub says that a connection to localhost was refused',
      'sub says that a connection was refused',
    ),
    whose: 'tools',
    reason:
      'Mosquitto 2.1.2 says "Bad file descriptor" of every connection that fails; we say what the system said.',
  },
  {
    cases: named(
      'a file has --help',
      'pub --help shows its usage',
      'pub --quiet -d says what it needs all the same',
      'pub --version says its version',
      'pub needs a message',
      'pub needs a topic',
      'pub says its version before it says what is wrong after --version',
      'pub without anything says what it needs',
      'rr --help shows its usage',
      'rr --version says its version',
      'sub --help shows its usage',
      'sub --version says its version',
      'sub shows its usage before it says what is wrong after --help',
    ),
    whose: 'tools',
    reason: 'The help and the version are in our own words.',
  },
  {
    cases: named(
      'pub with MQTT 5 gets an answer of MQTT 3.1.1',
      'rr with MQTT 5 gets an answer of MQTT 3.1.1',
      'sub with MQTT 5 gets an answer of MQTT 3.1.1',
    ),
    whose: 'tools',
    reason:
      'An answer in the format of MQTT 3.1.1 is read, and said to mean that the broker does not know MQTT 5; the original calls it malformed.',
  },
  {
    cases: named(
      'pub -V 5 -q 1 by who may not publish',
      'pub -V 5 -q 2 by who may not publish',
      'pub -l by who may not publish',
    ),
    whose: 'broker',
    reason:
      'Our PUBACK and PUBREC have a reason string, which pub prints after its warning; Mosquitto sends none.',
  },
  {
    cases: named(
      'pub -D connect authentication-method is refused',
      'pub -V 5 with a wrong password',
      'pub with MQTT 5 is refused with 128',
      'pub with MQTT 5 is refused with 129',
      'pub with MQTT 5 is refused with 132',
      'pub with MQTT 5 is refused with 133',
      'pub with MQTT 5 is refused with 134',
      'pub with MQTT 5 is refused with 135',
      'pub with MQTT 5 is refused with 136',
      'pub with MQTT 5 is refused with 138',
      'pub with MQTT 5 is refused with 140',
      'pub with MQTT 5 is refused with 149',
      'pub with MQTT 5 is refused with 151',
      'pub with MQTT 5 is refused with 154',
      'pub with MQTT 5 is refused with 157',
      'pub with MQTT 5 is refused with words',
      'rr with MQTT 3.1.1 is refused with 1',
      'rr with MQTT 3.1.1 is refused with 2',
      'rr with MQTT 3.1.1 is refused with 255',
      'rr with MQTT 3.1.1 is refused with 3',
      'rr with MQTT 3.1.1 is refused with 4',
      'rr with MQTT 3.1.1 is refused with 5',
      'rr with MQTT 3.1.1 is refused with 6',
      'rr with MQTT 5 is refused with 132',
      'rr with MQTT 5 is refused with 135',
      'rr with MQTT 5 is refused with words',
      'sub -V 311 with a wrong password',
      'sub -V 5 with a wrong password',
      'sub with MQTT 3.1.1 is refused with 2',
      'sub with MQTT 3.1.1 is refused with 5',
      'sub with MQTT 5 is refused with 132',
      'sub with MQTT 5 is refused with 135',
      'sub with MQTT 5 is refused with words',
    ),
    whose: 'tools',
    reason: 'The original sends DISCONNECT, or says so, to a broker that has refused it; MQTT forbids that.',
  },
  {
    cases: named(
      'rr -A connects from that address',
      'rr -V 31',
      'rr -V 311',
      'rr -V 5',
      'rr -d without an id',
      'rr -q 0 sends with that QoS',
      'rr -q 1 sends with that QoS',
      'rr -q 2 sends with that QoS',
      'rr says that its subscription was refused',
    ),
    whose: 'tools',
    reason: 'rr says goodbye with DISCONNECT; the original just closes, so that its will is published.',
  },
  {
    cases: named(
      'pub -l ends on SIGINT',
      'pub -l ends on SIGTERM',
      'rr ends on SIGINT',
      'rr ends on SIGTERM',
    ),
    whose: 'tools',
    reason: 'The original dies with what it had not written yet; we write each line of -d when it happens.',
  },
  {
    cases: named(
      'sub --remove-retained --retained-only removes all and goes on',
      'sub --remove-retained -T keeps what it leaves out',
      'sub --remove-retained removes what it prints, and goes on in spite of -C',
    ),
    whose: 'tools',
    reason: 'With --remove-retained the original sends DISCONNECT and then runs on for ever; ours ends.',
  },
  {
    cases: named('pub --proxy decodes %25, %3A and %40', 'pub --proxy with a user alone'),
    whose: 'tools',
    reason: 'The original crashes or mixes %40 up in the URL of a proxy.',
  },
  {
    cases: named(
      'pub --proxy says that the password is wrong',
      'pub --proxy says that the proxy cannot connect',
      'pub --proxy says that the proxy wants a user',
    ),
    whose: 'tools',
    reason: 'The same words and exit code, and what the proxy said behind them.',
  },
  {
    cases: named(
      'pub -D topic-alias with --repeat',
      'pub -D topic-alias with -l leaves the topic out after the first',
    ),
    whose: 'tools',
    reason:
      'The topic goes with its alias in every message, so that one that is sent again on another connection is understood.',
  },
  {
    cases: named(
      'a file of more than 1024 bytes in a line',
      'pub is given -f {dir}',
      'rr does not know -S, for which it was built without a resolver',
      'rr is given -f /dev/null',
      "rr is given -h ''",
    ),
    whose: 'tools',
    reason:
      'We read what the original cannot: /dev/null as a message, an empty host, long lines in a file of options, -S; and say what is wrong with a folder.',
  },
  {
    cases: named('sub -E is refused its subscription'),
    whose: 'tools',
    reason: 'The original asks for the end twice.',
  },
  {
    cases: named('pub -V 5 more than the broker takes'),
    whose: 'tools',
    reason: 'The original does not say why: that the broker takes no packet of that size.',
  },
  {
    cases: named(
      'pub -q 2 gets an answer for another message',
      'sub gets a PUBLISH of QoS 3',
      'sub gets a packet that is malformed',
      'pub -p 8883 --no-tls is not',
    ),
    whose: 'tools',
    reason: '-d shows no packet that cannot be read, and no warning of an answer to nothing.',
  },
  {
    cases: named('rr --cafile of another authority says so'),
    whose: 'tools',
    reason:
      'The original says why TLS has failed with -d only; without it we say so behind "Error: Protocol error".',
  },
  {
    cases: named('pub without --cert where one is wanted'),
    whose: 'tools',
    reason:
      'With TLS 1.3 the refusal comes after the handshake; our CONNECT is mostly thrown back before we have read why.',
    unsteady: true,
  },
  {
    cases: named('sub --proxy with TLS', 'sub --ws with TLS', 'sub -p 8883 trusts the system by itself'),
    whose: 'tools',
    reason:
      'The original goes on with a secure connection after its DISCONNECT, and exits with 4; ours ends with 0.',
  },
  {
    cases: named('sub --ws with TLS'),
    whose: 'broker',
    reason:
      "What Mosquitto's tool meets after its DISCONNECT: bytes that are not TLS from Mosquitto, the end of the connection from us.",
  },
  {
    cases: named('pub -p 8883 --no-tls is not'),
    whose: 'broker',
    reason: 'Mosquitto answers what is not TLS with an alert of TLS, which is no packet; we hang up.',
  },
  {
    cases: named('pub -d ends as ever when nobody reads its output'),
    whose: 'tools',
    reason:
      'The original dies with what it had not written yet; how much of ours comes before the reader goes is chance.',
    unsteady: true,
  },
];
