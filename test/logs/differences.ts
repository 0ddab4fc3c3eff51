// Where our log differs from Mosquitto's, and why. A difference that is not listed here is an error, and so is an
// entry that no longer holds.
import type { LogDifference } from './compare-logs.js';

/** Exactly these cases. */
function named(...names: string[]): RegExp {
  return new RegExp(`^(?:${names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')})$`);
}

/** What we do otherwise on purpose. */
const intended: readonly LogDifference[] = [
  {
    cases:
      / (?:is|are) wrong$|^CONNECT ends|^a client sends CONNECT twice|^the first packet|sends what only|^clients without an id are refused|^there are too many clients|^only MQTT 5|^the keep alive is limited|enhanced authentication$|^DISCONNECT has|are too large$|is not used as its listener|receive maximum$/,
    mosquitto:
      /Protocol error from |\(null\) sent CONNECT|Invalid .* disconnecting\.$|Empty .* disconnecting\.$|Too high QoS|Bad client/,
    ours: /Protocol error from /,
    reason:
      'Who breaks the protocol is told of in one line that says how, in our own words, for every mistake.',
  },
  {
    cases:
      /^only lines of the type (?:error|information)$|^all types$|^the types that are logged by default$|^-v logs|^without connection|^a file|^log_dest none and then|^topics$/,
    mosquitto:
      /Protocol error from carl: password without username|Invalid QoS in PUBLISH from (?:bert|other), disconnecting/,
    ours: /Protocol error from (?:127\.0\.0\.1:\{c\}: password without|(?:bert|other): flags)/,
    reason: 'The same in the session of the log options; none of these mistakes is an error of the broker.',
  },
  {
    cases:
      /^only lines of the type notice$|^all types$|^the types that are logged|^-v logs|^a file$|^log_dest none and then/,
    mosquitto: /127\.0\.0\.1:\{c\}\] disconnected: protocol error/,
    ours: /127\.0\.0\.1:\{c\}\] disconnected: malformed packet/,
    reason: 'A password without a user name is a malformed packet, as MQTT 3.1.1 forbids the flags.',
  },
  {
    cases: /^CONNECT ends too|^the flags of CONNECT/,
    mosquitto: /\{c\d\}\] disconnected: protocol error/,
    ours: /\{c\d\}\] disconnected: malformed packet/,
    reason: 'A CONNECT that cannot be read is malformed.',
  },
  {
    cases: named('the first packet is no CONNECT'),
    mosquitto: /\{c[34]\}\] disconnected: protocol error/,
    ours: /\{c[34]\}\] disconnected: malformed packet/,
    reason: 'What is not MQTT at all is malformed.',
  },
  {
    cases: named('the protocol of CONNECT is wrong'),
    mosquitto: /\{c[2-5]\}\] disconnected: protocol error/,
    ours: /\{c[23]\}\] disconnected: used disallowed feature|\{c[45]\}\] disconnected: malformed packet/,
    reason: 'A version that does not go with its protocol name is one that is not supported.',
  },
  {
    cases: named('the properties of CONNECT are wrong'),
    mosquitto: /Sending CONNACK to 127\.0\.0\.1 \(0, 130\)|\{c3\}\] disconnected: protocol error/,
    ours: /Sending CONNACK to 127\.0\.0\.1 \(0, 129\)|\{c3\}\] disconnected: malformed packet/,
    reason: 'A property that does not belong to its packet makes it malformed.',
  },
  {
    cases: named('the will or the client id of CONNECT is wrong'),
    mosquitto:
      /Sending CONNACK to 127\.0\.0\.1 \(0, 133\)|disconnected: (?:client identifier not valid|bad socket read\/write: Invalid input)/,
    ours: /Sending CONNACK to 127\.0\.0\.1 \(0, 129\)|disconnected: malformed packet/,
    reason: 'A string that is not UTF-8, and a topic name with wildcards, make the packet malformed.',
  },
  {
    cases: named('PUBLISH is wrong'),
    mosquitto: /\{c3\}\] disconnected: malformed packet|\{d3\}\] disconnected: protocol error/,
    ours: /\{c3\}\] disconnected: protocol error|\{d3\}\] disconnected: topic alias invalid/,
    reason: 'The reasons of MQTT 5: an empty topic is a protocol error, topic alias 0 an invalid alias.',
  },
  {
    cases: /^(?:UN)?SUBSCRIBE is wrong$/,
    mosquitto: /\{(?:c[345]|d3)\}\] disconnected: malformed packet/,
    ours: /\{(?:c[345]|d3)\}\] disconnected: protocol error/,
    reason: 'No filters, QoS 3 and subscription identifier 0 are protocol errors in MQTT 5.',
  },
  {
    cases: named('clients without an id are refused'),
    mosquitto: /Sending CONNACK to 127\.0\.0\.1 \(0, 128\)|disconnected: protocol error/,
    ours: /Sending CONNACK to 127\.0\.0\.1 \(0, 133\)|disconnected: client identifier not valid/,
    reason: 'MQTT has a reason code for a client id that is not taken.',
  },
  {
    cases: / (?:is|are) wrong$|^the first packet|enhanced authentication$|^DISCONNECT has/,
    ours: /Received (?:PUBACK|PUBREC|PUBREL|PUBCOMP|PINGREQ|DISCONNECT|AUTH) from /,
    reason: 'A packet is shown before its content is checked.',
  },
  {
    cases: named(
      'a client asks for enhanced authentication',
      'only MQTT 5 is allowed',
      'client ids must begin with a prefix',
    ),
    mosquitto: /Sending CONNACK to 127\.0\.0\.1|Client 127\.0\.0\.1 \[/,
    ours: /Sending CONNACK to (?:one|no5?) |Client (?:one|no5?) \[/,
    reason: 'The client id is known by then, and says more than the address.',
  },
  {
    cases: named('the keep alive is limited'),
    mosquitto: /as (?:one|four) |No will message|Client (?:one|four) .* disconnected: bad socket/,
    ours: /Client (?:one|four) .* disconnected: client identifier not valid/,
    reason: 'A client that is refused was not connected; it was refused with the code for its identifier.',
  },
  {
    cases: named('there are too many connections'),
    ours: /127\.0\.0\.1:\{b\}|Sending CONNACK to two \(0, 3\)/,
    reason: 'Who is one too many learns it from CONNACK instead of being dropped.',
  },
  {
    cases: named('there are too many clients'),
    mosquitto: /Sending CONNACK to three|Client (?:two|three) .* disconnected: bad socket/,
    ours: /Sending CONNACK to (?:two|three) |Client (?:two|three) .* disconnected: quota exceeded/,
    reason: 'Every client that is one too many learns it from CONNACK.',
  },
  {
    cases: named('a connection is not used as its listener says'),
    mosquitto: /disconnected: bad socket read\/write: /,
    ours: /disconnected: used disallowed feature/,
    reason: 'Mosquitto has this text for it, and uses it only for wills.',
  },
  {
    cases: named('a client sends more than the receive maximum'),
    mosquitto: /has exceeded its receive-maximum quota|Sending PUBREC to five \(m2, rc151\)/,
    ours: /disconnected: receive maximum exceeded/,
    reason: 'MQTT 5 wants the connection closed with that reason.',
  },
  {
    cases: named('messages are dropped for a client that does not acknowledge'),
    mosquitto: /Outgoing messages are being dropped/,
    ours: /Outgoing messages are being dropped/,
    reason: 'One message waits if one may wait; Mosquitto adds those that may be on their way.',
  },
  {
    cases: /^a session is resumed|^messages are dropped for a client that is offline$/,
    mosquitto: /disconnected: session taken over/,
    reason: 'Mosquitto also writes this when a client comes back that had disconnected long before.',
  },
  {
    cases: named('a session is taken over and its will is sent'),
    mosquitto: /Sending PUBLISH to watcher/,
    ours: /Sending PUBLISH to watcher/,
    reason: 'A will is sent after the end of its connection was told of, whatever the reason.',
  },
  {
    cases: named(
      'messages of all QoS with MQTT 3.1.1',
      'messages of all QoS with MQTT 5',
      'a message goes to two clients with the QoS of each',
    ),
    mosquitto: /Sending PUBLISH to /,
    ours: /Sending PUBLISH to /,
    reason: 'A message of QoS 2 is delivered when it comes, not when it is released.',
  },
  {
    cases: named('topics'),
    mosquitto: /Sending PUBLISH to watcher/,
    ours: /Sending PUBLISH to watcher/,
    reason: 'A line is published when what it tells of is over, and the last one not any more.',
  },
  {
    cases: /^-q /,
    mosquitto: /Info: running/,
    reason: '-q is quiet from the start.',
  },
  {
    cases: /^a file that cannot be opened$/,
    mosquitto: /Unable to open log file/,
    ours: /Unable to open log file \{dir\}\/missing\/log\.txt for writing\. \(ENOENT\)/,
    reason: 'It says why.',
  },
  {
    cases: named('an option is unknown'),
    mosquitto: /Unknown configuration variable/,
    ours: /Unknown configuration variable 'log_tpye'\. Did you mean 'log_type'\?/,
    reason: 'It says which option may be meant.',
  },
  {
    cases: /^the password file (?:is missing|has a)/,
    mosquitto: /password-file: Error: .*["']\{dir\}\/passwords["']\.$/,
    ours: /password-file: Error: .*["']\{dir\}\/passwords["']\. \S/,
    reason: 'It says in which line, why, and what to do.',
  },
  {
    cases: /^the ACL file (?:is missing|has)/,
    mosquitto: /Error: .*["']\{dir\}\/rights["'](?:: bogus)?\.$|Error opening acl file/,
    ours: /Error: .*["']\{dir\}\/rights["'](?:: bogus)?\. \S/,
    reason: 'One line says in which line of the file, why, and what to do.',
  },
  {
    cases: named('everybody may read the password file'),
    mosquitto: /^$|To fix this/,
    ours: /To fix this/,
    reason: 'There is no empty line behind it, and a time before every line.',
  },
  {
    cases: /^clients (?:come with TLS|must have a certificate)/,
    mosquitto:
      /New connection from 127\.0\.0\.1:\{(?:plain|none|nobody)\}|OpenSSL Error while trying|disconnected: Protocol error/,
    ours: /TLS handshake failed: /,
    reason:
      'A handshake that fails is told of in one line; a client counts as connected when it has made its handshake.',
  },
  {
    cases: named('the key does not belong to the certificate'),
    mosquitto: /Opening ipv4 listen socket on port \{second\}/,
    reason: 'Files are read before the port is opened.',
  },
  {
    cases: /^the certificate of the broker is missing/,
    mosquitto: /Opening ipv4 listen socket on port \{second\}|OpenSSL Error \[\d\]: /,
    ours: /missing\.crt: ENOENT/,
    reason:
      'Files are read before the port is opened, and what the system said is told instead of what OpenSSL made of it.',
  },
  {
    cases: /^a packet identifier is used for something/,
    mosquitto: /Reused message ID/,
    reason: 'A QoS 2 message whose identifier was not released is the same message, whatever is in it.',
  },
  {
    cases: named('users may not do everything'),
    ours: /Denied publish by client/,
    reason: 'A denial is told of without log_type debug too.',
  },
  {
    cases: /^messages and packets are too large/,
    mosquitto: /Sending PUBACK to two \(m1, rc149\)/,
    ours: /Sending PUBACK to two \(m1, rc151\)/,
    reason: '149 is no reason code of PUBACK (MQTT 5 section 3.4.2.1).',
  },
  {
    cases: named('the key does not belong to the certificate'),
    mosquitto: /Unable to load server key file|OpenSSL Error \[0\]: /,
    ours: /Unable to load server certificate .* Check certfile and keyfile|OpenSSL Error: /,
    reason: 'Either of the two files may be the wrong one.',
  },
  {
    cases: named('the configuration is wrong after log_timestamp false'),
    mosquitto: /^(?!\{time\})/,
    ours: /^\{time\}: /,
    reason: 'Nothing of a configuration that is wrong holds.',
  },
  {
    cases: named('the port is in use'),
    ours: /127\.0\.0\.1:\{taken\} is in use by another program/,
    reason: 'It says which port, and what to do.',
  },
  {
    cases: /only this machine/,
    ours: /These two lines in a configuration file open it to everybody/,
    reason: 'It says how.',
  },
  {
    cases: /^SIGHUP /,
    mosquitto: /Plugin builtin-security/,
    ours: /Reloaded config\.|The configuration was not reloaded; what held before still holds/,
    reason: 'How a reload ended is told; the built-in checks stay registered.',
  },
  {
    cases: /^SIGUSR1 |^sessions and retained messages/,
    ours: /There is nothing to save: persistence is off/,
    reason: 'Who asked for it learns that nothing happened.',
  },
  {
    cases: /^SIGUSR2 /,
    mosquitto: /^ /,
    ours: /^ |^Sessions:$|^Subscriptions:$/,
    reason: 'The tree is printed with the sessions, without empty roots, and with shared subscriptions.',
  },
];

/** What comes of features that Pondhawk does not have. */
const features: readonly LogDifference[] = [
  {
    mosquitto: /(?:Bridge|Persistence) support available/,
    ours: /(?:Bridge|Persistence) support NOT available/,
    reason: 'Bridges and persistence are not there.',
  },
  {
    cases: /^sessions and retained messages|database/,
    mosquitto:
      /Saving in-memory database|Error saving|Restored \d|Persistence file|persistent database|open database|\(null\):0|Sending CONNACK to keeper|Sending PUBLISH to keeper/,
    ours: /The 'persistence(?:_location)?' option has no effect|Sending CONNACK to keeper|starting$|Config loaded|Opening|support|running$/,
    exit: true,
    reason: 'There is no database.',
  },
];

export const differences: readonly LogDifference[] = [...intended, ...features];
