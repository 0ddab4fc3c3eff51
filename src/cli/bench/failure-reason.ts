// Failures by reason: what went wrong in words that are the same for every client, so that they can be counted.
import { ClientError, type ClientErrorCode } from '../../client/errors.js';
import { reasonName } from '../../protocol/index.js';

const systemReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed',
  ETIMEDOUT: 'no answer from the host',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name cannot be looked up now',
  EMFILE: 'too many open files; raise the limit with ulimit -n',
  EADDRNOTAVAIL: 'no local port is left; give more addresses of this machine with --ifaddr',
  EADDRINUSE: 'no local port is left; give more addresses of this machine with --ifaddr',
};

const clientReasons: Readonly<Partial<Record<ClientErrorCode, string>>> = {
  timeout: 'no answer in time',
  lost: 'connection closed by the server',
  ended: 'connection ended',
  'queue-full': 'queue of the client full',
};

const before: Readonly<Partial<Record<ClientErrorCode, string>>> = {
  refused: 'refused by the server: ',
  rejected: 'refused by the server: ',
  lost: 'disconnected: ',
};

/** What the client says of these is better than the name of the reason code. */
const verbatim: ReadonlySet<ClientErrorCode> = new Set(['protocol', 'unsupported', 'invalid']);

interface SystemError {
  code: string;
  message: string;
}

/** The error of Node behind that of the client. */
function systemError(error: unknown): SystemError | undefined {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  if (!(error instanceof ClientError) && typeof code === 'string') return error as SystemError;
  return cause === undefined ? undefined : systemError(cause);
}

export function failureReason(error: unknown): string {
  const system = systemError(error);
  if (system !== undefined) return systemReasons[system.code] ?? system.message;
  if (!(error instanceof ClientError)) return error instanceof Error ? error.message : String(error);
  if (verbatim.has(error.code)) return error.message;
  if (error.reason !== undefined) return `${before[error.code] ?? ''}${reasonName(error.reason)}`;
  return clientReasons[error.code] ?? error.message;
}

/** Whether no server was there that could have refused. */
export function isAbsence(error: unknown): boolean {
  return error instanceof ClientError && (error.code === 'unreachable' || error.code === 'timeout');
}
