// A message as JSON, for %j and %J: its fields, their order and names are interface. cJSON would lose messages that
// have an empty text or empty data among their properties (mosquitto_sub: "Error: Out of memory."); here they are "".
import type { Properties } from '../protocol/properties.js';
import { isoTimeWithFraction, type LocalTime } from '../time/local-time.js';
import { writeJsonPayload } from './json-payload.js';
import type { JsonWriter } from './json-writer.js';
import type { PrintedMessage } from './plain-printer.js';

type WriteProperty = (json: JsonWriter, name: string, value: unknown) => void;

const text: WriteProperty = (json, name, value) => {
  json.key(name);
  json.text(value as string);
};
const number: WriteProperty = (json, name, value) => {
  json.key(name);
  json.number(value as number);
};
const numbers: WriteProperty = (json, name, value) => {
  for (const one of value as number[]) number(json, name, one);
};
const data: WriteProperty = (json, name, value) => {
  json.key(name);
  json.bytes(value as Uint8Array);
};
/** Each an object of its own, as a name may stand more than once. */
const pairs: WriteProperty = (json, name, value) => {
  json.key(name);
  json.beginArray();
  for (const [key, of] of value as [string, string][]) {
    json.element();
    json.beginObject();
    text(json, key, of);
    json.endObject();
  }
  json.endArray();
};

/** The properties that a PUBLISH may have. */
const properties: { readonly [Name in keyof Properties]?: readonly [name: string, write: WriteProperty] } = {
  payloadFormatIndicator: ['payload-format-indicator', number],
  messageExpiryInterval: ['message-expiry-interval', number],
  contentType: ['content-type', text],
  responseTopic: ['response-topic', text],
  correlationData: ['correlation-data', data],
  subscriptionIdentifier: ['subscription-identifier', numbers],
  topicAlias: ['topic-alias', number],
  userProperties: ['user-properties', pairs],
};

/** In the order in which they came. */
function writeProperties(json: JsonWriter, values: Properties): void {
  let any = false;
  for (const name in values) {
    const value = values[name as keyof Properties];
    const entry = properties[name as keyof Properties];
    if (value === undefined || entry === undefined) continue;
    if (!any) {
      json.key('properties');
      json.beginObject();
      any = true;
    }
    entry[1](json, entry[0], value);
  }
  if (any) json.endObject();
}

/** With the payload as a string; or, with `isJson`, as it is: then false, and nothing written, when it is not JSON. */
export function writeMessageJson(
  json: JsonWriter,
  message: PrintedMessage,
  time: LocalTime,
  isJson: boolean,
): boolean {
  const { payload } = message;
  const start = json.out.length;
  json.reset();
  json.beginObject();
  text(json, 'tst', isoTimeWithFraction(time));
  text(json, 'topic', message.topic);
  number(json, 'qos', message.qos);
  json.key('retain');
  json.literal(message.retain ? 'true' : 'false');
  number(json, 'payloadlen', payload.length);
  if (message.qos > 0) number(json, 'mid', message.packetId);
  writeProperties(json, message.properties);
  json.key('payload');
  if (payload.length === 0) json.literal('null');
  else if (!isJson) json.bytes(payload);
  else if (!writeJsonPayload(payload, json)) {
    json.out.cut(start);
    return false;
  }
  json.endObject();
  return true;
}
