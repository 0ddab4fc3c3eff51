// PUBACK, PUBREC, PUBREL and PUBCOMP as clients send them: their format, unknown packet ids, and the exchanges
// of QoS 1 and 2 in which the broker is the sender. One table, since the four share one layout.
import { packet, props, str, user } from '../bytes.js';
import { accepts, after, CONNACK, closes, connect, disconnects } from '../openings.js';
import { closed, connection, nothing, receive, type Step, send, type WireCase } from '../steps.js';

interface Kind {
  name: string;
  first: string;
  /** The same packet type with flags that it may not have. */
  wrongFlags: string[];
  /** What an acknowledgement of packet id 9, of which nobody knows, is answered with. */
  answer: string;
  /** A reason code other than 0 that it may have, and codes that it may not. */
  failure: string;
  illegal: string[];
  answerToFailure: string;
  tag5: string;
}

const kinds: Kind[] = [
  {
    name: 'PUBACK',
    first: '40',
    wrongFlags: ['41', '42', '48'],
    answer: '',
    failure: '97',
    illegal: ['01', '77', '92'],
    answerToFailure: '',
    tag5: '[MQTT-3.4.2-1]',
  },
  {
    name: 'PUBREC',
    first: '50',
    wrongFlags: ['51', '52', '58'],
    answer: '62 02 00 09',
    failure: '97',
    illegal: ['01', '77', '92'],
    answerToFailure: '',
    tag5: '[MQTT-3.5.2-1]',
  },
  {
    name: 'PUBREL',
    first: '62',
    wrongFlags: ['60', '63', '6a'],
    answer: '70 02 00 09',
    failure: '92',
    illegal: ['01', '10', '97'],
    answerToFailure: '70 02 00 09',
    tag5: '[MQTT-3.6.2-1]',
  },
  {
    name: 'PUBCOMP',
    first: '70',
    wrongFlags: ['71', '72', '78'],
    answer: '',
    failure: '92',
    illegal: ['01', '10', '97'],
    answerToFailure: '',
    tag5: '[MQTT-3.7.2-1]',
  },
];

function format({
  name,
  first,
  wrongFlags,
  answer,
  failure,
  illegal,
  answerToFailure,
  tag5,
}: Kind): WireCase[] {
  const flagTag = name === 'PUBREL' ? '[MQTT-3.6.1-1]' : '[MQTT-2.1.3-1]';
  const flagTag4 = name === 'PUBREL' ? '[MQTT3-3.6.1-1]' : '[MQTT3-2.2.2-2]';
  const all = props('1f', str('why'), user('a', 'b'), user('a', 'b'));
  return [
    accepts(3, `${name} of an unknown packet id in 3.1`, `${first} 02 00 09`, answer),
    accepts(4, `${name} of an unknown packet id in 3.1.1`, `${first} 02 00 09`, answer),
    accepts(5, `${name} of an unknown packet id in 5`, `${first} 02 00 09`, answer),
    accepts(5, `${name} with reason code 0 and no properties`, `${first} 03 00 09 00`, answer),
    accepts(5, `${name} with an empty list of properties`, `${first} 04 00 09 00 00`, answer),
    accepts(5, `${name} with every property it may have`, packet(first, '00 09 00', all), answer),
    accepts(
      5,
      `${tag5} ${name} with reason code ${failure}`,
      `${first} 03 00 09 ${failure}`,
      answerToFailure,
    ),
    ...illegal.map((code) =>
      disconnects('82', `${tag5} ${name} with reason code ${code}`, `${first} 03 00 09 ${code}`),
    ),
    ...wrongFlags.flatMap((wrong) => [
      closes(4, `${flagTag4} ${name} with first byte ${wrong} in 3.1.1`, `${wrong} 02 00 09`),
      disconnects('81', `${flagTag} ${name} with first byte ${wrong}`, `${wrong} 02 00 09`),
    ]),
    closes(4, `${name} with packet id 0 in 3.1.1`, `${first} 02 00 00`),
    disconnects('82', `${name} with packet id 0`, `${first} 02 00 00`),
    closes(4, `[MQTT3-4.8.0-1] an empty ${name} in 3.1.1`, `${first} 00`),
    disconnects('81', `[MQTT-4.13.1-1] an empty ${name}`, `${first} 00`),
    closes(4, `[MQTT3-4.8.0-1] ${name} with half a packet id in 3.1.1`, `${first} 01 00`),
    disconnects('81', `[MQTT-4.13.1-1] ${name} with half a packet id`, `${first} 01 00`),
    closes(4, `[MQTT3-4.8.0-1] ${name} with a reason code in 3.1.1`, `${first} 03 00 09 00`),
    disconnects(
      '81',
      `[MQTT-4.13.1-1] ${name} with properties longer than the packet`,
      `${first} 04 00 09 00 05`,
    ),
    disconnects(
      '81',
      `[MQTT-4.13.1-1] ${name} with a byte after its properties`,
      `${first} 05 00 09 00 00 00`,
    ),
  ];
}

const publisher = connection('publisher');

/** The publisher, of 3.1.1, takes an exchange of QoS 1 or 2 to its end. */
function publishes(topic: string, qos: 1 | 2): Step[] {
  if (qos === 1)
    return [publisher.send(packet('32', str(topic), '00 08', "'m'")), publisher.receive('40 02 00 08')];
  return [
    publisher.send(packet('34', str(topic), '00 08', "'m'")),
    publisher.receive('50 02 00 08'),
    publisher.send('62 02 00 08'),
    publisher.receive('70 02 00 08'),
  ];
}

/** The broker has a message of this QoS for the client in flight, as packet id 1. */
function inFlight(qos: 1 | 2): Step[] {
  const topic = `flight/${qos}`;
  return [
    send(packet('82', '00 01 00', str(topic), `0${qos}`)),
    receive(`90 04 00 01 00 0${qos}`),
    publisher.send(connect(4, { clientId: 'publisher' })),
    publisher.receive(CONNACK),
    ...publishes(topic, qos),
    receive(packet(qos === 1 ? '32' : '34', str(topic), '00 01 00', "'m'")),
  ];
}

const exchanges: WireCase[] = [
  after(
    5,
    '[MQTT-4.3.2-2] [MQTT-4.3.2-1] the broker sends QoS 1 and takes PUBACK',
    inFlight(1),
    send('40 02 00 01'),
    nothing(),
  ),
  after(
    5,
    '[MQTT-4.3.3-2] [MQTT-4.3.3-4] the broker sends QoS 2 to its end',
    inFlight(2),
    send('50 02 00 01'),
    receive('62 02 00 01'),
    send('70 02 00 01'),
    nothing(),
  ),
  after(
    5,
    '[MQTT-4.4.0-2] a PUBREC of 0x80 or above ends the exchange',
    inFlight(2),
    send('50 03 00 01 97'),
    nothing(),
  ),
  after(5, 'a PUBACK of 0x80 or above ends the exchange', inFlight(1), send('40 03 00 01 97'), nothing()),
  after(
    5,
    '[MQTT-4.3.3-4] a repeated PUBREC is answered with PUBREL again',
    inFlight(2),
    [1, 2].flatMap(() => [send('50 02 00 01'), receive('62 02 00 01')]),
    send('70 02 00 01'),
    nothing(),
  ),
  after(5, 'PUBACK for a message of QoS 2', inFlight(2), send('40 02 00 01'), receive('e0 01 82'), closed()),
  after(5, 'PUBREC for a message of QoS 1', inFlight(1), send('50 02 00 01'), receive('e0 01 82'), closed()),
  after(5, 'PUBCOMP for a message of QoS 1', inFlight(1), send('70 02 00 01'), receive('e0 01 82'), closed()),
  after(5, 'PUBCOMP before PUBREC', inFlight(2), send('70 02 00 01'), receive('e0 01 82'), closed()),
  after(
    4,
    '[MQTT3-4.3.2-1] [MQTT3-4.3.3-1] [MQTT3-3.8.4-6] both QoS to their end in 3.1.1',
    send(packet('82', '00 01', str('flight/4/#'), '02')),
    receive('90 03 00 01 02'),
    publisher.send(connect(4, { clientId: 'publisher' })),
    publisher.receive(CONNACK),
    publishes('flight/4/a', 1),
    receive(packet('32', str('flight/4/a'), '00 01', "'m'")),
    send('40 02 00 01'),
    publishes('flight/4/b', 2),
    receive(packet('34', str('flight/4/b'), '00 02', "'m'")),
    send('50 02 00 02'),
    receive('62 02 00 02'),
    send('70 02 00 02'),
    nothing(),
  ),
];

export const acknowledgementCases: readonly WireCase[] = [...kinds.flatMap(format), ...exchanges];
