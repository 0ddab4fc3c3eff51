// JSON that came from a broker or a file.

/** The JSON of a payload; undefined when it is none. */
export function parseJson(payload: Uint8Array | string): unknown {
  try {
    return JSON.parse(typeof payload === 'string' ? payload : Buffer.from(payload).toString());
  } catch {
    return undefined;
  }
}

/** A text as it is, anything else as JSON; '' for what is nested too deeply to be written. */
export function valueText(value: unknown): string {
  try {
    return typeof value === 'string' ? value : JSON.stringify(value);
  } catch {
    return '';
  }
}
