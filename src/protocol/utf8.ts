// UTF-8 as MQTT wants it (MQTT 5 section 1.5.4): well-formed, no surrogates, no U+0000, a byte order mark kept.
import { type MqttError, malformed } from './error.js';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const controlCharacter = /[\p{Cc}\p{Noncharacter_Code_Point}]/u;
const hasLoneSurrogate = /\p{Surrogate}/u;

/** Up to this length a TextDecoder call costs more than looking at each byte. */
const SHORT = 64;

/** Decodes and checks a string [MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT-1.5.4-3]; throws a malformed packet. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT && isPlainAscii(bytes, start, end)) {
    return String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[]);
  }
  let text: string;
  try {
    text = decoder.decode(bytes.subarray(start, end));
  } catch {
    throw invalidString();
  }
  if (text.includes('\0')) throw invalidString();
  return text;
}

export function invalidString(): MqttError {
  return malformed('string is not valid UTF-8, or contains U+0000');
}

function isPlainAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === 0 || bytes[at]! >= 0x80) return false;
  return true;
}

/** Well-formed UTF-8 without U+0000. Surrogates and overlong forms are not well-formed. */
export function isValidUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  return scan(bytes, start, end, true);
}

/** Well-formed UTF-8 where U+0000 is allowed: the payload of a message with payload format 1. */
export function isValidUtf8Payload(bytes: Uint8Array, start: number, end: number): boolean {
  return scan(bytes, start, end, false);
}

function scan(bytes: Uint8Array, start: number, end: number, refuseNull: boolean): boolean {
  let at = start;
  while (at < end) {
    const first = bytes[at]!;
    if (first < 0x80) {
      if (first === 0 && refuseNull) return false;
      at++;
      continue;
    }
    // the allowed range of the second byte depends on the first (Unicode, table 3-7)
    let low = 0x80;
    let high = 0xbf;
    let more: number;
    if (first >= 0xc2 && first <= 0xdf) more = 1;
    else if (first >= 0xe0 && first <= 0xef) {
      more = 2;
      if (first === 0xe0) low = 0xa0;
      else if (first === 0xed) high = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
      more = 3;
      if (first === 0xf0) low = 0x90;
      else if (first === 0xf4) high = 0x8f;
    } else return false;
    if (at + more >= end) return false;
    const second = bytes[at + 1]!;
    if (second < low || second > high) return false;
    for (let i = 2; i <= more; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return false;
    at += more + 1;
  }
  return true;
}

/**
 * Control characters and non-characters (MQTT 5 section 1.5.4: a receiver may refuse them). They are refused in
 * topics, as by Mosquitto: topics are shown on terminals and in logs.
 */
export function hasControlCharacter(text: string): boolean {
  return controlCharacter.test(text);
}

/** Encodes a string; throws where MQTT could not carry it. */
export function encodeUtf8(text: string): Uint8Array {
  if (hasLoneSurrogate.test(text)) throw malformed('string has an unpaired surrogate');
  if (text.includes('\0')) throw malformed('string contains U+0000');
  return encoder.encode(text);
}
