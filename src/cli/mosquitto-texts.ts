// The words of Mosquitto's clients for return codes, reason codes and errors: scripts look for them.

const reasons: Readonly<Record<number, string>> = {
  0: 'Success',
  1: 'Granted QoS 1',
  2: 'Granted QoS 2',
  4: 'Disconnect with Will Message',
  16: 'No matching subscribers',
  17: 'No subscription existed',
  24: 'Continue authentication',
  25: 'Re-authenticate',
  128: 'Unspecified error',
  129: 'Malformed Packet',
  130: 'Protocol Error',
  131: 'Implementation specific error',
  132: 'Unsupported Protocol Version',
  133: 'Client Identifier not valid',
  134: 'Bad User Name or Password',
  135: 'Not authorized',
  136: 'Server unavailable',
  137: 'Server busy',
  138: 'Banned',
  139: 'Server shutting down',
  140: 'Bad authentication method',
  141: 'Keep Alive timeout',
  142: 'Session taken over',
  143: 'Topic Filter invalid',
  144: 'Topic Name invalid',
  145: 'Packet Identifier in use',
  146: 'Packet Identifier not found',
  147: 'Receive Maximum exceeded',
  148: 'Topic Alias invalid',
  149: 'Packet too large',
  150: 'Message rate too high',
  151: 'Quota exceeded',
  152: 'Administrative action',
  153: 'Payload format invalid',
  154: 'Retain not supported',
  155: 'QoS not supported',
  156: 'Use another server',
  157: 'Server moved',
  158: 'Shared Subscriptions not supported',
  159: 'Connection rate exceeded',
  160: 'Maximum connect time',
  161: 'Subscription identifiers not supported',
  162: 'Wildcard Subscriptions not supported',
};

/** What a reason code of MQTT 5 says. */
export function reasonWords(reason: number): string {
  return reasons[reason] ?? 'Unknown reason';
}

const returnCodes: readonly string[] = [
  'Connection Accepted',
  'Connection Refused: unacceptable protocol version',
  'Connection Refused: identifier rejected',
  'Connection Refused: broker unavailable',
  'Connection Refused: bad user name or password',
  'Connection Refused: not authorised',
];

/** What a return code of MQTT 3 says. */
export function returnCodeWords(code: number): string {
  return returnCodes[code] ?? 'Connection Refused: unknown reason';
}

/** Mosquitto's own error numbers, which are exit codes too, and their texts. */
export const MosquittoError = {
  notConnected: [4, 'The client is not currently connected'],
  protocol: [2, 'A network protocol error occurred when communicating with the broker'],
  refused: [5, 'The connection was refused'],
  lost: [7, 'The connection was lost'],
  authorisation: [11, 'Authorisation failed'],
  /** An error of the system, which TLS errors count as. */
  system: [14, 'Protocol error'],
  lookup: [15, 'Lookup error'],
  proxy: [16, 'Proxy error'],
  malformed: [21, 'Malformed packet'],
  oversize: [25, 'Packet larger than supported by the server'],
  timeout: [27, 'Timed out'],
} as const;

/** What the C library says of errors of the system. */
const systemErrors: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EADDRINUSE: 'Address already in use',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EEXIST: 'File exists',
  EFBIG: 'File too large',
  EHOSTUNREACH: 'No route to host',
  EINVAL: 'Invalid argument',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
  ENETUNREACH: 'Network is unreachable',
  ENOENT: 'No such file or directory',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  ENOTSOCK: 'Socket operation on non-socket',
  EPERM: 'Operation not permitted',
  EPIPE: 'Broken pipe',
  EPROTOTYPE: 'Protocol wrong type for socket',
  EROFS: 'Read-only file system',
  ETIMEDOUT: 'Connection timed out',
  ETXTBSY: 'Text file busy',
};

/** The text for a system's error code; the code itself where there is none. */
export function systemErrorWords(code: string): string {
  return systemErrors[code] ?? code;
}

/** The text for what went wrong with a file. */
export function fileErrorWords(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return systemErrorWords(code || message);
}
