// -D: each property of each packet, as the bytes that a broker sees.
import { gets, one, sends, type ToolCase } from '../case.js';

const ofConnect = [
  'authentication-method SCRAM',
  'authentication-data secret',
  'maximum-packet-size 1000',
  'receive-maximum 10',
  'request-problem-information 0',
  'request-response-information 1',
  'session-expiry-interval 60',
  'topic-alias-maximum 5',
  'user-property name value',
];

const ofMessage = [
  'content-type text/plain',
  'correlation-data 1234',
  'message-expiry-interval 60',
  'payload-format-indicator 1',
  'response-topic answers/here',
  'user-property name value',
];

const ofDisconnect = ['session-expiry-interval 30', 'user-property name value'];

function pub(property: string, more = ''): ToolCase {
  return one(`pub -D ${property}`, `pub -p {peer} -t {t} -m a -i {t} -D ${property}${more}`, { wire: true });
}

function sub(property: string, more = ''): ToolCase {
  return one(`sub -D ${property}`, `sub -p {peer} -t {t} -E -i {t} -D ${property}${more}`, { wire: true });
}

export const properties: readonly ToolCase[] = [
  ...ofConnect.map((property, at) => (at % 2 ? pub : sub)(`connect ${property}`)),
  ...ofMessage.map((property) => pub(`publish ${property}`)),
  pub('publish topic-alias 3'),
  ...[...ofMessage, 'will-delay-interval 5'].map((property, at) =>
    (at % 2 ? pub : sub)(`will ${property}`, ' --will-topic w'),
  ),
  pub('will user-property a b'),
  ...ofDisconnect.map((property) => pub(`disconnect ${property}`, ' -x 60')),
  ...ofDisconnect.map((property) => sub(`disconnect ${property}`, ' -x 60')),
  sub('subscribe user-property name value'),
  sub('subscribe subscription-identifier 5'),
  sub('subscribe subscription-identifier 268435456'),
  sub('subscribe subscription-identifier 0'),
  sub('unsubscribe user-property name value', ' -U {t}/b'),
  sub('publish user-property a b'),
  pub('subscribe user-property a b'),
  pub('PUBLISH content-type a'),
  pub('Publish Content-Type a'),
  pub('publish payload-format-indicator 2'),
  pub('publish message-expiry-interval x'),
  pub('publish message-expiry-interval 4294967295'),
  pub('publish topic-alias 0'),
  pub('publish response-topic a/+'),
  pub('publish content-type é日'),
  pub("publish content-type ''"),
  pub("publish user-property '' ''"),
  pub('connect receive-maximum 0'),
  one(
    'pub -D several times',
    'pub -p {peer} -t {t} -m a -i {t} -D publish user-property a 1 -D publish user-property a 2 -D publish content-type c',
    {
      wire: true,
    },
  ),
  one(
    'pub -D the same property twice',
    'pub -p {peer} -t {t} -m a -i {t} -D publish content-type a -D publish content-type b',
    {
      wire: true,
    },
  ),
  one(
    'pub --property is the long name',
    'pub -p {peer} -t {t} -m a -i {t} --property publish content-type a',
    { wire: true },
  ),
  one(
    'pub -D with -V 311 is MQTT 5 all the same',
    'pub -p {peer} -t {t} -m a -i {t} -V 311 -D publish content-type a',
    {
      wire: true,
    },
  ),
  one('pub -V 311 after -D', 'pub -p {peer} -t {t} -m a -i {t} -D publish content-type a -V 311', {
    wire: true,
  }),
  one(
    'pub -D session-expiry-interval and -x',
    'pub -p {peer} -t {t} -m a -i {t} -D connect session-expiry-interval 10 -x 20',
    {
      wire: true,
    },
  ),
  one(
    'pub -D topic-alias with --repeat',
    'pub -p {port} -t {t} -m a -i {t} -D publish topic-alias 1 --repeat 2 -d',
  ),
  one(
    'pub -D topic-alias with -l leaves the topic out after the first',
    'pub -p {peer} -t {t} -l -i {t} -D publish topic-alias 1 -d',
    {
      input: 'a\nb\n',
      wire: true,
      peer: { CONNECT: '20 06 00 00 03 22 00 05' },
    },
  ),
  one(
    'pub -D topic-alias larger than the broker allows',
    'pub -p {port} -t {t} -m a -i {t} -D publish topic-alias 1000 -d -q 1',
  ),
  sends(
    'pub -D all properties of a message reach a subscriber',
    `pub -p {port} -t {t} -m a -q 1 ${ofMessage.map((property) => `-D publish ${property}`).join(' ')}`,
  ),
  gets(
    'sub -D connect topic-alias-maximum gets aliases',
    "sub -p {port} -t {t} -C 2 -D connect topic-alias-maximum 5 -F '%A %t %p'",
    ['a', 'b'],
  ),
  one(
    'pub -D connect authentication-method is refused',
    'pub -p {port} -t {t} -m a -i {t} -D connect authentication-method nonsense -d',
  ),
  one(
    'rr -D connect and publish',
    'rr -p {peer} -t {t} -e {t}/a -m a -i {t} -W 2 -D connect user-property a b -D publish user-property c d',
    {
      wire: true,
    },
  ),
  one(
    'rr -D subscribe and disconnect',
    'rr -p {peer} -t {t} -e {t}/a -m a -i {t} -W 2 -D subscribe user-property a b -D disconnect user-property c d',
    {
      wire: true,
    },
  ),
];
