// MQTT 3.1, 3.1.1 and 5 as pure functions: no input or output, no node: import. Published as pondhawk/protocol.

export {
  MAX_VARIABLE_BYTE_INTEGER,
  Reader,
  variableByteIntegerSize,
  Writer,
  writeUint32,
  writeVariableByteInteger,
} from './bytes.js';
export { decodeConnect, decodeOne, decodePacket, decodeSubscribe, decodeUnsubscribe } from './decode.js';
export {
  acknowledgementNames,
  decodeAnswer,
  decodeAuth,
  decodeDisconnect,
  decodeOneAnswer,
} from './decode-answers.js';
export { encodePacket } from './encode.js';
export { encodeRequest, type Request } from './encode-requests.js';
export { MqttError, malformed, protocolError } from './error.js';
export { FrameReader, type FrameSink } from './frames.js';
export { nextPacketId, PacketIdSet } from './packet-ids.js';
export {
  firstByte,
  flagsAreValid,
  PacketType,
  type PacketTypeName,
  type ProtocolVersion,
  packetTypeNames,
} from './packet-types.js';
export type * from './packets.js';
export {
  decodeProperties,
  encodeProperties,
  MAX_PROPERTIES,
  type Properties,
  type PropertyName,
  type PropertyRule,
  type PropertyType,
  propertyRules,
  WILL,
} from './properties.js';
export {
  copyBytes,
  Publish,
  type PublishVariant,
  propertiesAsObject,
  publishProperties,
  publishVariantSize,
  readPublish,
  readPublishWith,
  topicText,
  writePublishHead,
} from './publish.js';
export { connackReturnCode, ReasonCode, reasonIsValid, reasonName } from './reason-codes.js';
export { InboundTopicAliases, OutboundTopicAliases } from './topic-aliases.js';
export {
  DEFAULT_MAX_TOPIC_LEVELS,
  hasWildcard,
  isTopicFilter,
  isTopicName,
  MAX_TOPIC_BYTES,
  type ParsedFilter,
  parseTopicFilter,
  topicLevels,
  topicMatches,
} from './topics.js';
export { decodeUtf8, encodeUtf8, hasControlCharacter, isValidUtf8, isValidUtf8Payload } from './utf8.js';
