// The signals that the broker listens to (mosquitto(8), SIGNALS).

export interface SignalActions {
  /** SIGHUP: reads the configuration again and opens log files anew. */
  reload(): Promise<void>;
  /** SIGRTMIN: opens log files anew. */
  rotate(): void;
  /** SIGUSR1: saves. */
  save(): void;
  /** SIGUSR2: prints sessions and subscriptions. */
  print(): void;
}

/** SIGRTMIN on Linux, which has no name in Node. */
const RTMIN = 34;

interface RawSignal {
  onsignal: () => void;
  start(number: number): number;
  unref(): void;
}

/** A signal by its number, where the runtime lets us; without it the signal would end the broker. */
function onNumber(number: number, run: () => void): void {
  const { binding } = process as unknown as {
    binding?: (name: string) => { Signal?: new () => RawSignal };
  };
  if (process.platform !== 'linux') return;
  const quiet = process as { noDeprecation?: boolean };
  const before = quiet.noDeprecation;
  // it is known that this is no documented interface
  quiet.noDeprecation = true;
  try {
    const { Signal } = binding?.('signal_wrap') ?? {};
    if (Signal === undefined) return;
    const signal = new Signal();
    signal.unref();
    signal.onsignal = run;
    signal.start(number);
  } catch {
    // this runtime has it somewhere else
  } finally {
    if (before === undefined) delete quiet.noDeprecation;
    else quiet.noDeprecation = before;
  }
}

/** Resolves when SIGINT or SIGTERM comes; a second one ends the process at once. */
export function handleSignals(actions: SignalActions): Promise<void> {
  process.on('SIGHUP', () => void actions.reload());
  process.on('SIGUSR1', () => actions.save());
  process.on('SIGUSR2', () => actions.print());
  onNumber(RTMIN, () => actions.rotate());
  return new Promise((resolve) => {
    let count = 0;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (++count > 1) process.exit(1);
        resolve();
      });
    }
  });
}
