// Prints messages without a format: the payload, or topic and payload. It stands alone because most runs of
// `pondhawk sub` need no more, and what they load decides how soon they subscribe.
import type { Properties } from '../protocol/properties.js';

export interface PrintedMessage {
  topic: string;
  payload: Uint8Array;
  qos: 0 | 1 | 2;
  retain: boolean;
  /** 0 at QoS 0. */
  packetId: number;
  /** In the order in which they came. */
  properties: Properties;
}

export interface PrintOptions {
  /** -F; overrides `verbose`. */
  format: string | undefined;
  /** -v: the topic, too. */
  verbose: boolean;
  /** --pretty: white space in what %j and %J print. */
  pretty: boolean;
  /** A line end after each message; false is -N. */
  eol: boolean;
  /** -w: every topic has its line on the screen. */
  watch: boolean;
}

/** Returns the bytes to write, which are the caller's. */
export type MessagePrinter = (message: PrintedMessage) => Uint8Array;

type PlainOptions = Omit<PrintOptions, 'format' | 'pretty'>;

const SPACE = 0x20;
const NEWLINE = 10;
const NOTHING: Uint8Array = Buffer.alloc(0);
const NULL: Uint8Array = Buffer.from('(null)');

/** An empty payload is shown, unless there is no line to show it on. */
function verbosePrinter(eol: boolean): MessagePrinter {
  return ({ topic, payload }) => {
    if (payload.length === 0 && !eol) return NOTHING;
    const shown = payload.length === 0 ? NULL : payload;
    const size = Buffer.byteLength(topic);
    const bytes = Buffer.allocUnsafe(size + 1 + shown.length + (eol ? 1 : 0));
    bytes.write(topic);
    bytes[size] = SPACE;
    bytes.set(shown, size + 1);
    if (eol) bytes[bytes.length - 1] = NEWLINE;
    return bytes;
  };
}

/** Nothing is printed for an empty payload, not even a line end. */
function payloadPrinter(eol: boolean): MessagePrinter {
  return ({ payload }) => {
    const { length } = payload;
    if (length === 0) return NOTHING;
    const bytes = Buffer.allocUnsafe(eol ? length + 1 : length);
    bytes.set(payload);
    if (eol) bytes[length] = NEWLINE;
    return bytes;
  };
}

/** What -w writes to standard output before anything else: an empty screen, and the broker in its first line. */
export function watchHeader(host: string): Uint8Array {
  return Buffer.from(`\x1b[2J\x1b[1;1HBroker: ${host}\n`);
}

/** Puts each topic on a line of its own, in the order of their first messages, and the cursor below them. */
export function watching(print: MessagePrinter): MessagePrinter {
  const lines = new Map<string, Uint8Array>();
  let bottom: Uint8Array = NOTHING;
  return (message) => {
    let line = lines.get(message.topic);
    if (line === undefined) {
      const row = lines.size + 2;
      line = Buffer.from(`\x1b[${row};1H`);
      lines.set(message.topic, line);
      bottom = Buffer.from(`\x1b[${row};1H\n`);
    }
    return Buffer.concat([line, print(message), bottom]);
  };
}

export function plainPrinter({ verbose, eol, watch }: PlainOptions): MessagePrinter {
  const print = verbose ? verbosePrinter(eol) : payloadPrinter(eol);
  return watch ? watching(print) : print;
}
