// What clients see of plugins that refuse them something, and AUTH, whose methods come from plugins.
import type { BrokerOptions, Plugin } from '../../../src/index.js';
import { packet, props, str, user } from '../bytes.js';
import { CONNACK, connect, LIMITS, type Version } from '../openings.js';
import { closed, nothing, receive, type Step, send, type WireCase } from '../steps.js';

const decoder = new TextDecoder();

/** Knows user 'ada' with password 'secret', bans 'eve', and authorizes nothing below 'no/'. */
const doorkeeper: Plugin = {
  name: 'doorkeeper',
  authenticate: (_client, { username, password }) => {
    if (username === 'eve') return 0x8a;
    if (username === undefined) return true;
    return username === 'ada' && password !== undefined && decoder.decode(password) === 'secret'
      ? true
      : 0x86;
  },
  authorize: (_client, { topic }) => !topic.startsWith('no/'),
};

/** Authentication in two steps: any data, the challenge 'who', the answer 'me'. */
const challenger: Plugin = {
  name: 'challenger',
  authenticationMethods: {
    ASK: () => {
      let asked = false;
      return {
        next: (data) => {
          if (!asked) {
            asked = true;
            return { done: false, data: new TextEncoder().encode('who') };
          }
          if (data === undefined || decoder.decode(data) !== 'me') throw new Error('somebody else');
          return { done: true, data: new TextEncoder().encode('hello') };
        },
      };
    },
  },
};

function guarded(name: string, plugin: Plugin, steps: Step[], options: BrokerOptions = {}): WireCase {
  return { name, steps, options: { reasonStrings: false, plugins: [plugin], ...options } };
}

const door = (name: string, ...steps: (Step | Step[])[]) => guarded(name, doorkeeper, steps.flat());
const withUser = (version: Version, flags: string, rest: string) => connect(version, { flags, rest });
const ada = `${str('ada')} ${str('secret')}`;
const CONNACK5 = packet('20', '00 00', props(LIMITS));

const authentication: WireCase[] = [
  door('a user name and its password', send(withUser(4, 'c2', ada)), receive(CONNACK), nothing()),
  door('a user name and its password in 5', send(withUser(5, 'c2', ada)), receive(CONNACK5), nothing()),
  ...([3, 4] as const).flatMap((version) => [
    door(
      `[MQTT3-3.2.2-5] [MQTT3-3.1.4-5] a wrong password in version ${version}, and what follows is not looked at`,
      send(withUser(version, 'c2', `${str('ada')} ${str('wrong')}`), 'c0 00'),
      receive('20 02 00 04'),
      closed(),
    ),
    door(
      `a banned client in version ${version}`,
      send(withUser(version, '82', str('eve'))),
      receive('20 02 00 05'),
      closed(),
    ),
  ]),
  door(
    '[MQTT-3.1.4-2] [MQTT-3.1.4-6] [MQTT-3.2.2-6] a wrong password in 5, and what follows is not looked at',
    send(withUser(5, 'c2', `${str('ada')} ${str('wrong')}`), 'c0 00'),
    receive('20 03 00 86 00'),
    closed(),
  ),
  door('a banned client in 5', send(withUser(5, '82', str('eve'))), receive('20 03 00 8a 00'), closed()),
];

const opened = (version: Version) => [send(connect(version)), receive(version === 5 ? CONNACK5 : CONNACK)];

const authorization: WireCase[] = [
  door(
    '[MQTT3-3.8.4-5] a denied filter among others in 3.1.1',
    opened(4),
    send(packet('82', '00 01', str('yes/a'), '01', str('no/a'), '01', str('yes/b'), '02')),
    receive('90 05 00 01 01 80 02'),
    nothing(),
  ),
  door(
    'a denied filter in 3.1, which has no code for it',
    opened(3),
    send(packet('82', '00 01', str('no/a'), '01')),
    receive('90 03 00 01 01'),
    send(packet('30', str('no/a'))),
    nothing(),
  ),
  door(
    '[MQTT-3.8.4-7] [MQTT-3.9.3-2] a denied filter among others in 5',
    opened(5),
    send(packet('82', '00 01 00', str('yes/a'), '01', str('no/a'), '01', str('yes/b'), '02')),
    receive('90 06 00 01 00 01 87 02'),
    nothing(),
  ),
  ...([3, 4] as const).map((version) =>
    door(
      `[MQTT3-3.3.5-2] a denied message is acknowledged as usual in version ${version}`,
      opened(version),
      send(packet('30', str('no/a')), packet('32', str('no/a'), '00 01'), packet('34', str('no/a'), '00 02')),
      receive('40 02 00 01', '50 02 00 02'),
      send('62 02 00 02'),
      receive('70 02 00 02'),
      nothing(),
    ),
  ),
  door(
    '[MQTT-3.4.2-1] [MQTT-3.5.2-1] a denied message in 5',
    opened(5),
    send(
      packet('30', str('no/a'), '00'),
      packet('32', str('no/a'), '00 01 00'),
      packet('34', str('no/a'), '00 02 00'),
    ),
    receive('40 03 00 01 87', '50 03 00 02 87'),
    nothing(),
  ),
];

const asks = (flags = '02') => connect(5, { flags, properties: `15 ${str('ASK')} 16 ${str('hi')}` });
const auth = (reason: string, ...properties: string[]) => packet('f0', reason, props(...properties));
const WHO = auth('18', '15', str('ASK'), '16', str('who'));
const ME = auth('18', '15', str('ASK'), '16', str('me'));
const welcome = packet(
  '20',
  '00 00',
  props('22 00 0a 15', str('ASK'), '16', str('hello'), '27 00 1e 84 80 21 00 14'),
);

const challenge = (name: string, ...steps: (Step | Step[])[]) => guarded(name, challenger, steps.flat());
const authenticated = [send(asks()), receive(WHO), send(ME), receive(welcome)];

const enhanced: WireCase[] = [
  challenge(
    '[MQTT-4.12.0-2] [MQTT-4.12.0-5] [MQTT-3.2.0-1] a challenge and its answer',
    authenticated,
    nothing(),
  ),
  guarded(
    '[MQTT-3.15.2-2] [MQTT-3.15.2-3] [MQTT-3.2.2-19] AUTH and CONNACK that just fit have no reason string',
    challenger,
    [
      send(connect(5, { properties: `15 ${str('ASK')} 27 00 00 00 1e` })),
      receive(WHO),
      send(ME),
      receive(welcome),
      ...nothing(),
    ],
    { reasonStrings: true },
  ),
  challenge(
    'properties of AUTH may include user properties',
    send(asks()),
    receive(WHO),
    send(auth('18', '16', str('me'), user('a', 'b'), '15', str('ASK'), user('a', 'b'))),
    receive(welcome),
    nothing(),
  ),
  challenge(
    '[MQTT-4.12.0-4] a wrong answer',
    send(asks()),
    receive(WHO),
    send(auth('18', '15', str('ASK'), '16', str('you'))),
    receive('20 03 00 87 00'),
    closed(),
  ),
  challenge(
    '[MQTT-4.12.0-1] another method than those that there are',
    send(connect(5, { properties: `15 ${str('ask')}` })),
    receive('20 03 00 8c 00'),
    closed(),
  ),
  challenge(
    '[MQTT-4.12.0-5] another method in AUTH than in CONNECT',
    send(asks()),
    receive(WHO),
    send(auth('18', '15', str('TELL'), '16', str('me'))),
    receive('20 03 00 8c 00'),
    closed(),
  ),
  challenge('[MQTT-4.12.0-6] without a method in CONNECT there is none in CONNACK', opened(5), nothing()),
  challenge(
    '[MQTT-3.1.2-30] another packet while authenticating',
    send(asks()),
    receive(WHO),
    send('c0 00'),
    receive('20 03 00 82 00'),
    closed(),
  ),
  challenge('giving up while authenticating', send(asks()), receive(WHO), send('e0 00'), closed()),
  challenge(
    're-authentication on a live connection',
    authenticated,
    send(auth('19', '15', str('ASK'), '16', str('hi'))),
    receive(WHO),
    nothing(),
    send(ME),
    receive(auth('00', '15', str('ASK'), '16', str('hello'))),
    nothing(),
  ),
  challenge(
    '[MQTT-4.12.1-2] a failed re-authentication',
    authenticated,
    send(auth('19', '15', str('ASK'))),
    receive(WHO),
    send(auth('18', '15', str('ASK'), '16', str('you'))),
    receive('e0 01 87'),
    closed(),
  ),
  challenge(
    '[MQTT-4.12.1-1] re-authentication by another method',
    authenticated,
    send(auth('19', '15', str('TELL'))),
    receive('e0 01 8c'),
    closed(),
  ),
  challenge('AUTH 0x18 when nobody asked for more', authenticated, send(ME), receive('e0 01 82'), closed()),
  ...['00', '01', '80'].map((reason) =>
    challenge(
      `[MQTT-3.15.2-1] AUTH with reason code ${reason} from a client`,
      authenticated,
      send(auth(reason, '15', str('ASK'))),
      receive('e0 01 82'),
      closed(),
    ),
  ),
  challenge(
    '[MQTT-3.15.1-1] flags that AUTH may not have',
    authenticated,
    send('f1 00'),
    receive('e0 01 81'),
    closed(),
  ),
  challenge(
    '[MQTT-4.13.1-1] AUTH with a property that may not stand in it',
    authenticated,
    send(auth('19', '15', str('ASK'), '21 00 01')),
    receive('e0 01 81'),
    closed(),
  ),
  challenge(
    '[MQTT-4.13.1-1] AUTH with its method twice',
    authenticated,
    send(auth('19', '15', str('ASK'), '15', str('ASK'))),
    receive('e0 01 82'),
    closed(),
  ),
];

export const pluginCases: readonly WireCase[] = [...authentication, ...authorization, ...enhanced];
