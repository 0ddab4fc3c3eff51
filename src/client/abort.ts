// Abort signals: what waits for the server stops waiting when the program says so.

interface Waiting<T> {
  resolve: ((value: T) => void) | null;
  reject: ((error: unknown) => void) | null;
}

/** Calls `abort` when the signal aborts; what is returned takes that back. */
export function onAbort(signal: AbortSignal, abort: () => void): () => void {
  signal.addEventListener('abort', abort, { once: true });
  return () => signal.removeEventListener('abort', abort);
}

/** Calls `abort` when the signal aborts before the waiting is over. */
export function whileWaiting<T>(waiting: Waiting<T>, signal: AbortSignal, abort: () => void): void {
  const { resolve, reject } = waiting;
  const forget = onAbort(signal, abort);
  waiting.resolve = (value) => {
    forget();
    resolve?.(value);
  };
  waiting.reject = (error) => {
    forget();
    reject?.(error);
  };
}

/** An abort stops waiting. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => reject(signal.reason));
    void work.then(resolve, reject).finally(forget);
  });
}
