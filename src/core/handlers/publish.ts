// PUBLISH from a client (MQTT 5 section 3.3): checked, routed, acknowledged. The broker's hot path begins here.
import {
  isValidUtf8Payload,
  MAX_TOPIC_BYTES,
  MqttError,
  PacketType,
  protocolError,
  ReasonCode,
  readPublish,
  reasonIsValid,
  topicLevels,
} from '../../protocol/index.js';
import type { Connection } from '../connection.js';
import type { Message } from '../message.js';
import type { Topic } from '../topic-cache.js';

export function publish(
  connection: Connection,
  bytes: Uint8Array,
  start: number,
  body: number,
  end: number,
  owned: boolean,
): boolean {
  const { engine } = connection;
  const session = connection.session!;
  const message = engine.incoming;
  message.reuse(owned);
  readPublish(message, bytes, start, body, end, connection.version);
  message.topic = topicOf(connection, message);
  message.publisher = session;
  message.publisherId = session.clientId;
  checkLimits(connection, message);
  if (message.expiryAt !== 0) message.expiresAt = engine.now() + message.messageExpiryInterval! * 1000;
  engine.metrics.publishBytesReceived += end - message.payloadStart;
  // a QoS 2 message that came before was routed before [MQTT-4.3.3-10]
  if (message.qos === 2 && session.received !== null && session.received.has(message.packetId)) {
    engine.packets?.receivedPublish(connection, message);
    connection.acknowledge(PacketType.PUBREC, message.packetId, ReasonCode.Success);
    return true;
  }
  if (engine.decisions.asksBeforePublish || message.topic.isSpecial) return ask(connection, message);
  if (engine.hooks.mayPublish.length > 0 && !engine.decisions.mayPublish(connection, message.topic.text)) {
    engine.packets?.deniedPublish(connection, message);
    refuse(connection, message.qos, message.packetId, ReasonCode.NotAuthorized, 'not authorized');
    return true;
  }
  engine.packets?.receivedPublish(connection, message);
  if (
    message.qos === 0 &&
    !message.retain &&
    engine.packets === null &&
    engine.run.begin(message, engine.router.route(message.topic), session)
  )
    return true;
  accept(connection, message);
  return true;
}

/** The topic by its name or its alias [MQTT-3.3.2-7]. */
function topicOf(connection: Connection, message: Message): Topic {
  const { topicStart, topicEnd, topicAlias } = message;
  if (topicStart === topicEnd && topicAlias !== 0) {
    const known = aliases(connection).get(topicAlias);
    if (known.cached) return known;
    const again = connection.engine.topics.intern(known.bytes, 0, known.bytes.length);
    aliases(connection).set(topicAlias, again);
    return again;
  }
  let topic = connection.lastTopic;
  if (topic === null || !topic.cached || !topic.equals(message.bytes, topicStart, topicEnd)) {
    topic = connection.engine.topics.intern(message.bytes, topicStart, topicEnd);
    connection.lastTopic = topic;
  }
  if (topicAlias !== 0) aliases(connection).set(topicAlias, topic);
  return topic;
}

function aliases(connection: Connection): NonNullable<Connection['aliasesIn']> {
  if (connection.aliasesIn === null)
    throw new MqttError(ReasonCode.TopicAliasInvalid, 'topic aliases are not available');
  return connection.aliasesIn;
}

function checkLimits(connection: Connection, message: Message): void {
  if (message.qos > connection.maxQos)
    throw new MqttError(ReasonCode.QoSNotSupported, `QoS ${message.qos} is not allowed here`); // [MQTT-3.2.2-11]
  if (message.retain && !connection.mayRetain)
    throw new MqttError(ReasonCode.RetainNotSupported, 'retained messages are not allowed here'); // [MQTT-3.2.2-14]
  if (message.hasSubscriptionIdentifier)
    throw protocolError('PUBLISH from a client has a subscription identifier'); // [MQTT-3.3.4-6]
}

/** Somebody has to be asked first, and may take time. */
function ask(connection: Connection, message: Message): boolean {
  const { engine } = connection;
  const decision = engine.decisions.decidePublish(connection, message);
  if (!(decision instanceof Promise)) {
    return settle(connection, message, decision);
  }
  const kept = message.keep(engine.slab);
  kept.publisher = connection.session;
  connection.later(decision, (value) => settle(connection, kept, value));
  return false;
}

/** A message to be published, or a reason code against it. Returns false when the connection has to wait. */
function settle(connection: Connection, message: Message, decision: Message | number): boolean {
  const { packets } = connection.engine;
  if (typeof decision !== 'number') {
    packets?.receivedPublish(connection, message);
    if (message.topic.isControl) return control(connection, message);
    accept(connection, decision, message.qos, message.packetId);
    return true;
  }
  if (decision === ReasonCode.QuotaExceeded) packets?.droppedPublish(connection, message);
  else packets?.deniedPublish(connection, message);
  refuse(connection, message.qos, message.packetId, decision, 'not authorized');
  return true;
}

/** A message for the broker itself: acknowledged when it has been dealt with. */
function control(connection: Connection, message: Message): boolean {
  const { qos, packetId } = message;
  const { topic } = message;
  const acknowledge = (isSomebodys: boolean): void => {
    if (qos === 2) connection.session!.receive(packetId, connection.receiveLimit);
    const type = qos === 1 ? PacketType.PUBACK : PacketType.PUBREC;
    if (qos > 0) connection.acknowledge(type, packetId, ReasonCode.Success);
    if (!isSomebodys) tellUnavailable(connection, topic);
  };
  const done = connection.engine.decisions.control(connection, message);
  if (done instanceof Promise) {
    connection.later(done, acknowledge);
    return false;
  }
  acknowledge(done);
  return true;
}

/** As Mosquitto: to the sender, whatever it has subscribed to, so that it does not wait for an answer. */
function tellUnavailable(connection: Connection, { text, bytes }: Topic): void {
  const { engine } = connection;
  const topic = `${text}/response`;
  const isTooLong = bytes.length + '/response'.length > MAX_TOPIC_BYTES;
  if (isTooLong || topicLevels(topic) > engine.options.maxTopicLevels) return;
  const payload = '{"error": "endpoint not available"}';
  connection.sendQoS0(engine.makeMessage({ topic, payload }, ''), false, null);
}

function refuse(connection: Connection, qos: number, packetId: number, reason: number, text: string): void {
  connection.engine.metrics.publishRefused++;
  if (qos === 0) return;
  // a plugin may answer with a code that these packets do not have [MQTT-3.4.2-1] [MQTT-3.5.2-1]
  const type = qos === 1 ? PacketType.PUBACK : PacketType.PUBREC;
  const code = reasonIsValid(type, reason) ? reason : ReasonCode.ImplementationSpecificError;
  connection.refusePublish(type, packetId, code, text);
}

/** Routes a message and acknowledges it, once what the acknowledgement promises is safe [MQTT-3.3.4-1]. */
function accept(
  connection: Connection,
  message: Message,
  qos = message.qos,
  packetId = message.packetId,
): void {
  const { engine } = connection;
  const { validatePayloadFormat, retainAvailable } = engine.options;
  if (
    validatePayloadFormat &&
    message.payloadFormat === 1 &&
    !isValidUtf8Payload(message.bytes, message.payloadStart, message.end)
  ) {
    return refuse(connection, qos, packetId, ReasonCode.PayloadFormatInvalid, 'payload is not UTF-8');
  }
  if (message.retain && retainAvailable && !engine.retained.hasRoomFor(message)) {
    return refuse(connection, qos, packetId, ReasonCode.QuotaExceeded, 'no room for more retained messages');
  }
  // one that was refused is not remembered [MQTT-4.3.3-9]
  if (qos === 2) connection.session!.receive(packetId, connection.receiveLimit);
  // taken over first, then acknowledged [MQTT-4.3.2-4] [MQTT-4.3.3-8]
  const matched = engine.publish(message);
  // its identifier is not remembered: it stands for a new message the next time [MQTT-4.3.2-5]
  if (qos === 1)
    connection.acknowledge(
      PacketType.PUBACK,
      packetId,
      matched ? ReasonCode.Success : ReasonCode.NoMatchingSubscribers,
    );
  else if (qos === 2) connection.acknowledge(PacketType.PUBREC, packetId, ReasonCode.Success);
}
