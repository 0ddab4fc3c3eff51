// Everything that is counted, as plain numbers: reading them costs nothing, and neither does adding one.
import { PacketType } from '../protocol/index.js';

export class Metrics {
  /** Bytes and packets on the wire. */
  bytesReceived = 0;
  bytesSent = 0;
  /** By packet type number (1 CONNECT … 15 AUTH). */
  readonly packetsReceived: number[] = new Array(16).fill(0);
  readonly packetsSent: number[] = new Array(16).fill(0);

  /** What of those sent has left for the network, or was thrown away with its connection. */
  bytesGone = 0;
  packetsGone = 0;

  publishBytesReceived = 0;
  publishBytesSent = 0;

  /** Messages that a subscriber should have had and did not get, by reason. */
  droppedSlowSubscriber = 0;
  droppedQueueFull = 0;
  droppedExpired = 0;
  droppedTooLarge = 0;
  droppedByPlugin = 0;
  /** QoS 0 for a session that is offline. */
  droppedOffline = 0;
  /** In flight or queued when their session ended. */
  droppedSessionEnded = 0;
  /** Publishes that were refused: not authorized, over a limit. */
  publishRefused = 0;

  connectionsOpened = 0;
  connectionsClosed = 0;
  connectionsRefused = 0;
  connectionsCurrent = 0;
  clientsConnected = 0;
  clientsMaximum = 0;
  sessionsCurrent = 0;
  sessionsExpired = 0;
  sessionsTakenOver = 0;
  subscriptionsCurrent = 0;
  sharedSubscriptionsCurrent = 0;
  retainedCurrent = 0;
  retainedBytes = 0;
  /** Payloads alone. */
  retainedPayloadBytes = 0;
  queuedMessages = 0;
  queuedBytes = 0;
  /** Messages that are kept for sessions, queued or in flight: each once, however many sessions it is for. */
  heldMessages = 0;
  /** Payloads of those. */
  heldPayloadBytes = 0;
  willsSent = 0;
  keepAliveTimeouts = 0;
  protocolErrors = 0;
  authenticationFailures = 0;
  /** Connections that were refused because of their address, and clients because of a ban. */
  refusedPerAddress = 0;
  refusedBanned = 0;
  bansMade = 0;
  bansCurrent = 0;
  /** How often a client was not read for a while because of its rate, and how often one was sent away for it. */
  clientsSlowedDown = 0;
  clientsTooFast = 0;
  authorizationFailures = 0;
  hookFailures = 0;
  storeCommits = 0;
  storeFailures = 0;
  /** Records that could not be read at the start. */
  storeUnreadable = 0;

  get publishReceived(): number {
    return this.packetsReceived[PacketType.PUBLISH]!;
  }

  get publishSent(): number {
    return this.packetsSent[PacketType.PUBLISH]!;
  }

  /** Bytes that wait for connections that are behind. */
  get outputBytes(): number {
    return this.bytesSent - this.bytesGone;
  }

  /** Packets that wait for connections that are behind. */
  get outputPackets(): number {
    return this.packetsSent.reduce((sum, count) => sum + count, -this.packetsGone);
  }

  /** All that subscribers missed. */
  get messagesDropped(): number {
    return (
      this.droppedSlowSubscriber +
      this.droppedQueueFull +
      this.droppedExpired +
      this.droppedTooLarge +
      this.droppedByPlugin +
      this.droppedSessionEnded
    );
  }
}
