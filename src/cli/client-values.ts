// Values of flags as Mosquitto's clients understand them: numbers as C reads them (what follows the digits is ignored,
// a text without digits is 0), and the checks of topics, texts and output formats. Error texts are interface.
import {
  DEFAULT_MAX_TOPIC_LEVELS,
  isTopicFilter,
  isTopicName,
  MAX_TOPIC_BYTES,
  topicLevels,
} from '../protocol/topics.js';
import { hasControlCharacter } from '../protocol/utf8.js';

const LONG_MAX = 2n ** 63n - 1n;
const LONG_MIN = -(2n ** 63n);
const leadingInteger = /^[ \t-\r]*([+-]?)(\d+)/;
const wholeInteger = /^[ \t-\r]*([+-]?)(?:(0x[\da-f]+)|0([0-7]+)|(0|[1-9]\d*))$/i;
const leadingFloat = /^[ \t-\r]*([+-]?)(0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf)/i;

function saturated(sign: string, magnitude: bigint): bigint {
  const value = sign === '-' ? -magnitude : magnitude;
  return value > LONG_MAX ? LONG_MAX : value < LONG_MIN ? LONG_MIN : value;
}

/** A decimal number of 64 bits, as by atol(). */
export function readLong(text: string): bigint {
  const found = leadingInteger.exec(text);
  return found === null ? 0n : saturated(found[1]!, BigInt(found[2]!));
}

/** A decimal number of 32 bits, as by atoi(): a larger one loses its upper bits. */
export function readInt(text: string): number {
  return Number(BigInt.asIntN(32, readLong(text)));
}

/** A decimal, hexadecimal or octal number that is the whole text, as by strtol(); undefined for other texts. */
export function readWholeLong(text: string): bigint | undefined {
  const found = wholeInteger.exec(text);
  if (found === null) return undefined;
  const [, sign, hexadecimal, octal, decimal] = found;
  return saturated(sign!, BigInt(hexadecimal ?? (octal === undefined ? decimal! : `0o${octal}`)));
}

/** A decimal fraction, as by atof(). */
export function readFloat(text: string): number {
  const found = leadingFloat.exec(text);
  if (found === null) return 0;
  const magnitude = /^inf/i.test(found[2]!) ? Number.POSITIVE_INFINITY : Number(found[2]);
  return found[1] === '-' ? -magnitude : magnitude;
}

/** Text that libmosquitto lets into a packet: no control characters, no non-characters, not too long. */
export function isPlainText(text: string): boolean {
  return !hasControlCharacter(text) && Buffer.byteLength(text) <= MAX_TOPIC_BYTES + 1;
}

function hasTopicSize(topic: string): boolean {
  return topicLevels(topic) <= DEFAULT_MAX_TOPIC_LEVELS && Buffer.byteLength(topic) <= MAX_TOPIC_BYTES;
}

/** A topic that may be published to. */
export function isPublishTopic(topic: string): boolean {
  return isTopicName(topic) && hasTopicSize(topic);
}

/** What is wrong with a topic to publish to; `flag` and `what` name it in the text. */
export function topicProblem(topic: string, flag: string, what: string): string | undefined {
  if (!isPlainText(topic)) return `Error: Malformed UTF-8 in ${flag} argument.\n\n`;
  if (isPublishTopic(topic)) return undefined;
  return `Error: Invalid ${what} topic '${topic}', does it contain '+' or '#'?\n`;
}

/** What is wrong with a topic filter. */
export function filterProblem(filter: string, flag: string, what: string): string | undefined {
  if (!isPlainText(filter)) return `Error: Malformed UTF-8 in ${flag} argument.\n\n`;
  if (isTopicFilter(filter) && hasTopicSize(filter)) return undefined;
  return `Error: Invalid ${what} topic '${filter}', are all '+' and '#' wildcards correct?\n`;
}
