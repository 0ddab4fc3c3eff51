// What is printed, byte for byte. The expected texts were taken from mosquitto_sub 2.1.2 (Debian, libcjson 1.7.19), not
// written by hand. To take them again: publish the message with mosquitto_pub -V 5, and receive it with
//   TZ=Europe/Berlin mosquitto_sub -V 5 -t '#' -q 2 -C 1 [-N] -F FORMAT
// where LD_PRELOAD replaces clock_gettime(CLOCK_REALTIME) by one that returns 1585999999.012345678. Packet
// identifiers and invalid JSON need a server of a few lines that sends PUBLISH packets as they are below.
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkFormat } from './format-syntax.js';
import { messagePrinter, type PrintedMessage, type PrintOptions, watchHeader } from './message-format.js';
import { plainPrinter } from './plain-printer.js';

process.env['TZ'] = 'Europe/Berlin';

const bare: PrintedMessage = {
  topic: 'a/b',
  payload: Buffer.from('hello'),
  qos: 0,
  retain: false,
  packetId: 0,
  properties: {},
};
const empty: PrintedMessage = { ...bare, payload: new Uint8Array(0) };
const full: PrintedMessage = {
  topic: 'é/ü',
  payload: Buffer.from('{"a":[1,{"b":2.50}]}'),
  qos: 2,
  retain: true,
  packetId: 65535,
  properties: {
    contentType: 'text/é',
    messageExpiryInterval: 4294967295,
    payloadFormatIndicator: 1,
    userProperties: [
      ['k', 'v'],
      ['k', '"w"'],
    ],
    responseTopic: 're/sp',
    subscriptionIdentifier: [268435455],
    correlationData: Buffer.from('co\0rr'),
  },
};
const binary: PrintedMessage = {
  ...bare,
  qos: 1,
  packetId: 77,
  payload: Buffer.from('0108090a0c0d1f7f225c2fc3a90041', 'hex'),
};

const NOW = { seconds: 1585999999, nanoseconds: 12345678 };
const plain: PrintOptions = { format: undefined, verbose: false, pretty: false, eol: true, watch: false };

function print(options: Partial<PrintOptions>, messages: PrintedMessage[], now = NOW) {
  let stderr = '';
  const world = {
    now: () => now,
    warn: (text: string) => {
      stderr += text;
    },
  };
  const printer = messagePrinter({ ...plain, ...options }, world);
  return { stdout: Buffer.concat(messages.map(printer)).toString(), stderr };
}

/** With -F and -N. */
function printed(format: string, message: PrintedMessage, now = NOW): string {
  return print({ format, eol: false }, [message], now).stdout;
}

function withPayload(payload: string | Uint8Array): PrintedMessage {
  return { ...bare, payload: Buffer.from(payload) };
}

/** JSON within the message's JSON, from `"payload":` to before the last brace. */
function printedPayload(json: string): string {
  return printed('%J', withPayload(json))
    .replace(/^.*?"payload":/s, '')
    .slice(0, -1);
}

describe('without a format', () => {
  it.each<[string, Partial<PrintOptions>, string]>([
    ['', {}, 'hello\nx\nhello\n'],
    ['-N', { eol: false }, 'helloxhello'],
    ['-v', { verbose: true }, 'a/b hello\na/b (null)\né x\na/b hello\n'],
    ['-v -N', { verbose: true, eol: false }, 'a/b helloé xa/b hello'],
    [
      '-w',
      { watch: true },
      '\x1b[2J\x1b[1;1HBroker: 127.0.0.1\n\x1b[2;1Hhello\n\x1b[2;1H\n\x1b[2;1H\x1b[2;1H\n\x1b[3;1Hx\n\x1b[3;1H\n\x1b[2;1Hhello\n\x1b[3;1H\n',
    ],
    [
      '-w -v',
      { verbose: true, watch: true },
      '\x1b[2J\x1b[1;1HBroker: 127.0.0.1\n\x1b[2;1Ha/b hello\n\x1b[2;1H\n\x1b[2;1Ha/b (null)\n\x1b[2;1H\n\x1b[3;1Hé x\n\x1b[3;1H\n\x1b[2;1Ha/b hello\n\x1b[3;1H\n',
    ],
    [
      '-w -N -F %t=%p',
      { format: '%t=%p', eol: false, watch: true },
      '\x1b[2J\x1b[1;1HBroker: 127.0.0.1\n\x1b[2;1Ha/b=hello\x1b[2;1H\n\x1b[2;1Ha/b=\x1b[2;1H\n\x1b[3;1Hé=x\x1b[3;1H\n\x1b[2;1Ha/b=hello\x1b[3;1H\n',
    ],
  ])('mosquitto_sub %s', (_flags, options, expected) => {
    const messages = [bare, empty, { ...bare, topic: 'é', payload: Buffer.from('x') }, bare];
    const header = options.watch ? watchHeader('127.0.0.1') : '';
    expect(header.toString() + print(options, messages).stdout).toBe(expected);
  });

  it('leaves bytes as they are', () => {
    const payload = Uint8Array.of(0, 0xff, 0xc3, 10, 13);
    expect([...plainPrinter({ ...plain, eol: false })({ ...bare, payload })]).toEqual([...payload]);
  });

  it('gives bytes away that later messages do not change', () => {
    for (const options of [plain, { ...plain, verbose: true }, { ...plain, format: '%p' }]) {
      const printer = messagePrinter(options, { now: () => NOW, warn: () => {} });
      const first = printer(withPayload('first'));
      printer(withPayload('other'));
      expect(first.toString()).toContain('first');
    }
  });
});

describe('parameters', () => {
  it.each([
    ['%t %p', 'a/b hello'],
    ['%q%r%m', '000'],
    ['%l|%5l|%05l|%-5l|%-05l|%.9l', '5|    5|00005|5    |5    |5'],
    ['%m|%3m|%03m', '0|  0|000'],
    ['<%A|%5A|%05A|%-5A|%-05A>', '<|     |00000|     |00000>'],
    ['<%C|%5C|%05C|%.2C><%R|%5R><%D|%5D><%P>', '<|     |00000|><|><|><>'],
    ['<%E|%5E><%F|%05F><%S|%5S>', '<|     ><|00000><|     >'],
    ['%t|%8t|%-8t|%08t|%.2t|%5.2t|%-5.2t|%:t', 'a/b|     a/b|a/b     |     a/b|a/|   a/|a/   |a/b'],
    ['%p|%8p|%-8p|%08p|%3p|%-3p|%.2p|', 'hello|   hello|hello   |000hello|hel|hel|hello|'],
    ['<%-p>', '<hello     >'],
    ['100%%|%5%|%.2%|%:%', '100%|%|%|%'],
    ['@@ \\0\\a\\e\\n\\r\\t\\v\\\\ é😀', '@ \x00\x07\x1b\n\r\t\x0b\\ é😀'],
  ])('%j of a message without properties', (format, expected) => {
    expect(printed(format, bare)).toBe(expected);
  });

  it.each([
    ['%t|%q|%r|%m|%l', 'é/ü|2|1|65535|20'],
    ['<%C|%10C|%-10C|%010C|%.6C|%9.6C>', '<text/é|   text/é|text/é   |   text/é|text/\ufffd|   text/\ufffd>'],
    ['<%E|%14E|%014E|%-14E>', '<-1|            -1|-0000000000001|-1            >'],
    ['<%F|%3F|%03F|%-3F>', '<1|  1|001|1  >'],
    ['<%S|%12S|%012S|%-12S>', '<268435455|   268435455|000268435455|268435455   >'],
    ['<%R|%8R|%-8R|%.2R|%4.2R>', '<re/sp|   re/sp|re/sp   |re|  re>'],
    ['<%P|%30P>', '<k:v k:"w"|k:v k:"w">'],
    ['<%D|%9D>', '<co\x00rr|co\x00rr>'],
    ['%6t|%-6t|%.2t|%6.3t|', ' é/ü|é/ü |é|   é/|'],
  ])('%j of a message with properties', (format, expected) => {
    expect(printed(format, full)).toBe(expected);
  });

  it('prints (null) for an empty text in a user property, and nothing for an empty content type', () => {
    const properties = {
      userProperties: [
        ['a', ''],
        ['', 'b'],
      ] as [string, string][],
      contentType: '',
    };
    expect(printed('%P|%C', { ...bare, properties })).toBe('a:(null) (null):b|');
  });
});

describe('payload in hexadecimal', () => {
  it.each([
    ['%x|%X', '68656c6c6f|68656C6C6F'],
    ['%.2x|%.4X|%.1x|%.3x|%.0x', '68 65 6c 6c 6f|6865 6C6C 6F|6 8 6 5 6 c 6 c 6 f|686 56c 6c6 f|68656c6c6f'],
    [
      '%.2:x|%.2-x|%.4\\x|%.2@x|%:x',
      '68:65:6c:6c:6f|68-65-6c-6c-6f|6865\\6c6c\\6f|68@65@6c@6c@6f|68656c6c6f',
    ],
    ['%12x|%012x|%-12x|%3x|%-3x|', '  68656c6c6f|0068656c6c6f|68656c6c6f  |68656c|68656c   |'],
    ['%-x|%4x|%-4x|%7x|', '68656c6c6f     |68656c6c|68656c6c    |68656c6c6f|'],
    [
      '%20.2:x|%020.4x|%-20.2.x|',
      '  :  :  :  :  :68:65:6c:6c:6f|0000 0000 0068 656c 6c6f|68.65.6c.6c.6f          |',
    ],
  ])('%j', (format, expected) => {
    expect(printed(format, bare)).toBe(expected);
  });

  it.each([
    ['<%p|%x|%6p|%06p|%-6p>', '<||      |000000|      >'],
    ['<%8x|%08x|%-8x|%8.2:x|%08.4x>', '<        |00000000|        |  :  :  :  :|0000 0000 >'],
  ])('%j of an empty payload', (format, expected) => {
    expect(printed(format, empty)).toBe(expected);
  });
});

describe('payload as a floating point number', () => {
  it.each([
    ['0000c03f', '1.500000|2|     1.50|1.50     |000001.50'],
    ['00000080', '-0.000000|-0|    -0.00|-0.00    |-00000.00'],
    ['cdcccc3d', '0.100000|0|     0.10|0.10     |000000.10'],
    [
      '9ec97f7f',
      '339999995214436424907732413799364296704.000000|339999995214436424907732413799364296704|339999995214436424907732413799364296704.00|339999995214436424907732413799364296704.00|339999995214436424907732413799364296704.00',
    ],
    ['0000807f', 'inf|inf|      inf|inf      |      inf'],
    ['000080ff', '-inf|-inf|     -inf|-inf     |     -inf'],
    ['0000c07f', 'nan|nan|      nan|nan      |      nan'],
    ['0000c0ff', '-nan|-nan|     -nan|-nan     |     -nan'],
    ['00002040', '2.500000|2|     2.50|2.50     |000002.50'],
    ['6042a20d', '0.000000|0|     0.00|0.00     |000000.00'],
  ])('4 bytes: %s', (hex, expected) => {
    expect(printed('%f|%.0f|%9.2f|%-9.2f|%09.2f', withPayload(Buffer.from(hex, 'hex')))).toBe(expected);
  });

  it.each([
    ['000000000000f83f', '1.500000|2|     1.50|1.50     |000001.50|1.5000000000000000000000000'],
    ['00000000000004c0', '-2.500000|-2|    -2.50|-2.50    |-00002.50|-2.5000000000000000000000000'],
    ['000000000000c03f', '0.125000|0|     0.12|0.12     |000000.12|0.1250000000000000000000000'],
    ['9a9999999999b93f', '0.100000|0|     0.10|0.10     |000000.10|0.1000000000000000055511151'],
    [
      '92d54d06cff08044',
      '10000000000000000000000.000000|10000000000000000000000|10000000000000000000000.00|10000000000000000000000.00|10000000000000000000000.00|10000000000000000000000.0000000000000000000000000',
    ],
    ['000000000000f0ff', '-inf|-inf|     -inf|-inf     |     -inf|-inf'],
    ['0100000000000000', '0.000000|0|     0.00|0.00     |000000.00|0.0000000000000000000000000'],
    ['000000000000f8ff', '-nan|-nan|     -nan|-nan     |     -nan|-nan'],
  ])('8 bytes: %s', (hex, expected) => {
    expect(printed('%d|%.0d|%9.2d|%-9.2d|%09.2d|%.25d', withPayload(Buffer.from(hex, 'hex')))).toBe(expected);
  });
});

describe('time', () => {
  it.each([
    ['@Y', '2020'],
    ['@m', '04'],
    ['@d', '04'],
    ['@H', '13'],
    ['@M', '33'],
    ['@S', '19'],
    ['@N', '012345678'],
    ['@s', '1585999999'],
    ['@z', '+0200'],
    ['@j', '095'],
    ['@A', 'Saturday'],
    ['@a', 'Sat'],
    ['@b', 'Apr'],
    ['@B', 'April'],
    ['@c', 'Sat Apr  4 13:33:19 2020'],
    ['@x', '04/04/20'],
    ['@X', '13:33:19'],
    ['@p', 'PM'],
    ['@D', '04/04/20'],
    ['@F', '2020-04-04'],
    ['@T', '13:33:19'],
    ['@R', '13:33'],
    ['@r', '01:33:19 PM'],
    ['@e', ' 4'],
    ['@I', '01'],
    ['@l', ' 1'],
    ['@k', '13'],
    ['@u', '6'],
    ['@w', '6'],
    ['@U', '13'],
    ['@W', '13'],
    ['@V', '14'],
    ['@G', '2020'],
    ['@g', '20'],
    ['@C', '20'],
    ['@h', 'Apr'],
    ['@n', '\n'],
    ['@t', '\t'],
    ['@y', '20'],
    ['@P', 'pm'],
    ['@E', '%E'],
    ['@O', '%O'],
    ['@+', '%+'],
    ['@-', '%-'],
    ['@_', '%_'],
    ['@^', '%^'],
    ['@#', '%#'],
    ['@0', '%0'],
    ['@1', '%1'],
    ['@2', '%2'],
    ['@3', ' %3'],
    ['@9', '       %9'],
    ['@f', '%f'],
    ['@i', '%i'],
    ['@J', '%J'],
    ['@K', '%K'],
    ['@L', '%L'],
    ['@o', '%o'],
    ['@q', '%q'],
    ['@Q', '%Q'],
    ['@v', '%v'],
    ['@!', '%!'],
    ['@ ', '% '],
    ['@%', '%'],
    ['@é', '%é'],
    ['%I', '2020-04-04T13:33:19+0200'],
    ['%26I|%-26I|%.10I|', '  2020-04-04T13:33:19+0200|2020-04-04T13:33:19+0200  |2020-04-04|'],
    ['%U|%30U', '1585999999.012345678|1585999999.012345678'],
    ['@Y-@m-@dT@H:@M:@S.@N@z', '2020-04-04T13:33:19.012345678+0200'],
  ])('%j', (format, expected) => {
    expect(printed(format, bare)).toBe(expected);
  });

  it.each([
    [0, '1970 001 Thu 00 00 01 1970 70 01AM +0100'],
    [951782400, '2000 060 Tue 09 09 09 2000 00 01AM +0100'],
    [1104537600, '2005 001 Sat 00 00 53 2004 04 01AM +0100'],
    [1230767999, '2009 001 Thu 00 00 01 2009 09 12AM +0100'],
    [1325376000, '2012 001 Sun 01 00 52 2011 11 01AM +0100'],
    [1451606399, '2016 001 Fri 00 00 53 2015 15 12AM +0100'],
    [1603587600, '2020 299 Sun 43 42 43 2020 20 02AM +0100'],
    [1735689599, '2025 001 Wed 00 00 01 2025 25 12AM +0100'],
    [1798761600, '2027 001 Fri 00 00 53 2026 26 01AM +0100'],
  ])('of second %i', (seconds, expected) => {
    expect(printed('@Y @j @a @U @W @V @G @g @I@p @z', bare, { seconds, nanoseconds: 0 })).toBe(expected);
  });

  it.skipIf(!existsSync('/usr/share/zoneinfo/Europe/Berlin'))('has the abbreviation of the zone', () => {
    expect(printed('@Z', bare)).toBe('CEST');
    expect(printed('@Z', bare, { seconds: 1577836800, nanoseconds: 0 })).toBe('CET');
  });

  it('follows the clock', () => {
    let seconds = 1585999999;
    const now = () => ({ seconds: seconds++, nanoseconds: 0 });
    const printer = messagePrinter({ ...plain, format: '@T %U' }, { now, warn: () => {} });
    expect(printer(bare).toString()).toBe('13:33:19 1585999999.000000000\n');
    expect(printer(bare).toString()).toBe('13:33:20 1586000000.000000000\n');
  });
});

describe('%j', () => {
  it.each([
    [
      'nothing special',
      bare,
      '{"tst":"2020-04-04T13:33:19.012345+0200","topic":"a/b","qos":0,"retain":false,"payloadlen":5,"payload":"hello"}',
    ],
    [
      'no payload',
      empty,
      '{"tst":"2020-04-04T13:33:19.012345+0200","topic":"a/b","qos":0,"retain":false,"payloadlen":0,"payload":null}',
    ],
    [
      'properties',
      full,
      '{"tst":"2020-04-04T13:33:19.012345+0200","topic":"é/ü","qos":2,"retain":true,"payloadlen":20,"mid":65535,"properties":{"content-type":"text/é","message-expiry-interval":4294967295,"payload-format-indicator":1,"user-properties":[{"k":"v"},{"k":"\\"w\\""}],"response-topic":"re/sp","subscription-identifier":268435455,"correlation-data":"co"},"payload":"{\\"a\\":[1,{\\"b\\":2.50}]}"}',
    ],
    [
      'a payload that is cut at its first 0',
      binary,
      '{"tst":"2020-04-04T13:33:19.012345+0200","topic":"a/b","qos":1,"retain":false,"payloadlen":15,"mid":77,"payload":"\\u0001\\b\\t\\n\\f\\r\\u001f\x7f\\"\\\\/é"}',
    ],
  ])('of a message with %s', (_name, message, expected) => {
    expect(printed('%j', message)).toBe(expected);
  });

  it('with --pretty', () => {
    expect(print({ format: '%j', eol: false, pretty: true }, [full]).stdout).toBe(
      '{\n\t"tst":\t"2020-04-04T13:33:19.012345+0200",\n\t"topic":\t"é/ü",\n\t"qos":\t2,\n\t"retain":\ttrue,\n\t"payloadlen":\t20,\n\t"mid":\t65535,\n\t"properties":\t{\n\t\t"content-type":\t"text/é",\n\t\t"message-expiry-interval":\t4294967295,\n\t\t"payload-format-indicator":\t1,\n\t\t"user-properties":\t[{\n\t\t\t\t"k":\t"v"\n\t\t\t}, {\n\t\t\t\t"k":\t"\\"w\\""\n\t\t\t}],\n\t\t"response-topic":\t"re/sp",\n\t\t"subscription-identifier":\t268435455,\n\t\t"correlation-data":\t"co"\n\t},\n\t"payload":\t"{\\"a\\":[1,{\\"b\\":2.50}]}"\n}',
    );
  });

  it('keeps bytes that are not UTF-8', () => {
    const printer = messagePrinter({ ...plain, format: '%j' }, { now: () => NOW, warn: () => {} });
    const bytes = Buffer.from(printer(withPayload(Uint8Array.of(0xff, 0xc3))));
    expect(bytes.toString('latin1')).toContain('"payload":"\xff\xc3"}\n');
  });

  it('shows an empty property, where the original gives up the message ("Error: Out of memory.")', () => {
    const properties = { contentType: '', correlationData: new Uint8Array(0) };
    expect(printed('%j', { ...bare, properties })).toContain('{"content-type":"","correlation-data":""}');
  });
});

describe('%J', () => {
  it('is the payload itself', () => {
    expect(printed('<%J>', full)).toBe(
      '<{"tst":"2020-04-04T13:33:19.012345+0200","topic":"é/ü","qos":2,"retain":true,"payloadlen":20,"mid":65535,"properties":{"content-type":"text/é","message-expiry-interval":4294967295,"payload-format-indicator":1,"user-properties":[{"k":"v"},{"k":"\\"w\\""}],"response-topic":"re/sp","subscription-identifier":268435455,"correlation-data":"co"},"payload":{"a":[1,{"b":2.5}]}}>',
    );
  });

  it.each([
    ['1', '1'],
    ['01', '1'],
    ['-0', '0'],
    ['-0.0', '0'],
    ['1.', '1'],
    ['-.5', '-0.5'],
    ['1e5', '100000'],
    ['1E+5', '100000'],
    ['1e999', 'null'],
    ['2147483648', '2147483648'],
    ['-2147483649', '-2147483649'],
    ['4294967296', '4294967296'],
    ['123456789012345', '123456789012345'],
    ['12345678901234567890', '1.2345678901234567e+19'],
    ['0.1', '0.1'],
    ['1e15', '1e+15'],
    ['100000000000000.5', '100000000000000.5'],
    ['2.98023223876953125E-8', '2.9802322387695312e-08'],
    ['1e-5', '1e-05'],
    ['0.0001', '0.0001'],
    ['3.14159265358979', '3.14159265358979'],
    ['3.141592653589793', '3.1415926535897931'],
    ['5e-324', '4.94065645841247e-324'],
    ['9007199254740993', '9.00719925474099e+15'],
    ['0.30000000000000004', '0.3'],
    ['72057594037927945', '72057594037927952'],
    ['true', 'true'],
    ['false', 'false'],
    ['null', 'null'],
    ['"a\\u0041\\u00e9\\ud83d\\ude00\\/"', '"aAé😀/"'],
    ['"x\\u0000y"', '"x"'],
    ['"\\uZZZZab"', '""'],
    ['"a\nb\x01\x7f"', '"a\\nb\\u0001\x7f"'],
    ['"\\b\\f\\n\\r\\t\\"\\\\"', '"\\b\\f\\n\\r\\t\\"\\\\"'],
    ['[ ]', '[]'],
    ['{ }', '{}'],
    [' [ 1 , 2 ] ', '[1,2]'],
    ['{"b":1,"2":2,"1":3,"b":4}', '{"b":1,"2":2,"1":3,"b":4}'],
    ['{"é":"ü"}', '{"é":"ü"}'],
    ['\ufeff{"a":1}', '{"a":1}'],
    ['\t\x01\x02 1 \x03\n', '1'],
    ['{"a":{"b":[{"c":[]},{}]}}', '{"a":{"b":[{"c":[]},{}]}}'],
  ])('%j', (payload, expected) => {
    expect(printedPayload(payload)).toBe(expected);
  });

  it('with --pretty', () => {
    const json = '{"a":{"b":[{"c":[]},{},[1,2]]},"d":[]}';
    expect(print({ format: '%J', eol: false, pretty: true }, [withPayload(json)]).stdout).toContain(
      '{\n\t\t"a":\t{\n\t\t\t"b":\t[{\n\t\t\t\t\t"c":\t[]\n\t\t\t\t}, {\n\t\t\t\t}, [1, 2]]\n\t\t},\n\t\t"d":\t[]\n\t}',
    );
  });

  it.each([
    'nope',
    '-',
    '.5',
    '1e',
    '1e5.5',
    '1-2',
    '1 2',
    '+1',
    '0x10',
    'tru',
    'trueX',
    'True',
    "'a'",
    '"a',
    '"a\\"',
    '"\\x"',
    '"\\u12"',
    '"\\ud83d"',
    '"\\ude00"',
    '"\\ud83d\\u0041"',
    '[1,]',
    '[,1]',
    '[1 2]',
    '[1',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    '{}x',
    '1\x00',
    '\x00',
    ' ',
    '\ufeff',
  ])('%j is not JSON: an error, and the rest of the format', (payload) => {
    expect(print({ format: '<%J>' }, [withPayload(payload)])).toEqual({
      stdout: '<>\n',
      stderr: 'Error: Message payload is not valid JSON on topic a/b.\n',
    });
  });

  it('is nested a thousand times at most', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(printedPayload(nested(1000))).toBe(nested(1000));
    expect(printed('%J', withPayload(nested(1001)))).toBe('');
  });
});

describe('standard error', () => {
  it('gets what cannot be printed', () => {
    expect(print({ format: '%f|%d|%J|%p' }, [bare])).toEqual({
      stdout: '|||hello\n',
      stderr:
        'requested float printing, but non-float data receivedrequested double printing, but non-double data receivedError: Message payload is not valid JSON on topic a/b.\n',
    });
  });
});

describe('checkFormat', () => {
  it.each([
    ['%', 'Error: Incomplete format specifier.\n'],
    ['%-', 'Error: Incomplete format specifier.\n'],
    ['%0', 'Error: Incomplete format specifier.\n'],
    ['%5', 'Error: Incomplete format specifier.\n'],
    ['%5.', 'Error: Incomplete format specifier.\n'],
    ['%.', 'Error: Incomplete format specifier.\n'],
    ['%.5', 'Error: Incomplete format specifier.\n'],
    ['%:', "Error: Invalid format specifier '\x00'.\n"],
    ['%--', "Error: Invalid format specifier '\x00'.\n"],
    ['%y', "Error: Invalid format specifier 'y'.\n"],
    ['%0-5p', "Error: Invalid format specifier '5'.\n"],
    ['%\\n', "Error: Invalid format specifier 'n'.\n"],
    ['a%tb%z', "Error: Invalid format specifier 'z'.\n"],
    ['@', 'Error: Incomplete format specifier.\n'],
    ['\\', 'Error: Incomplete escape specifier.\n'],
    ['\\q', "Error: Invalid escape specifier 'q'.\n"],
    ['%t\\', 'Error: Incomplete escape specifier.\n'],
  ])('%j', (format, expected) => {
    expect(checkFormat(format)).toBe(expected);
  });

  it.each([
    '',
    'text',
    '%-010.2:x',
    '%--p',
    '% p',
    '%% @@ \\\\',
    '@y',
    ...[...'ACDEFIJPRSUXdfjlmpqrtx%'].map((letter) => `%${letter}`),
  ])('allows %j', (format) => {
    expect(checkFormat(format)).toBeUndefined();
  });
});
