// A row of the table of flags, and the few ways in which a flag changes the configuration.
import type { Draft, TlsConfig, ToolConfig, ToolName } from './client-config.js';
import { readInt } from './client-values.js';

/** What is wrong, as it goes to standard error; undefined if nothing is. */
type Problem = string | undefined;
type Take = (draft: Draft, value: string) => Problem;

export interface Flag {
  /** The first is the one that error texts call it by. */
  readonly names: readonly string[];
  readonly tools: readonly ToolName[];
  readonly help: string;
  /** How the help calls its value; undefined for a switch. */
  readonly value?: string;
  /** The error text if the value is missing; undefined if it may be. */
  readonly missing?: string;
  /** A problem that is there before the value is looked at. */
  readonly conflict?: ((draft: Draft) => Problem) | undefined;
  /** Takes the value, which is '' for a switch. */
  readonly take: Take;
  /** For a flag of several values: how many it has taken, or the problem. */
  readonly takeSeveral?: (draft: Draft, args: readonly string[], at: number) => number | string;
  /** A flag that is a question: nothing is read after it. */
  readonly answer?: 'help' | 'version';
}

/** The fields that a value of this type can be put into. */
type KeysOf<T, V> = { [K in keyof T]-?: V extends T[K] ? K : never }[keyof T];
type Conflict = NonNullable<Flag['conflict']>;

/** A flag without a value. `names` are separated by spaces. */
export function toggle(
  names: string,
  tools: readonly ToolName[],
  help: string,
  take: Take,
  conflict?: Conflict,
): Flag {
  return { names: names.split(' '), tools, help, take, conflict };
}

/** A flag with a value; `missing` is what the error text says if there is none. */
export function option(
  names: string,
  tools: readonly ToolName[],
  [value, missing]: readonly [shown: string, missing: string],
  help: string,
  take: Take,
  conflict?: Conflict,
): Flag {
  const list = names.split(' ');
  const error = `Error: ${list[0]} argument given but ${missing}.\n\n`;
  return { names: list, tools, help, value, missing: error, take, conflict };
}

/** Makes a change that cannot be wrong. */
export function set(change: (draft: Draft, value: string) => void): Take {
  return (draft, value) => {
    change(draft, value);
    return undefined;
  };
}

/** Sets a field to the text. */
export function text(field: KeysOf<ToolConfig, string>): Take {
  return set(({ config }, value) => {
    (config[field] as string) = value;
  });
}

/** Sets a field of the TLS settings to the text. */
export function tlsText(field: KeysOf<TlsConfig, string>): Take {
  return set(({ config }, value) => {
    config.tls[field] = value;
  });
}

/** Sets a field to true, or to what is given. */
export function on(field: KeysOf<ToolConfig, boolean>, value = true): Take {
  return set(({ config }) => {
    config[field] = value;
  });
}

/** Sets a field of the TLS settings to true. */
export function tlsOn(field: KeysOf<TlsConfig, boolean>): Take {
  return set(({ config }) => {
    config.tls[field] = true;
  });
}

type NumberField = 'keepAlive' | 'qos' | 'repeat' | 'count' | 'timeoutSeconds';

/** Sets a number from a range; `error` is the text if it is not in it. */
export function integer(
  target: NumberField | ((draft: Draft, value: number) => void),
  [least, most]: readonly [number, number],
  error: (value: number) => string,
): Take {
  return (draft, value) => {
    const number = readInt(value);
    if (number < least || number > most) return error(number);
    if (typeof target === 'string') (draft.config[target] as number) = number;
    else target(draft, number);
    return undefined;
  };
}

/** The largest number that a flag can have. */
export const MOST_INT = 0x7fff_ffff;

export const ALL: readonly ToolName[] = ['pub', 'sub', 'rr'];

/** The value of a flag that names a file. */
export const FILE = ['FILE', 'no file specified'] as const;

/** The flag has been dealt with elsewhere. */
export const nothing: Flag['take'] = () => undefined;
