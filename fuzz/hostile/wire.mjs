// MQTT packets made and cut by hand, so that the hostile runs share no code with the broker that they attack:
// nothing here checks anything, and every lie that a packet can tell can be told.

export const Type = {
  CONNECT: 1,
  CONNACK: 2,
  PUBLISH: 3,
  PUBACK: 4,
  PUBREC: 5,
  PUBREL: 6,
  PUBCOMP: 7,
  SUBSCRIBE: 8,
  SUBACK: 9,
  UNSUBSCRIBE: 10,
  UNSUBACK: 11,
  PINGREQ: 12,
  PINGRESP: 13,
  DISCONNECT: 14,
};

export const PINGREQ = Buffer.from([0xc0, 0]);
export const NO_PROPERTIES = Buffer.from([0]);

export function varint(value) {
  const bytes = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.from(bytes);
}

export function uint16(value) {
  return Buffer.from([value >> 8, value & 0xff]);
}

export function string(text) {
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text);
  return Buffer.concat([uint16(bytes.length), bytes]);
}

/** A whole packet from its first byte and what follows the fixed header. */
export function packet(first, ...parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Buffer.from([first]), varint(length), ...parts]);
}

/** Properties from pairs of identifier and value; how a value is written follows from the identifier. */
export function properties(pairs = []) {
  const parts = pairs.map(([id, value]) => Buffer.concat([Buffer.from([id]), propertyValue(id, value)]));
  const bytes = Buffer.concat(parts);
  return Buffer.concat([varint(bytes.length), bytes]);
}

const FOUR_BYTES = new Set([0x02, 0x11, 0x18, 0x27]);
const TWO_BYTES = new Set([0x13, 0x21, 0x22, 0x23]);

function propertyValue(id, value) {
  if (FOUR_BYTES.has(id)) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  }
  if (TWO_BYTES.has(id)) return uint16(value);
  if (id === 0x0b) return varint(value);
  if (id === 0x26) return Buffer.concat([string(value[0]), string(value[1])]);
  return typeof value === 'number' ? Buffer.from([value]) : string(value);
}

export const Property = {
  MESSAGE_EXPIRY: 0x02,
  SUBSCRIPTION_IDENTIFIER: 0x0b,
  SESSION_EXPIRY: 0x11,
  WILL_DELAY: 0x18,
  RECEIVE_MAXIMUM: 0x21,
  TOPIC_ALIAS_MAXIMUM: 0x22,
  TOPIC_ALIAS: 0x23,
};

export function connect({
  version = 5,
  clientId = '',
  clean = true,
  keepAlive = 0,
  will,
  sessionExpiry = 0,
  receiveMaximum,
  extra = [],
} = {}) {
  const flags =
    (clean ? 2 : 0) |
    (will === undefined ? 0 : 4 | ((will.qos ?? 0) << 3) | (will.retain === true ? 0x20 : 0));
  const list = [...extra];
  if (sessionExpiry > 0) list.push([Property.SESSION_EXPIRY, sessionExpiry]);
  if (receiveMaximum !== undefined) list.push([Property.RECEIVE_MAXIMUM, receiveMaximum]);
  const parts = [string('MQTT'), Buffer.from([version, flags]), uint16(keepAlive)];
  if (version === 5) parts.push(properties(list));
  parts.push(string(clientId));
  if (will !== undefined) {
    const delay = will.delay > 0 ? [[Property.WILL_DELAY, will.delay]] : [];
    if (version === 5) parts.push(properties(delay));
    parts.push(string(will.topic), string(will.payload ?? ''));
  }
  return packet(0x10, ...parts);
}

export function publish({
  topic,
  payload = '',
  qos = 0,
  retain = false,
  dup = false,
  id = 1,
  version = 5,
  extra = [],
}) {
  const first = 0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  const parts = [string(topic)];
  if (qos > 0) parts.push(uint16(id));
  if (version === 5) parts.push(extra.length === 0 ? NO_PROPERTIES : properties(extra));
  parts.push(Buffer.isBuffer(payload) ? payload : Buffer.from(payload));
  return packet(first, ...parts);
}

/** `filters`: texts, or pairs of text and options byte. */
export function subscribe({ id = 1, filters, qos = 0, version = 5, identifier = 0 }) {
  const parts = [uint16(id)];
  if (version === 5)
    parts.push(properties(identifier > 0 ? [[Property.SUBSCRIPTION_IDENTIFIER, identifier]] : []));
  for (const filter of filters) {
    const [text, options] = typeof filter === 'string' ? [filter, qos] : filter;
    parts.push(string(text), Buffer.from([options]));
  }
  return packet(0x82, ...parts);
}

export function unsubscribe({ id = 1, filters, version = 5 }) {
  const parts = [uint16(id), ...(version === 5 ? [NO_PROPERTIES] : [])];
  return packet(0xa2, ...parts, ...filters.map(string));
}

/** PUBACK, PUBREC, PUBREL or PUBCOMP. */
export function acknowledgement(type, id) {
  return Buffer.from([(type << 4) | (type === Type.PUBREL ? 2 : 0), 2, id >> 8, id & 0xff]);
}

export function disconnect(reason = 0, version = 5) {
  return version === 5 && reason !== 0 ? Buffer.from([0xe0, 1, reason]) : Buffer.from([0xe0, 0]);
}

/** Cuts what a broker sends into packets: `take(first, bytes, start, end)` for each, in place. */
export class Cutter {
  #kept = null;

  push(chunk, take) {
    const bytes = this.#kept === null ? chunk : Buffer.concat([this.#kept, chunk]);
    let at = 0;
    for (;;) {
      let length = 0;
      let body = at + 1;
      let isWhole = false;
      for (let shift = 0; body < bytes.length && shift < 28; shift += 7) {
        const byte = bytes[body++];
        length |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
          isWhole = true;
          break;
        }
      }
      if (!isWhole || body + length > bytes.length) break;
      take(bytes[at], bytes, body, body + length);
      at = body + length;
    }
    this.#kept = at === bytes.length ? null : bytes.subarray(at);
  }
}

/** What matters of a PUBLISH that a broker sent. */
export function readPublish(first, bytes, start, end, version) {
  const qos = (first >> 1) & 3;
  const topicEnd = start + 2 + bytes.readUInt16BE(start);
  let at = topicEnd;
  let id = 0;
  if (qos > 0) {
    id = bytes.readUInt16BE(at);
    at += 2;
  }
  let alias = 0;
  if (version === 5) {
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (length === 3 && bytes[at] === Property.TOPIC_ALIAS) alias = bytes.readUInt16BE(at + 1);
    at += length;
  }
  return {
    topic: bytes.toString('utf8', start + 2, topicEnd),
    qos,
    retain: (first & 1) === 1,
    dup: (first & 8) !== 0,
    id,
    alias,
    payload: bytes.subarray(at, end),
  };
}
