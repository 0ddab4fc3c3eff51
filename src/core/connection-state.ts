// The states of a connection, and the largest packet: for connection.ts and the handlers, which load each other.

/** NEW waits for CONNECT; CONNECTING is between CONNECT and CONNACK, while somebody is asked. */
export const State = { NEW: 0, CONNECTING: 1, CONNECTED: 2, CLOSED: 3 } as const;

/** Ends that are nobody's fault, in the words of their `text`. */
export const Ending = {
  GOODBYE: 'client disconnected',
  CLOSED: 'connection closed by client',
  NO_CONNECT: 'no CONNECT in time',
  TLS: 'the client speaks TLS, and this listener does not',
} as const;

/** The largest packet that MQTT can carry. */
export const MAX_PACKET_SIZE = 268_435_460;
