// Where the wire cases expect something else than Mosquitto 2.1.2 does, and why. oracle.check.ts holds them
// against it: a disagreement that is not listed here is an error, and so is an entry that no longer holds.

export interface Difference {
  /** Matches the names of the cases. */
  cases: RegExp;
  /** One sentence. */
  reason: string;
  /** Now and then there is no difference. */
  unsteady?: true;
}

const tags = String.raw`^(\[MQTT3?-[\d.-]+\] )*`;

/** Matches names that begin with one of these texts, after their tags. */
function named(...beginnings: string[]): RegExp {
  return new RegExp(`${tags}(${beginnings.join('|')})`);
}

const properties = 'content type|response topic|authentication method';

export const differences: readonly Difference[] = [
  // Mosquitto closes without a word where MQTT 5 lets (CONNACK) or wants (DISCONNECT) the client be told: 4.13.1
  {
    cases: named(
      'the reserved connect flag$',
      'will QoS 3$',
      'will QoS [12] without a will$',
      'will retain without a will$',
      'a user name flag without a user name$',
      'a password flag without a password$',
      'a CONNECT that ends within its keep alive$',
      'a CONNECT that ends after its level$',
      'a CONNECT without a client id$',
      'a client id longer than the packet$',
      'the will topic [+#a/]+b?$',
      '(a user name|a will topic|the (name|value) of a user property( of CONNECT)?) with (?!.*in 3.1.1)',
    ),
    reason: 'A refused CONNECT of MQTT 5 gets CONNACK with a reason code; Mosquitto closes without one.',
  },
  {
    cases: named(
      `(a|an) (${properties}|reason string of (PUBACK|DISCONNECT)|user property of (UN)?SUBSCRIBE) with `,
    ),
    reason: 'A string that is not UTF-8 is a malformed packet, 0x81; Mosquitto closes without saying so.',
  },
  {
    cases: named(
      'user property cut off in (CONNECT|will|(UN)?SUBSCRIBE)$',
      '(content type|response topic) cut off in will$',
    ),
    reason:
      'A property that is cut off is a malformed packet, 0x81; Mosquitto reads on and closes without a word.',
  },
  {
    cases: named('a second CONNECT of 5$'),
    reason: 'A second CONNECT is a protocol error, 0x82; Mosquitto closes without saying so.',
  },
  {
    cases: named('silence ends a connection of 5 '),
    reason: 'The keep-alive of a client of MQTT 5 ends with 0x8D; Mosquitto closes without saying so.',
  },
  {
    cases: named(
      'a remaining length (of five bytes|with no end)$',
      'PINGREQ with a (payload|remaining length of five bytes)$',
    ),
    reason: 'These are malformed packets, 0x81; Mosquitto closes without saying so.',
  },

  // another reason code
  {
    cases: named('.* may not stand in (?!(UN)?SUBSCRIBE)'),
    reason:
      'A property that does not belong to its packet makes it malformed, 0x81 (2.2.2.2); Mosquitto says 0x82.',
  },
  {
    cases: named('a client id with (?!.*in 3.1.1)'),
    reason: 'A client id that is not UTF-8 is malformed, 0x81 (1.5.4); Mosquitto says 0x85.',
  },
  {
    cases: named('an empty topic without an alias$'),
    reason: 'That is a protocol error, 0x82 (3.3.2.1); Mosquitto says 0x81.',
  },
  {
    cases: named('topic alias 0'),
    reason: 'An alias outside of 1 to the maximum is 0x94 (3.3.2.3.4); Mosquitto says 0x82 for 0.',
  },
  {
    cases: named(
      'a maximum QoS of 3$',
      'retain handling 3$',
      '(UN)?SUBSCRIBE without filters$',
      'subscription identifier 0$',
    ),
    reason: 'These are protocol errors, 0x82 (3.8.2.1.2, 3.8.3, 3.8.3.1, 3.10.3); Mosquitto says 0x81.',
  },
  {
    cases: named(String.raw`subscribing to '\$share/(#|g\+)/a'$`),
    reason: 'Every bad share name is a protocol error, 0x82; Mosquitto says 0x81 to some of them.',
  },
  {
    cases: named('AUTH with first byte '),
    reason: 'Flags that AUTH may not have are malformed, 0x81 (3.15.1); Mosquitto says 0x82 to any AUTH.',
  },
  {
    cases: named('the 21st message of QoS 2 in flight '),
    reason:
      'More than the receive maximum ends the connection with 0x93 (3.3.4); Mosquitto refuses the message.',
  },

  // another outcome
  {
    cases: named(String.raw`(un)?subscribing (to|from) '\$share//a'`),
    reason: 'A share name has at least one character [MQTT-4.8.2-1]; Mosquitto takes an empty one.',
  },
  {
    cases: named('a Maximum Packet Size too small for the CONNACK '),
    reason:
      'Nothing larger than the client allows is sent [MQTT-3.1.2-24]; Mosquitto leaves the fixed header out.',
  },
  {
    cases: named('what is too large for the client is dropped '),
    reason:
      'Nothing larger than the client allows is sent [MQTT-3.1.2-24]; Mosquitto leaves the fixed header out.',
  },
  {
    cases: named('a PUBLISH that announces one byte more than the limit'),
    reason: 'The size of a packet includes its fixed header (3.2.2.3.6); Mosquitto leaves it out.',
  },
  {
    cases: named('DISCONNECT with reason code 0x80 sends the will$'),
    reason: 'Only DISCONNECT 0x00 deletes the will [MQTT-3.1.2-10]; for Mosquitto any code but 0x04 does.',
  },
  {
    cases: named('the end of the session sends the will ', 'a reconnect with clean start ends the session '),
    reason:
      'The will goes out when its session ends [MQTT-3.1.2-8]; Mosquitto waits for the delay or forgets it.',
  },
  {
    cases: named('a will waits for its delay$', 'a reconnect within the delay cancels the will$'),
    reason:
      'A will waits for its whole delay [MQTT-3.1.2-8]; Mosquitto counts whole seconds and may be early.',
    unsteady: true,
  },
  {
    cases: named('silence ends a connection of 3.1.1 '),
    reason:
      'A client may be silent for 1.5 times its keep-alive; Mosquitto counts whole seconds and may be early.',
    unsteady: true,
  },
];
