// Values of flags: text in, the value out, or an error that says what may be written.
import { InvalidArgumentError } from 'commander';

type Parse<T> = (text: string) => T;

/** A number from a range; a fraction only where that makes sense. */
function numberFrom(least: number, most: number, what: 'whole' | 'any'): Parse<number> {
  return (text) => {
    const value = Number(text);
    const isNumber = /^\d+(\.\d+)?$/.test(text) && (what === 'any' || Number.isInteger(value));
    if (isNumber && value >= least && value <= most) return value;
    const range = most >= Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`Write a ${what === 'whole' ? 'whole number' : 'number'} ${range}.`);
  };
}

export function whole(least: number, most = Number.MAX_SAFE_INTEGER): Parse<number> {
  return numberFrom(least, most, 'whole');
}

/** May have decimals. */
export function decimal(least: number, most = Number.MAX_SAFE_INTEGER): Parse<number> {
  return numberFrom(least, most, 'any');
}

/** A positive number. */
export function positive(text: string): number {
  const value = decimal(0)(text);
  if (value === 0) throw new InvalidArgumentError('Write a number above 0.');
  return value;
}

const switches: Readonly<Record<string, boolean>> = { true: true, false: false };

export function trueOrFalse(text: string): boolean {
  const value = Object.hasOwn(switches, text) ? switches[text] : undefined;
  if (value === undefined) throw new InvalidArgumentError('Write true or false.');
  return value;
}

const versions: Readonly<Record<string, 3 | 4 | 5>> = {
  3: 3,
  4: 4,
  5: 5,
  31: 3,
  311: 4,
  '3.1': 3,
  '3.1.1': 4,
};

export function protocolVersion(text: string): 3 | 4 | 5 {
  const version = Object.hasOwn(versions, text) ? versions[text] : undefined;
  if (version === undefined) throw new InvalidArgumentError('Write 5, 4 (MQTT 3.1.1) or 3 (MQTT 3.1).');
  return version;
}

export function asText(text: string): string {
  return text;
}

/** Values that are separated by commas. */
export function list(text: string): string[] {
  return text.split(',').filter((one) => one !== '');
}
