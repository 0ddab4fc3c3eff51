// The reason codes against chapter 3's lists, and the return codes of MQTT 3.
import { describe, expect, it } from 'vitest';
import { reasonCodesOf } from '../../fuzz/specification.js';
import { MqttError, malformed, protocolError } from './error.js';
import { PacketType } from './packet-types.js';
import { connackReturnCode, ReasonCode, reasonIsValid, reasonName } from './reason-codes.js';

const statements: Record<string, string> = {
  connack: '[MQTT-3.2.2-8]',
  puback: '[MQTT-3.4.2-1]',
  pubrec: '[MQTT-3.5.2-1]',
  pubrel: '[MQTT-3.6.2-1]',
  pubcomp: '[MQTT-3.7.2-1]',
  suback: '[MQTT-3.9.3-2]',
  unsuback: '[MQTT-3.11.3-2]',
  disconnect: '[MQTT-3.14.2-1]',
  auth: '[MQTT-3.15.2-1]',
};

describe('reason codes', () => {
  for (const [name, type] of Object.entries(PacketType)) {
    const packet = name.toLowerCase();
    it(`of ${name} are those that the specification lists ${statements[packet] ?? ''}`.trim(), () => {
      const accepted = Array.from({ length: 256 }, (_, code) => code).filter((code) =>
        reasonIsValid(type, code),
      );
      expect(accepted).toEqual(reasonCodesOf[packet] ?? []);
    });
  }

  it('have a name and a text each, and no two share a value', () => {
    const values = Object.values(ReasonCode);
    expect(new Set(values).size).toBe(values.length);
    const listed = new Set(Object.values(reasonCodesOf).flat());
    expect(new Set(values)).toEqual(listed);
    for (const value of values) expect(reasonName(value)).toMatch(/^[a-zQ][A-Za-z0-2 -]+$/);
    expect(ReasonCode.QuotaExceeded).toBe(0x97);
    expect(ReasonCode.WildcardSubscriptionsNotSupported).toBe(0xa2);
  });

  it('that do not exist are named by number', () => {
    expect(reasonName(0x03)).toBe('unknown reason code 0x03');
    expect(reasonName(0xff)).toBe('unknown reason code 0xff');
  });

  it.each([
    ['Success', 0],
    ['UnsupportedProtocolVersion', 1],
    ['ClientIdentifierNotValid', 2],
    ['ServerUnavailable', 3],
    ['ServerBusy', 3],
    ['QuotaExceeded', 3],
    ['BadUserNameOrPassword', 4],
    ['NotAuthorized', 5],
    ['Banned', 5],
  ] as const)('%s is return code %i in MQTT 3', (name, code) => {
    expect(connackReturnCode(ReasonCode[name])).toBe(code);
  });

  it('have a return code between 0 and 5 in MQTT 3, or none: close without an answer [MQTT3-3.2.2-6]', () => {
    for (const code of Object.values(ReasonCode)) {
      const returned = connackReturnCode(code);
      expect(returned === 0).toBe(code === 0);
      if (returned !== undefined) expect(returned).toBeLessThanOrEqual(5);
    }
    expect(connackReturnCode(ReasonCode.MalformedPacket)).toBeUndefined();
    expect(connackReturnCode(ReasonCode.ProtocolError)).toBeUndefined();
  });
});

describe('an error', () => {
  it('carries a reason code and a text', () => {
    const error = new MqttError(ReasonCode.QuotaExceeded);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'MqttError', reason: 0x97, message: 'quota exceeded' });
    expect(malformed('x')).toMatchObject({ reason: 0x81, message: 'x' });
    expect(protocolError('y')).toMatchObject({ reason: 0x82, message: 'y' });
  });
});
