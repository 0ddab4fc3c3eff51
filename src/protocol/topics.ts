// Topic names and topic filters (MQTT 5 section 4.7 and 4.8.2): what is valid, and what matches what.
// `topicMatches` is the plain definition of matching; the trees in core are tested against it.
import { MqttError, malformed, protocolError } from './error.js';
import { ReasonCode } from './reason-codes.js';
import { hasControlCharacter } from './utf8.js';

/** How many levels a topic may have unless an option says otherwise (Mosquitto allows 200 slashes). */
export const DEFAULT_MAX_TOPIC_LEVELS = 201;

/** Topics and filters have at most this many bytes of UTF-8 [MQTT-4.7.3-3]. */
export const MAX_TOPIC_BYTES = 65_535;

/** The number of levels: slashes and one. */
export function topicLevels(topic: string): number {
  let levels = 1;
  for (let at = topic.indexOf('/'); at !== -1; at = topic.indexOf('/', at + 1)) levels++;
  return levels;
}

/** At least one character, no wildcard, no U+0000 [MQTT-4.7.0-1] [MQTT-4.7.3-1] [MQTT-4.7.3-2]. */
export function isTopicName(topic: string): boolean {
  return topic.length > 0 && !topic.includes('+') && !topic.includes('#') && !topic.includes('\0');
}

/** Wildcards only as whole levels, `#` only as the last one [MQTT-4.7.1-1] [MQTT-4.7.1-2]. */
export function isTopicFilter(filter: string): boolean {
  if (filter.length === 0 || filter.includes('\0')) return false;
  const last = filter.length - 1;
  for (let at = 0; at <= last; at++) {
    const character = filter[at];
    if (character !== '+' && character !== '#') continue;
    if (at > 0 && filter[at - 1] !== '/') return false;
    if (character === '#' ? at !== last : at !== last && filter[at + 1] !== '/') return false;
  }
  return true;
}

/** Whether a filter has a wildcard. */
export function hasWildcard(filter: string): boolean {
  return filter.includes('+') || filter.includes('#');
}

/** A subscription's filter taken apart: `$share/{group}/{filter}`, or a filter with no group. */
export interface ParsedFilter {
  /** The share name, or null for an ordinary subscription. */
  group: string | null;
  filter: string;
}

/**
 * Checks a filter as it stands in SUBSCRIBE or UNSUBSCRIBE [MQTT-4.8.2-1] [MQTT-4.8.2-2]. Throws a malformed
 * packet, a protocol error for a wrong `$share`, and 0x8F for more levels than are allowed.
 */
export function parseTopicFilter(text: string, maxLevels = DEFAULT_MAX_TOPIC_LEVELS): ParsedFilter {
  const parsed = splitShare(text);
  if (!isTopicFilter(parsed.filter) || hasControlCharacter(text)) {
    throw malformed(`${quoted(text)} is not a topic filter`);
  }
  if (topicLevels(parsed.filter) > maxLevels) {
    throw new MqttError(ReasonCode.TopicFilterInvalid, `topic filter has more than ${maxLevels} levels`);
  }
  return parsed;
}

/** Text of a stranger, made safe and short for a message. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}

function splitShare(text: string): ParsedFilter {
  if (!text.startsWith('$share/') && text !== '$share') return { group: null, filter: text };
  const end = text.indexOf('/', 7);
  const group = end === -1 ? '' : text.slice(7, end);
  if (group.length === 0 || hasWildcard(group) || end === text.length - 1) {
    throw protocolError(`${quoted(text)} is not $share/{name}/{filter}`);
  }
  return { group, filter: text.slice(end + 1) };
}

/** Whether a topic name matches a topic filter (without `$share`): the definition, not the fast way. */
export function topicMatches(filter: string, topic: string): boolean {
  const filterLevels = filter.split('/');
  const levels = topic.split('/');
  // a wildcard in the first level does not match topics that begin with $ [MQTT-4.7.2-1]
  if (topic.startsWith('$') && (filterLevels[0] === '+' || filterLevels[0] === '#')) return false;
  for (let i = 0; i < filterLevels.length; i++) {
    const level = filterLevels[i];
    if (level === '#') return true;
    if (i >= levels.length || (level !== '+' && level !== levels[i])) return false;
  }
  return filterLevels.length === levels.length;
}
