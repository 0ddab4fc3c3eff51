// Which properties -D takes, for which packet, and what Mosquitto's clients say about the others.
import { describe, expect, it } from 'vitest';
import {
  addProperty,
  newPropertyLists,
  type PropertyOwner,
  propertyProblem,
  toProperties,
} from './client-properties.js';

const NOT_ENOUGH = 'Error: --property argument given but not enough arguments specified.\n\n';

function add(...args: string[]): number | string {
  return addProperty(newPropertyLists(), args, 0);
}

function lists(...given: string[][]): ReturnType<typeof newPropertyLists> {
  const all = newPropertyLists();
  for (const args of given) expect(addProperty(all, args, 0)).toBe(args.length);
  return all;
}

const owners: Record<string, PropertyOwner[]> = {
  'payload-format-indicator': ['publish', 'will'],
  'message-expiry-interval': ['publish', 'will'],
  'content-type': ['publish', 'will'],
  'response-topic': ['publish', 'will'],
  'correlation-data': ['publish', 'will'],
  'subscription-identifier': ['subscribe'],
  'session-expiry-interval': ['connect', 'disconnect'],
  'authentication-method': ['connect'],
  'authentication-data': ['connect'],
  'request-problem-information': ['connect'],
  'request-response-information': ['connect'],
  'will-delay-interval': ['will'],
  'server-reference': ['disconnect'],
  'reason-string': ['disconnect', 'will'],
  'receive-maximum': ['connect'],
  'topic-alias-maximum': ['connect'],
  'topic-alias': ['publish'],
  'user-property': ['connect', 'publish', 'subscribe', 'unsubscribe', 'disconnect', 'will'],
  'maximum-packet-size': ['connect'],
  'assigned-client-identifier': [],
  'server-keep-alive': [],
  'response-information': [],
  'maximum-qos': [],
  'retain-available': [],
  'wildcard-subscription-available': [],
  'subscription-identifier-available': [],
  'shared-subscription-available': [],
};

describe('a property', () => {
  it.each(Object.entries(owners))('%s may be given for %j and no other', (name, allowed) => {
    for (const owner of Object.keys(newPropertyLists()) as PropertyOwner[]) {
      const values = name === 'user-property' ? ['1', '2'] : ['1'];
      const taken = add(owner, name, ...values);
      if (allowed.includes(owner)) expect(taken).toBe(2 + values.length);
      else
        expect(taken).toMatch(
          /^Error: \S+ property not (allowed|supported) for \S+ in --property argument\.\n\n$/,
        );
    }
  });

  it.each<[string[], object]>([
    [['publish', 'payload-format-indicator', '1'], { payloadFormatIndicator: 1 }],
    [['publish', 'message-expiry-interval', '4294967295'], { messageExpiryInterval: 4_294_967_295 }],
    [['publish', 'message-expiry-interval', ' 12x'], { messageExpiryInterval: 12 }],
    [['publish', 'message-expiry-interval', '0x10'], { messageExpiryInterval: 0 }],
    [['publish', 'topic-alias', 'nonsense'], { topicAlias: 0 }],
    [['PUBLISH', 'Content-Type', 'text/plain'], { contentType: 'text/plain' }],
    [['publish', 'content-type', ''], { contentType: '' }],
    [['publish', 'correlation-data', 'é'], { correlationData: new TextEncoder().encode('é') }],
    [['publish', 'user-property', 'a', 'b\x01'], { userProperties: [['a', 'b\x01']] }],
  ])('%j has the type that the protocol wants', (args, expected) => {
    expect(toProperties(lists(args).publish)).toEqual(expected);
  });

  it('of SUBSCRIBE may be the largest identifier', () => {
    const { subscribe } = lists(['subscribe', 'subscription-identifier', '268435455']);
    expect(toProperties(subscribe)).toEqual({ subscriptionIdentifier: [268_435_455] });
  });

  it('for the user may be given many times', () => {
    const { connect } = lists(['connect', 'user-property', 'a', 'b'], ['connect', 'user-property', 'a', 'b']);
    expect(toProperties(connect)).toEqual({
      userProperties: [
        ['a', 'b'],
        ['a', 'b'],
      ],
    });
    expect(propertyProblem(connect, 'connect')).toBeUndefined();
  });

  it('is read from its place, and what follows is left', () => {
    expect(addProperty(newPropertyLists(), ['-q', '1', '-D', 'publish', 'topic-alias', '3', '-d'], 3)).toBe(
      3,
    );
  });
});

describe('what is wrong is said in the words of Mosquitto', () => {
  it.each<[string[], string]>([
    [[], NOT_ENOUGH],
    [['bogus', 'bogus'], NOT_ENOUGH],
    [['connect', 'user-property', 'x'], NOT_ENOUGH],
    [['pingreq', 'x', 'y'], 'Error: Invalid command pingreq given in --property argument.\n\n'],
    [['constructor', 'x', 'y'], 'Error: Invalid command constructor given in --property argument.\n\n'],
    [['connect', 'x', 'y'], 'Error: Invalid property name x given in --property argument.\n\n'],
    [
      ['connect', 'maximumQoS', 'y'],
      'Error: Invalid property name maximumQoS given in --property argument.\n\n',
    ],
    [
      ['Connect', 'Topic-Alias', '1'],
      'Error: Topic-Alias property not allowed for Connect in --property argument.\n\n',
    ],
    [
      ['publish', 'subscription-identifier', '1'],
      'Error: subscription-identifier property not supported for publish in --property argument.\n\n',
    ],
    [
      ['auth', 'authentication-method', '1'],
      'Error: authentication-method property not supported for auth in --property argument.\n\n',
    ],
    [
      ['puback', 'reason-string', '1'],
      'Error: reason-string property not supported for puback in --property argument.\n\n',
    ],
    [['connack', 'reason-string', '1'], ''],
    [
      ['publish', 'payload-format-indicator', '-1'],
      'Error: Property value (-1) out of range for property payload-format-indicator.\n\n',
    ],
    [
      ['publish', 'payload-format-indicator', '256'],
      'Error: Property value (256) out of range for property payload-format-indicator.\n\n',
    ],
    [
      ['connect', 'Receive-Maximum', '65536'],
      'Error: Property value (65536) out of range for property Receive-Maximum.\n\n',
    ],
    [
      ['publish', 'message-expiry-interval', '99999999999999999999'],
      'Error: Property value (9223372036854775807) out of range for property message-expiry-interval.\n\n',
    ],
    [
      ['subscribe', 'subscription-identifier', '4294967296'],
      'Error: Property value (4294967296) out of range for property subscription-identifier.\n\n',
    ],
    [
      ['subscribe', 'subscription-identifier', '268435456'],
      'Error adding property subscription-identifier 4\n',
    ],
    [['publish', 'content-type', 'a\x01'], 'Error adding property content-type 6\n'],
    [['publish', 'content-type', 'a'.repeat(65_537)], 'Error adding property content-type 6\n'],
    [['publish', 'user-property', 'a\x01', 'b'], 'Error adding property user-property 7\n'],
    [
      ['publish', 'correlation-data', 'a'.repeat(65_536)],
      'Error: Property value too long for property correlation-data.\n\n',
    ],
  ])('%j', (args, text) => expect(add(...args)).toBe(text));
});

describe('a list of properties cannot be sent', () => {
  it.each<[string, PropertyOwner, string[][], string | undefined]>([
    [
      'with a repeated one',
      'publish',
      [
        ['publish', 'topic-alias', '1'],
        ['publish', 'topic-alias', '2'],
      ],
      'duplicate',
    ],
    [
      'with a value that is not 0 or 1',
      'publish',
      [['publish', 'payload-format-indicator', '2']],
      'protocol',
    ],
    ['with a topic alias of 0', 'publish', [['publish', 'topic-alias', '0']], 'protocol'],
    ['with a maximum packet size of 0', 'connect', [['connect', 'maximum-packet-size', '0']], 'protocol'],
    [
      'with a receive maximum of 0 before a repeated one',
      'connect',
      [
        ['connect', 'receive-maximum', '0'],
        ['connect', 'receive-maximum', '1'],
      ],
      'protocol',
    ],
    [
      'with a receive maximum of 0 after one that it repeats',
      'connect',
      [
        ['connect', 'receive-maximum', '1'],
        ['connect', 'receive-maximum', '0'],
      ],
      'duplicate',
    ],
    ['with a response topic that is a filter', 'will', [['will', 'response-topic', 'a/#']], 'protocol'],
    ['with an empty response topic', 'will', [['will', 'response-topic', '']], 'protocol'],
    [
      'with a reason string in the will (here; there the broker refuses it)',
      'will',
      [['will', 'reason-string', 'x']],
      'protocol',
    ],
    [
      'but with a subscription identifier of 0',
      'subscribe',
      [['subscribe', 'subscription-identifier', '0']],
      undefined,
    ],
    ['but with a topic alias maximum of 0', 'connect', [['connect', 'topic-alias-maximum', '0']], undefined],
  ])('%s', (_, owner, given, problem) => {
    expect(propertyProblem(lists(...given)[owner], owner)).toBe(problem);
  });
});
