// -F of sub (rr prints with the same code): each sequence, flags, widths, and values that do not fit.
import { end, gets, one, publish, run, type Sent, start, type ToolCase } from '../case.js';

const full: Sent = {
  topic: '{t}/topic',
  payload: 'Pay load',
  qos: 1,
  properties: {
    contentType: 'text/plain',
    correlationData: Buffer.from('corr'),
    messageExpiryInterval: 3600,
    payloadFormatIndicator: true,
    responseTopic: 'answer/here',
    userProperties: { colour: 'blue', size: ['1', '2'] },
  },
};

/** One message with everything, printed with this format. */
function format(what: string, text: string, rest: Partial<ToolCase> = {}): ToolCase {
  return gets(`sub -F ${what}`, `sub -p {port} -t '{t}/#' -C 1 -q 1 -V 5 -F '${text}'`, [full], rest);
}

/** Payloads printed with this format. */
function payloads(what: string, text: string, ...sent: string[]): ToolCase {
  return gets(`sub -F ${what}`, `sub -p {port} -t {t} -C ${sent.length} -F '${text}'`, sent);
}

const float = [
  'hex db0f4940',
  'hex 0000807f',
  'hex 0000c07f',
  'hex 00000080',
  'hex 0000c842',
  'hex 0ad7233c',
];
const double = [
  'hex 182d4454fb210940',
  'hex 000000000000f07f',
  'hex 000000000000f8ff',
  'hex 9a9999999999b93f',
];

const sequences: ToolCase[] = [
  format('prints a text', 'no sequence'),
  format('%% prints a percent sign', '100%%'),
  format('%A prints the topic alias', '[%A]'),
  format('%C prints the content type', '[%C]'),
  format('%D prints the correlation data', '[%D]'),
  format('%E prints the message expiry', '[%E]'),
  format('%F prints the payload format', '[%F]'),
  format('%l prints the length', '[%l]'),
  format('%m prints the packet identifier', '[%m]'),
  format('%P prints user properties', '[%P]'),
  format('%p prints the payload', '[%p]'),
  format('%q prints the QoS', '[%q]'),
  format('%R prints the response topic', '[%R]'),
  format('%r prints the retained flag', '[%r]'),
  format('%S prints the subscription identifier', '[%S]'),
  format('%t prints the topic', '[%t]'),
  format('%x prints the payload in hexadecimal', '[%x]'),
  format('%X prints the payload in hexadecimal, upper case', '[%X]'),
  format('%j prints JSON', '%j', { blur: ['time'] }),
  format('%I prints the date', '%I', { blur: ['time'] }),
  format('%U prints seconds and nanoseconds', '%U', { blur: ['time'] }),
  format('@ goes to strftime', '@@ @Y-@m-@dT@H:@M:@S@z @Z @F @T @s.@N', { blur: ['time'] }),
  format('@ with characters that strftime does not know', '@Q @! @1'),
  format('@n and @t are a line end and a tab', '[@n@t@%]'),
  format('\\ prints special characters', '\\\\ \\0 \\a \\e \\n \\r \\t \\v.'),
  format('of nothing prints an empty line', ''),
  format('-N ends no line', "%p' -N -F '%t"),
  format('is stronger than -v', "%p' -v -F '[%t]"),
  format('twice: the last counts', "%p' -F '[%t]"),
  format('of characters beyond ASCII', 'é日𝄞 %p'),
];

const widths: ToolCase[] = [
  ...['C', 'E', 'F', 'I', 'R', 'S', 'l', 'm', 'p', 't', 'x', 'X', 'A'].map((letter) =>
    format(
      `%30${letter}, %-30${letter} and %030${letter} have a width`,
      `[%30${letter}][%-30${letter}][%030${letter}]`,
      {
        blur: letter === 'I' ? ['time'] : [],
      },
    ),
  ),
  ...['C', 'R', 't', 'I', 'p'].map((letter) =>
    format(
      `%.4${letter} and %6.4${letter} have a largest width`,
      `[%.4${letter}][%6.4${letter}][%-6.4${letter}]`,
      {
        blur: letter === 'I' ? ['time'] : [],
      },
    ),
  ),
  format('%-05l: - is stronger than 0', '[%-05l][%0-5l]'),
  format('widths that are too small do nothing', '[%1t][%1p][%1l]'),
  format('%10q: a width where none is allowed', '[%10q]'),
  format('%10D: a width where none is allowed', '[%10D]'),
  format('%10P: a width for user properties', '[%10P][%-10P]'),
  format('%.2x parts bytes', '[%.2x][%.4X][%.3x]'),
  format('%.2:x parts bytes with a colon', '[%.2:x][%.2-X][%.4_x]'),
  format('%20.2x: a width and parts', '[%20.2x][%-40.2:x][%040.2x]'),
  format('%.0x', '[%.0x]'),
];

const json: ToolCase[] = [
  gets(
    'sub -F %j escapes the payload',
    "sub -p {port} -t {t} -C 4 -F '%j'",
    ['"quoted" \\ / \n\t\x01', 'é日𝄞', '', '{"a":1}'],
    {
      blur: ['time'],
    },
  ),
  gets(
    'sub -F %j of bytes that are no text',
    "sub -p {port} -t {t} -C 2 -F '%j'",
    ['hex 00616200', 'hex ff80'],
    { blur: ['time'] },
  ),
  gets(
    'sub -F %J takes the payload as JSON',
    "sub -p {port} -t {t} -C 5 -F '%J'",
    ['{"b": 1, "a" : [1.0, 2e3, null]}', '1', '"x"', 'true', '[]'],
    {
      blur: ['time'],
    },
  ),
  gets('sub -F %J says what is no JSON', "sub -p {port} -t {t} -C 3 -F '%J'", ['{a}', '', '{"a":1} x'], {
    blur: ['time'],
  }),
  gets('sub -F %j --pretty', "sub -p {port} -t {t} -C 1 -F '%j' --pretty", ['a'], { blur: ['time'] }),
  gets('sub -F %J --pretty', "sub -p {port} -t {t} -C 1 -F '%J' --pretty", ['{"a":[1,{"b":[]}],"c":{}}'], {
    blur: ['time'],
  }),
  gets(
    'sub -F %j with all properties --pretty',
    "sub -p {port} -t '{t}/#' -C 1 -q 1 -V 5 --pretty -F '%j'",
    [full],
    { blur: ['time'] },
  ),
  gets(
    'sub -F %j shows QoS, packet identifier and retained',
    "sub -p {port} -t {t} -C 2 -q 2 -F '%j'",
    [
      { payload: 'b', qos: 0 },
      { payload: 'a', qos: 2 },
    ],
    { blur: ['time'] },
  ),
  gets(
    'sub -F %J of large numbers',
    "sub -p {port} -t {t} -C 4 -F '%J'",
    ['12345678901234567890', '0.1', '1e400', '-0'],
    { blur: ['time'] },
  ),
  {
    name: 'sub -F %j of a retained message',
    steps: [publish('{t}', 'old', { retain: true }), ...run("sub -p {port} -t {t} -C 1 -F '%j'")],
    blur: ['time'],
  },
];

const numbers: ToolCase[] = [
  payloads('%f prints floats of 4 bytes', '%f', ...float),
  payloads('%d prints floats of 8 bytes', '%d', ...double),
  payloads('%f of another length says so', '%f', 'abc', '', '12345'),
  payloads('%d of another length says so', '%d', 'abc', '', '1234'),
  payloads('%.2f and %10.1f have a precision', '[%.2f][%10.1f][%-10.1f][%010.1f]', ...float),
  payloads('%.2d and %10.1d have a precision', '[%.2d][%10.1d][%-10.1d][%010.1d]', ...double),
];

const three: ToolCase[] = [
  gets(
    'sub -F of properties with MQTT 3.1.1 prints nothing for them',
    "sub -p {port} -t {t} -C 1 -F '[%A%C%D%E%F%P%R%S]'",
    ['a'],
  ),
  gets('sub -F %p of an empty payload', "sub -p {port} -t {t} -C 1 -F '[%p][%x][%l][%3p]'", ['']),
  gets('sub -F %m of QoS 0 is 0', "sub -p {port} -t {t} -C 1 -F '%m %q'", ['a']),
  gets('sub -F %x of bytes', "sub -p {port} -t {t} -C 1 -F '%x %X %.2x'", ['hex 00ff0a80']),
  {
    name: 'sub -F %S prints the subscription identifier that -D gave',
    steps: [
      start("sub -p {port} -t {t} -C 1 -D subscribe subscription-identifier 7 -F '%S %p'"),
      publish('{t}', 'a'),
      end,
    ],
  },
  one('sub -F is checked before anything is connected', "sub -p 1 -t a -F '%z'"),
];

export const formats: readonly ToolCase[] = [...sequences, ...widths, ...json, ...numbers, ...three];
