// What can go wrong for a user of the client, as one class with a code that a program can switch on.
import { MqttError, type Properties, ReasonCode, reasonName } from '../protocol/index.js';

/**
 * - `invalid`: an argument that cannot be meant (a wildcard in a topic name, an unknown option, …)
 * - `unreachable`: no connection could be made; `cause` has the system's error
 * - `refused`: the server answered CONNECT with a refusal; `reason` says why
 * - `timeout`: no answer in time
 * - `lost`: the connection broke, and this operation does not outlive it
 * - `ended`: the client was disconnected by its own program
 * - `rejected`: the server refused this publish, subscribe or unsubscribe; `reason` says why
 * - `unsupported`: the server has said that it cannot do this (QoS, retain, packet size, …)
 * - `queue-full`: more is waiting to be sent than the limits of the queue allow
 * - `protocol`: the server broke the rules of MQTT, or says that we did
 * - `store`: the session store failed
 */
export type ClientErrorCode =
  | 'invalid'
  | 'unreachable'
  | 'refused'
  | 'timeout'
  | 'lost'
  | 'ended'
  | 'rejected'
  | 'unsupported'
  | 'queue-full'
  | 'protocol'
  | 'store';

export interface ClientErrorDetails {
  /** A reason code of MQTT 5; return codes of MQTT 3 are turned into the reason codes that mean the same. */
  reason?: number | undefined;
  properties?: Properties | undefined;
  returnCode?: number | undefined;
  packetId?: number | undefined;
  cause?: unknown;
}

export class ClientError extends Error {
  readonly code: ClientErrorCode;
  readonly reason: number | undefined;
  /** What came with the server's refusal: reason string, server reference, user properties. */
  readonly properties: Properties | undefined;
  /** The return code of an MQTT 3 CONNACK, as it came. */
  readonly returnCode: number | undefined;
  /** Of the message that was refused. */
  readonly packetId: number | undefined;

  constructor(code: ClientErrorCode, text: string, details: ClientErrorDetails = {}) {
    const { reason, properties, returnCode, packetId, cause } = details;
    super(text, cause === undefined ? undefined : { cause });
    this.name = 'ClientError';
    this.code = code;
    this.reason = reason;
    this.properties = properties;
    this.returnCode = returnCode;
    this.packetId = packetId;
  }
}

/** What the server said: the name of the reason code, and its reason string if it sent one. */
export function reasonText(reason: number, properties?: Properties): string {
  const text = properties?.reasonString;
  return text === undefined ? reasonName(reason) : `${reasonName(reason)}: ${text}`;
}

/** The return codes of MQTT 3 CONNACK as reason codes (MQTT 3.1.1 section 3.2.2.3). */
const returnCodes: readonly number[] = [
  ReasonCode.Success,
  ReasonCode.UnsupportedProtocolVersion,
  ReasonCode.ClientIdentifierNotValid,
  ReasonCode.ServerUnavailable,
  ReasonCode.BadUserNameOrPassword,
  ReasonCode.NotAuthorized,
];

/** The reason code for a return code of MQTT 3. */
export function reasonOfReturnCode(code: number): number {
  return returnCodes[code] ?? ReasonCode.UnspecifiedError;
}

/** What the codec says of an argument. */
export function asInvalid(error: unknown): unknown {
  const isCodec = error instanceof MqttError || error instanceof TypeError || error instanceof RangeError;
  return isCodec ? new ClientError('invalid', error.message, { cause: error }) : error;
}

/** What the program asked for makes no sense. */
export function invalid(text: string): ClientError {
  return new ClientError('invalid', text);
}
