// Reads fields of JSON as Mosquitto's plugin does: names of fields are matched without case, the first one counts,
// texts end at a NUL, numbers are 32 bit integers. And writes files in the layout that it writes.

export type JsonObject = Readonly<Record<string, unknown>>;

const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);
/** What a priority may be. */
const PRIORITY_MAX = 100_000;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a field; undefined when it is not there, or `value` is no object. */
export function field(value: unknown, name: string): unknown {
  if (!isObject(value)) return undefined;
  const wanted = name.toLowerCase();
  const key = Object.keys(value).find((each) => each.toLowerCase() === wanted);
  return key === undefined ? undefined : value[key];
}

/** undefined: not there; null: there, and no text. */
export function textField(value: unknown, name: string): string | null | undefined {
  const found = field(value, name);
  if (found === undefined) return undefined;
  return typeof found === 'string' ? found.split('\0', 1)[0]! : null;
}

/** A text if it is there and is one. */
export function textValue(value: unknown, name: string): string | undefined {
  return textField(value, name) ?? undefined;
}

/** undefined: not there; null: there, and not true or false. */
export function booleanField(value: unknown, name: string): boolean | null | undefined {
  const found = field(value, name);
  if (found === undefined) return undefined;
  return typeof found === 'boolean' ? found : null;
}

/** `fallback` when it is not there, or no number. */
export function integerField(value: unknown, name: string, fallback: number): number {
  const found = field(value, name);
  if (typeof found !== 'number') return fallback;
  return Math.trunc(Math.min(INT_MAX, Math.max(INT_MIN, found)));
}

export function priorityField(value: unknown, fallback: number): number {
  return Math.min(PRIORITY_MAX, Math.max(-PRIORITY_MAX, integerField(value, 'priority', fallback)));
}

/** undefined unless it is a list. */
export function listField(value: unknown, name: string): readonly unknown[] | undefined {
  const found = field(value, name);
  return Array.isArray(found) ? found : undefined;
}

/** JSON with tabs, as Mosquitto lays its files out. */
export function printJson(value: unknown, depth = 0): string {
  if (Array.isArray(value)) return `[${value.map((each) => printJson(each, depth + 1)).join(', ')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const tabs = '\t'.repeat(depth);
  const fields = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .map(([key, each]) => `${tabs}\t${JSON.stringify(key)}:\t${printJson(each, depth + 1)}`);
  return `{\n${fields.join(',\n')}\n${tabs}}`;
}
