// The property table against chapter 3 of MQTT 5: every property in every packet, alone, twice, and with
// values that its type can carry and the specification forbids. PUBLISH is tried in both of its readers.
import { describe, expect, it } from 'vitest';
import { reasonOf } from '../../fuzz/refusal.js';
import {
  mayRepeat,
  type PropertyPacket,
  propertiesAllowedIn,
  propertyKinds,
  propertyNames,
  propertyPackets,
} from '../../fuzz/specification.js';
import { Reader, Writer } from './bytes.js';
import {
  decodeProperties,
  encodeProperties,
  MAX_PROPERTIES,
  type Properties,
  type PropertyName,
  type PropertyType,
  propertyRules,
} from './properties.js';
import { Publish, readPublish } from './publish.js';
import { ReasonCode } from './reason-codes.js';

const packets = Object.keys(propertyPackets) as PropertyPacket[];

/** An encoded value of each type, and what it is decoded to. */
const samples: Record<PropertyType, { bytes: number[]; value: unknown }> = {
  byte: { bytes: [1], value: 1 },
  uint16: { bytes: [0xfe, 0x01], value: 0xfe01 },
  uint32: { bytes: [0xff, 0, 0, 1], value: 0xff000001 },
  variableByteInteger: { bytes: [0x80, 0x01], value: [128] },
  string: { bytes: [0, 2, 0xc3, 0xa9], value: 'é' },
  binary: { bytes: [0, 2, 0x00, 0xff], value: Uint8Array.from([0, 255]) },
  pair: { bytes: [0, 1, 0x6b, 0, 1, 0x76], value: [['k', 'v']] },
};

function sampleOf(name: PropertyName): number[] {
  const { id, type } = propertyKinds[name];
  return [id, ...samples[type].bytes];
}

function withLength(list: number[]): Uint8Array {
  const writer = new Writer();
  writer.variableByteInteger(list.length);
  writer.raw(Uint8Array.from(list));
  return writer.bytes();
}

function decode(list: number[], packet: PropertyPacket): Properties {
  const bytes = withLength(list);
  const reader = new Reader(bytes, 0, bytes.length);
  const properties = decodeProperties(reader, propertyPackets[packet]);
  expect(reader.remaining).toBe(0);
  return properties;
}

/** Reads the same properties in a PUBLISH in place. */
function readInPlace(list: number[]): Publish {
  const bytes = Uint8Array.from([0x30, 0, 0, 1, 0x61, ...withLength(list)]);
  const view = new Publish();
  readPublish(view, bytes, 0, 2, bytes.length, 5);
  return view;
}

describe('the property table', () => {
  it('has every property of the specification, with its identifier and type', () => {
    const table = propertyRules.map(({ id, name, type }) => ({ name, id, type }));
    const expected = propertyNames.map((name) => {
      const { id, type } = propertyKinds[name];
      return { name, id, type };
    });
    expect(table).toEqual(expected);
  });

  for (const packet of packets) {
    const allowed = propertiesAllowedIn[packet];

    describe(`in ${packet}`, () => {
      it.each(propertyNames.filter((name) => allowed.includes(name)))('allows %s', (name) => {
        expect(decode(sampleOf(name), packet)).toEqual({ [name]: samples[propertyKinds[name].type].value });
        if (packet === 'publish') expect(() => readInPlace(sampleOf(name))).not.toThrow();
      });

      it.each(propertyNames.filter((name) => !allowed.includes(name)))('forbids %s', (name) => {
        expect(reasonOf(() => decode(sampleOf(name), packet))).toBe(ReasonCode.MalformedPacket);
        if (packet === 'publish') expect(reasonOf(() => readInPlace(sampleOf(name)))).toBe(0x81);
        const value = samples[propertyKinds[name].type].value;
        expect(() => encodeProperties(new Writer(), { [name]: value }, propertyPackets[packet])).toThrow();
      });

      it('takes each property once, except those that may repeat', () => {
        for (const name of allowed) {
          const twice = [...sampleOf(name), ...sampleOf(name)];
          const expected = mayRepeat(name, packet) ? undefined : ReasonCode.ProtocolError;
          expect(
            reasonOf(() => decode(twice, packet)),
            name,
          ).toBe(expected);
          if (packet === 'publish')
            expect(
              reasonOf(() => readInPlace(twice)),
              name,
            ).toBe(expected);
        }
      });

      it('takes any two different properties in either order', () => {
        for (const one of allowed) {
          for (const other of allowed) {
            if (one === other) continue;
            const both = [...sampleOf(one), ...sampleOf(other)];
            expect(Object.keys(decode(both, packet)), `${one}, ${other}`).toEqual([one, other]);
            if (packet === 'publish')
              expect(
                reasonOf(() => readInPlace(both)),
                `${one}, ${other}`,
              ).toBeUndefined();
          }
        }
      });

      it('refuses values that the specification forbids', () => {
        for (const name of allowed) {
          const { id, type, forbidden } = propertyKinds[name];
          for (const value of forbidden ?? []) {
            const writer = new Writer();
            writer.byte(id);
            if (type === 'byte') writer.byte(value);
            else if (type === 'uint16') writer.uint16(value);
            else if (type === 'uint32') writer.uint32(value);
            else writer.variableByteInteger(value);
            const list = [...writer.bytes()];
            expect(
              reasonOf(() => decode(list, packet)),
              `${name} ${value}`,
            ).toBe(ReasonCode.ProtocolError);
            if (packet === 'publish')
              expect(
                reasonOf(() => readInPlace(list)),
                name,
              ).toBe(0x82);
          }
        }
      });

      it('refuses a property cut anywhere', () => {
        for (const name of allowed) {
          const whole = sampleOf(name);
          for (let length = 1; length < whole.length; length++) {
            const cut = whole.slice(0, length);
            expect(
              reasonOf(() => decode(cut, packet)),
              `${name} ${length}`,
            ).toBe(ReasonCode.MalformedPacket);
            if (packet === 'publish')
              expect(
                reasonOf(() => readInPlace(cut)),
                `${name} ${length}`,
              ).toBe(0x81);
          }
        }
      });
    });
  }
});

describe('properties', () => {
  it('with an unknown identifier are malformed, also one of several bytes', () => {
    const known = new Set<number>(propertyNames.map((name) => propertyKinds[name].id));
    for (let id = 0; id < 128; id++) {
      if (known.has(id)) continue;
      expect(
        reasonOf(() => decode([id, 0, 0, 0, 0], 'connack')),
        `${id}`,
      ).toBe(ReasonCode.MalformedPacket);
      expect(
        reasonOf(() => readInPlace([id, 0, 0, 0, 0])),
        `${id}`,
      ).toBe(ReasonCode.MalformedPacket);
    }
    for (const id of [
      [0x80, 0x01],
      [0xa3, 0x01],
      [0xff, 0xff, 0xff, 0x7f],
    ]) {
      expect(reasonOf(() => decode([...id, 0, 0], 'publish'))).toBe(ReasonCode.MalformedPacket);
      expect(reasonOf(() => readInPlace([...id, 0, 0]))).toBe(ReasonCode.MalformedPacket);
    }
  });

  it('with an identifier in a longer form than needed are malformed [MQTT-1.5.5-1]', () => {
    expect(reasonOf(() => decode([0x81, 0x00, 1], 'publish'))).toBe(ReasonCode.MalformedPacket);
    expect(reasonOf(() => readInPlace([0x81, 0x00, 1]))).toBe(ReasonCode.MalformedPacket);
  });

  it('of none at all are an object without keys, and a length of 0 [MQTT-2.2.2-1]', () => {
    expect(decode([], 'connect')).toEqual({});
    for (const none of [undefined, {}, { contentType: undefined }]) {
      const writer = new Writer();
      encodeProperties(writer, none, propertyPackets.publish);
      expect([...writer.bytes()]).toEqual([0]);
    }
  });

  it('must not be longer than the packet', () => {
    for (const bytes of [[], [1], [5, 1, 1], [0x80], [0xff, 0xff, 0xff, 0x7f, 1]]) {
      const reader = new Reader(Uint8Array.from(bytes), 0, bytes.length);
      expect(reasonOf(() => decodeProperties(reader, propertyPackets.publish))).toBe(
        ReasonCode.MalformedPacket,
      );
    }
  });

  it('that run past the property length are malformed although the packet goes on', () => {
    // length 2, then a content type of three bytes of which one is inside
    const bytes = Uint8Array.from([0x30, 0, 0, 1, 0x61, 2, 0x03, 0, 1, 0x61, 0x62]);
    const reader = new Reader(bytes, 5, bytes.length);
    expect(reasonOf(() => decodeProperties(reader, propertyPackets.publish))).toBe(
      ReasonCode.MalformedPacket,
    );
    expect(reasonOf(() => readPublish(new Publish(), bytes, 0, 2, bytes.length, 5))).toBe(0x81);
  });

  it('keep user properties in order, repeated names included [MQTT-3.3.2-18] [MQTT-3.1.3-10]', () => {
    const userProperties: [string, string][] = [
      ['b', '1'],
      ['a', '2'],
      ['b', '1'],
      ['', ''],
      ['__proto__', 'x'],
    ];
    for (const packet of packets) {
      const writer = new Writer();
      encodeProperties(writer, { userProperties }, propertyPackets[packet]);
      const read = decodeProperties(new Reader(writer.bytes(), 0, writer.length), propertyPackets[packet]);
      expect(read).toEqual({ userProperties });
      expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    }
  });

  it('check both halves of a pair, and every string [MQTT-1.5.7-1] [MQTT-3.3.2-13] [MQTT-3.3.2-19]', () => {
    for (const bad of [[0x00], [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80]]) {
      const text = [0, bad.length, ...bad];
      for (const list of [
        [0x26, ...text, 0, 1, 0x61],
        [0x26, 0, 1, 0x61, ...text],
        [0x03, ...text],
        [0x08, ...text],
      ]) {
        expect(reasonOf(() => decode(list, 'publish'))).toBe(ReasonCode.MalformedPacket);
        expect(reasonOf(() => readInPlace(list))).toBe(ReasonCode.MalformedPacket);
      }
    }
  });

  it('are at most so many in one packet', () => {
    const pair = sampleOf('userProperties');
    const most = new Array<number[]>(MAX_PROPERTIES).fill(pair).flat();
    expect(decode(most, 'publish').userProperties).toHaveLength(MAX_PROPERTIES);
    expect(() => readInPlace(most)).not.toThrow();
    expect(reasonOf(() => decode([...most, ...pair], 'publish'))).toBe(ReasonCode.QuotaExceeded);
    expect(reasonOf(() => readInPlace([...most, ...pair]))).toBe(ReasonCode.QuotaExceeded);
  });

  it('with a name that does not exist are a mistake of the caller', () => {
    const unknown = { contenttype: 'x' } as Properties;
    expect(() => encodeProperties(new Writer(), unknown, propertyPackets.publish)).toThrow(TypeError);
  });
});
