// What a tool says, and exits with, when there is no connection or it breaks: the words and numbers of Mosquitto's
// clients, since scripts depend on them, and what the system said where that helps.
import type { ClientError } from '../client/errors.js';
import type { ToolConfig } from './client-config.js';
import { MosquittoError, reasonWords, returnCodeWords, systemErrorWords } from './mosquitto-texts.js';

export interface Problem {
  /** What goes to standard error. */
  readonly text: string;
  /** The exit code. */
  readonly code: number;
  /** What OpenSSL says of a handshake that has failed, or of a connection that it has ended, for -d. */
  readonly tls?: string;
}

function problem([code, words]: readonly [number, string], more = ''): Problem {
  return { code, text: `Error: ${words}${more === '' ? '' : `: ${more}`}\n` };
}

const UNREACHABLE = 1;
const lookupErrors = ['ERR_INVALID_IP_ADDRESS', 'ENOTFOUND', 'EAI_AGAIN', 'ENODATA'];
/** Of a connection that was there. */
const brokenErrors = ['ECONNRESET', 'EPIPE'];
const untrusted = /^(ERR_TLS_CERT|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|HOSTNAME|INVALID_)/;
const tlsErrors = /^(ERR_TLS|ERR_SSL|ERR_OSSL|ERR_CRYPTO)/;

const HANDSHAKE_CUT = /^Client network socket disconnected before secure TLS connection/;
const handshakeErrors = {
  /** Node looks at the certificate by itself, after the handshake. */
  untrusted: ['0A000086', 'certificate verify failed'],
  cut: ['0A000126', 'unexpected eof while reading'],
} as const;

/** The number and the words of OpenSSL for what ended a handshake; Node writes them among other things. */
function opensslError({ code = '', message }: NodeJS.ErrnoException): readonly [string, string] | undefined {
  const [, number, words] = /error:([\dA-F]{8}):SSL routines:[^:]*:([^:]+)/.exec(message) ?? [];
  // as newer versions say it
  if (number !== undefined) return [number, words!.replace(/^sslv3 alert/, 'ssl/tls alert')];
  if (HANDSHAKE_CUT.test(message)) return handshakeErrors.cut;
  return untrusted.test(code) ? handshakeErrors.untrusted : undefined;
}

/** With -d, OpenSSL's words stand in a line of their own, as with the original; without, the reason is told here. */
function handshakeProblem(error: NodeJS.ErrnoException, isDebug: boolean): Problem | undefined {
  const found = opensslError(error);
  if (found === undefined) return undefined;
  const [number, words] = found;
  const more = found === handshakeErrors.untrusted ? `${words}: ${error.message}` : words;
  return {
    ...problem(MosquittoError.system, isDebug ? '' : more),
    tls: `error:${number}:SSL routines::${words}`,
  };
}

/** With TLS 1.3 a server may refuse a client, for its certificate, that takes the handshake for done. */
function brokenTls(cause: unknown): Pick<Problem, 'tls'> {
  const tls = cause instanceof Error ? handshakeProblem(cause, true)?.tls : undefined;
  return tls === undefined ? {} : { tls };
}

/** What a SOCKS5 proxy answered, by what the library says of it. */
const proxyErrors: readonly (readonly [RegExp, readonly [number, string]])[] = [
  [/no accepted authentication type/, MosquittoError.authorisation],
  [/Authentication failed/, MosquittoError.proxy],
  [/rejected connection/, MosquittoError.notConnected],
  [/./, MosquittoError.proxy],
];

/** What the system, TLS or a proxy said; `isDebug`: with -d. */
export function unreachable(error: unknown, isDebug = false): Problem {
  const given = error instanceof AggregateError ? error.errors[0] : error;
  const { code = '', message } = given as NodeJS.ErrnoException;
  if (lookupErrors.includes(code))
    return { code: UNREACHABLE, text: `Unable to connect (${MosquittoError.lookup[1]}).\n` };
  const handshake = handshakeProblem(given as NodeJS.ErrnoException, isDebug);
  if (handshake !== undefined) return handshake;
  if (brokenErrors.includes(code)) return problem(MosquittoError.lost);
  if (tlsErrors.test(code)) return problem(MosquittoError.system, message);
  if (/socks/i.test(message)) return problem(proxyErrors.find(([text]) => text.test(message))![1], message);
  return problem([UNREACHABLE, code === '' ? message : systemErrorWords(code)]);
}

function refused({ version, tool }: ToolConfig, { reason = 0x80, returnCode }: ClientError): Problem {
  // rr knows the words of MQTT 5 only, even for return codes of MQTT 3
  const isReason = returnCode === undefined || (tool === 'rr' && version !== 5);
  const words = isReason ? reasonWords(returnCode ?? reason) : returnCodeWords(returnCode);
  const isVersion = version === 5 && reason === 0x84 && tool !== 'rr';
  const hint = isVersion ? '. Try connecting to an MQTT v5 broker, or use MQTT v3.x mode.' : '';
  const isKnown = returnCode !== undefined && returnCode <= 5;
  const more = tool === 'pub' ? problem(isKnown ? MosquittoError.refused : MosquittoError.protocol).text : '';
  return { code: returnCode ?? reason, text: `Connection error: ${words}${hint}\n${more}` };
}

/** What to say of an error of the client. */
export function connectProblem(config: ToolConfig, error: ClientError): Problem {
  switch (error.code) {
    case 'refused':
      return refused(config, error);
    case 'unreachable':
    case 'timeout':
      return unreachable(error.cause ?? error, config.debug);
    case 'protocol':
      return problem(error.reason === 0x81 ? MosquittoError.malformed : MosquittoError.protocol);
    case 'invalid':
      return problem([UNREACHABLE, error.message]);
    default:
      // the server said goodbye, or was gone
      if (error.reason !== undefined) return problem(MosquittoError.notConnected);
      return { ...problem(MosquittoError.lost), ...brokenTls(error.cause) };
  }
}
