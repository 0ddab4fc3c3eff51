// How `pondhawk sub` and `pondhawk rr` print a message: as mosquitto_sub and mosquitto_rr 2.1 do, byte for byte, so
// that scripts need no change. A format is taken apart once; without one, a message costs a copy of its bytes.
import type { Properties } from '../protocol/properties.js';
import { isoTime, LocalTime, timeText } from '../time/local-time.js';
import { type Field, type FormatPart, parseFormat } from './format-syntax.js';
import { JsonWriter } from './json-writer.js';
import { writeMessageJson } from './message-json.js';
import {
  type MessagePrinter,
  type PrintedMessage,
  type PrintOptions,
  plainPrinter,
  watching,
} from './plain-printer.js';
import { PrintBuffer } from './print-buffer.js';
import { printBlank, printFloat, printHex, printInteger, printPayload, printText } from './print-field.js';

export { type MessagePrinter, type PrintedMessage, type PrintOptions, watchHeader } from './plain-printer.js';

export interface PrintWorld {
  /** The time of day. */
  now(): { seconds: number; nanoseconds: number };
  /** Writes to standard error, exactly this text; --quiet suppresses it. */
  warn(text: string): void;
}

/** Where the parts of a format print to, and what they need besides the message. */
interface Printing {
  out: PrintBuffer;
  json: JsonWriter;
  time: LocalTime;
  warn(text: string): void;
}

type Print = (printing: Printing, message: PrintedMessage, field: Field) => void;

/** A property that is a number: as a signed one, which shows in message expiry intervals above 2147483647. */
function integer(value: (properties: Properties) => number | undefined): Print {
  return ({ out }, { properties }, field) => {
    const found = value(properties);
    if (found === undefined) printBlank(out, field);
    else printInteger(out, field, found);
  };
}

function float(size: 4 | 8, name: string): Print {
  return ({ out, warn }, { payload }, field) => {
    // no line end: so does the original
    if (!printFloat(out, field, payload, size))
      warn(`requested ${name} printing, but non-${name} data received`);
  };
}

/** What C prints for a text that is empty in a user property. */
function orNull(text: string): string {
  return text === '' ? '(null)' : text;
}

const parameters: Readonly<Record<string, Print>> = {
  A: integer((properties) => properties.topicAlias),
  C: ({ out }, { properties: { contentType } }, field) =>
    contentType === undefined ? printBlank(out, field) : printText(out, field, contentType),
  D: ({ out }, { properties: { correlationData } }) => {
    if (correlationData !== undefined) out.raw(correlationData);
  },
  d: float(8, 'double'),
  E: integer((properties) => properties.messageExpiryInterval),
  F: integer((properties) => properties.payloadFormatIndicator),
  f: float(4, 'float'),
  I: ({ out, time }, _message, field) => printText(out, field, isoTime(time)),
  j: ({ json, time }, message) => {
    writeMessageJson(json, message, time, false);
  },
  J: ({ json, time, warn }, message) => {
    if (writeMessageJson(json, message, time, true)) return;
    warn(`Error: Message payload is not valid JSON on topic ${message.topic}.\n`);
  },
  l: ({ out }, { payload }, field) => printInteger(out, field, payload.length),
  m: ({ out }, { packetId }, field) => printInteger(out, field, packetId),
  P: ({ out }, { properties: { userProperties } }) => {
    if (userProperties === undefined) return;
    out.text(userProperties.map(([name, value]) => `${orNull(name)}:${orNull(value)}`).join(' '));
  },
  p: ({ out }, { payload }, field) => printPayload(out, field, payload),
  q: ({ out }, { qos }) => out.byte(0x30 + qos),
  R: ({ out }, { properties: { responseTopic } }, field) => {
    if (responseTopic !== undefined) printText(out, field, responseTopic);
  },
  r: ({ out }, { retain }) => out.byte(retain ? 0x31 : 0x30),
  S: integer((properties) => properties.subscriptionIdentifier?.[0]),
  t: ({ out }, { topic }, field) => printText(out, field, topic),
  U: ({ out, time }) => out.ascii(`${time.moment.seconds}.${time.nanosecondDigits}`),
  X: ({ out }, { payload }, field) => printHex(out, field, payload, 'X'),
  x: ({ out }, { payload }, field) => printHex(out, field, payload, 'x'),
};

/** The parameters that print the time. */
const TIMED = 'IjJU';

type Step = (printing: Printing, message: PrintedMessage) => void;

const compilers: { [Kind in FormatPart['kind']]: (part: Extract<FormatPart, { kind: Kind }>) => Step } = {
  text: ({ text }) => {
    const bytes = Buffer.from(text);
    return ({ out }) => out.raw(bytes);
  },
  parameter: ({ letter, field }) => {
    const print = parameters[letter]!;
    return (printing, message) => print(printing, message, field);
  },
  time: ({ character }) => {
    if (character === 'N') return ({ out, time }) => out.ascii(time.nanosecondDigits);
    const text = timeText(character);
    return ({ out, time }) => out.text(text(time));
  },
};

function compile<Part extends FormatPart>(part: Part): Step {
  return (compilers[part.kind] as (part: Part) => Step)(part);
}

/** All that a message prints has one and the same time. */
function formattedPrinter(format: string, { eol, pretty }: PrintOptions, world: PrintWorld): MessagePrinter {
  const parts = parseFormat(format);
  if (eol) parts.push({ kind: 'text', text: '\n' });
  const steps = parts.map(compile);
  const isTimed = parts.some(
    (part) => part.kind === 'time' || (part.kind === 'parameter' && TIMED.includes(part.letter)),
  );
  const out = new PrintBuffer();
  const time = new LocalTime();
  const printing = { out, json: new JsonWriter(out, pretty), time, warn: (text: string) => world.warn(text) };
  return (message) => {
    if (isTimed) time.set(world.now());
    for (const step of steps) step(printing, message);
    return out.take();
  };
}

/** Compiled once: returns the function that turns a message into the bytes to write, which are the caller's. */
export function messagePrinter(options: PrintOptions, world: PrintWorld): MessagePrinter {
  const { format, watch } = options;
  if (format === undefined) return plainPrinter(options);
  const print = formattedPrinter(format, options, world);
  return watch ? watching(print) : print;
}
