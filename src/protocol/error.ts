// The one error that protocol and engine throw: a reason code with a text that says what was wrong.
// One place (core/connection.ts) turns it into a CONNACK, a DISCONNECT or a close, and one log line.
import { ReasonCode, reasonName } from './reason-codes.js';

export class MqttError extends Error {
  /** A reason code of 0x80 or above (MQTT 5 section 2.4). */
  readonly reason: number;

  constructor(reason: number, text?: string) {
    super(text ?? reasonName(reason));
    this.name = 'MqttError';
    this.reason = reason;
  }
}

/** The packet cannot be parsed (MQTT 5 section 4.13, reason code 0x81). */
export function malformed(text: string): MqttError {
  return new MqttError(ReasonCode.MalformedPacket, text);
}

/** The packet can be parsed but breaks a rule (MQTT 5 section 4.13, reason code 0x82). */
export function protocolError(text: string): MqttError {
  return new MqttError(ReasonCode.ProtocolError, text);
}
