// HTTP requests of plugins, which must not let a slow or hostile server take the broker along: connections are kept
// and few, those who wait for one are counted, all has a time limit, answers have a size, redirections are not followed.
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';

export interface RequesterOptions {
  /** Milliseconds from asking to the end of the answer, waiting for a connection included. */
  readonly timeoutMs: number;
  /** Connections, and so requests at the same time. */
  readonly concurrency: number;
  /** Requests that may wait for a connection. */
  readonly queue: number;
  /** Bytes of an answer; one that is longer is an error. */
  readonly maxAnswer: number;
  /** Certificates of authorities to trust instead of the usual ones (PEM). */
  readonly ca?: string | undefined;
}

export interface HttpQuestion {
  readonly method: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path and query, as they are to be sent. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** There is no connection for a request, and too many wait for one. */
export class RequesterBusyError extends Error {
  override readonly name = 'RequesterBusyError';
}

interface Waiting {
  run(): void;
}

export class HttpRequester {
  readonly #options: RequesterOptions;
  readonly #agents: { readonly 'http:': HttpAgent; readonly 'https:': HttpsAgent };
  readonly #waiting = new Set<Waiting>();
  /** Of requests that are under way or wait. */
  readonly #limits = new Set<AbortController>();
  #running = 0;

  constructor(options: RequesterOptions) {
    this.#options = options;
    const { concurrency, ca } = options;
    const sockets = {
      keepAlive: true,
      maxSockets: concurrency,
      maxFreeSockets: concurrency,
      timeout: 30_000,
    };
    this.#agents = { 'http:': new HttpAgent(sockets), 'https:': new HttpsAgent({ ...sockets, ca }) };
  }

  /** Rejects with RequesterBusyError, or with what went wrong; no message has a path, a header or a body in it. */
  async ask(question: HttpQuestion): Promise<HttpAnswer> {
    const limit = new AbortController();
    const { signal } = limit;
    const timer = setTimeout(
      () => limit.abort(new Error(`no answer within ${this.#options.timeoutMs / 1000} s`)),
      this.#options.timeoutMs,
    );
    this.#limits.add(limit);
    try {
      await this.#enter(signal);
      try {
        return await this.#send(question, signal);
      } finally {
        this.#leave();
      }
    } finally {
      clearTimeout(timer);
      this.#limits.delete(limit);
    }
  }

  /** Resolves when a connection is free. */
  #enter(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#running < this.#options.concurrency) {
      this.#running++;
      return Promise.resolve();
    }
    if (this.#waiting.size >= this.#options.queue)
      return Promise.reject(new RequesterBusyError('too many requests are under way'));
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiting.delete(waiting);
        reject(signal.reason);
      };
      const waiting = {
        run: () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(waiting);
    });
  }

  /** The place goes to who waits longest. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running--;
      return;
    }
    this.#waiting.delete(next);
    next.run();
  }

  #send(question: HttpQuestion, signal: AbortSignal): Promise<HttpAnswer> {
    const { method, origin, path, headers, body } = question;
    const url = new URL(origin);
    const isSecure = url.protocol === 'https:';
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    return new Promise((resolve, reject) => {
      const request = (isSecure ? requestHttps : requestHttp)({
        method,
        protocol: url.protocol,
        // an address of IPv6 stands in brackets in a URL only
        hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
        port: url.port === '' ? undefined : url.port,
        path,
        headers: { ...headers, ...length },
        agent: this.#agents[isSecure ? 'https:' : 'http:'],
        signal,
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        // the abort's own error says less than its reason
        if (signal.aborted) return reject(signal.reason);
        // a server may end a kept connection just when it is used again
        const wasLeft = request.reusedSocket && error.code === 'ECONNRESET';
        if (wasLeft) this.#send(question, signal).then(resolve, reject);
        else reject(error);
      });
      request.on('response', (response) => this.#read(response, signal).then(resolve, reject));
      request.end(body);
    });
  }

  async #read(response: IncomingMessage, signal: AbortSignal): Promise<HttpAnswer> {
    const pieces: Buffer[] = [];
    let length = 0;
    try {
      for await (const piece of response as AsyncIterable<Buffer>) {
        length += piece.length;
        // leaving the loop destroys the connection
        if (length > this.#options.maxAnswer)
          throw new Error(`an answer of more than ${this.#options.maxAnswer} bytes`);
        pieces.push(piece);
      }
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
    return { status: response.statusCode ?? 0, body: Buffer.concat(pieces) };
  }

  /** Ends all connections; what is under way rejects. */
  close(): void {
    for (const limit of this.#limits) limit.abort(new Error('the plugin was stopped'));
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }
}
