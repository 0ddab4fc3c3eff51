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
}

function problem([code, words]: readonly [number, string], more = ''): Problem {
  return { code, text: `Error: ${words}${more === '' ? '' : `: ${more}`}\n` };
}

const UNREACHABLE = 1;
const lookupErrors = ['ERR_INVALID_IP_ADDRESS', 'ENOTFOUND', 'EAI_AGAIN', 'ENODATA'];
/** Of a connection that was there. */
const brokenErrors = ['ECONNRESET', 'EPIPE'];
const tlsErrors = /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|ERR_CRYPTO|HOSTNAME)/;

/** What a SOCKS5 proxy answered, by what the library says of it. */
const proxyErrors: readonly (readonly [RegExp, readonly [number, string]])[] = [
  [/no accepted authentication type/, MosquittoError.authorisation],
  [/Authentication failed/, MosquittoError.proxy],
  [/rejected connection/, MosquittoError.notConnected],
  [/./, MosquittoError.proxy],
];

/** What the system, TLS or a proxy said. */
export function unreachable(error: unknown): Problem {
  const given = error instanceof AggregateError ? error.errors[0] : error;
  const { code = '', message } = given as NodeJS.ErrnoException;
  if (lookupErrors.includes(code))
    return { code: UNREACHABLE, text: `Unable to connect (${MosquittoError.lookup[1]}).\n` };
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
      return unreachable(error.cause ?? error);
    case 'protocol':
      return problem(error.reason === 0x81 ? MosquittoError.malformed : MosquittoError.protocol);
    case 'invalid':
      return problem([UNREACHABLE, error.message]);
    default:
      // the server said goodbye, or was gone
      return problem(error.reason === undefined ? MosquittoError.lost : MosquittoError.notConnected);
  }
}
