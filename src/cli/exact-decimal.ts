// Numbers as C's printf writes them: of a number that lies exactly between two decimals, the even one is taken, and
// large numbers have all their digits. JavaScript's toFixed and toPrecision do neither.

const bits = new DataView(new ArrayBuffer(8));

/** The number without its sign, as mantissa * 2 ** exponent. */
function split(value: number): { mantissa: bigint; exponent: number } {
  bits.setFloat64(0, value);
  const all = bits.getBigUint64(0);
  const biased = Number((all >> 52n) & 0x7ffn);
  const fraction = all & 0xfffffffffffffn;
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | 0x10000000000000n, exponent: biased - 1075 };
}

function isNegative(value: number): boolean {
  return value < 0 || Object.is(value, -0);
}

/** A finite number as by `%.Nf`. */
export function fixedDecimal(value: number, precision: number): string {
  const { mantissa, exponent } = split(value);
  let digits = mantissa * 10n ** BigInt(precision);
  if (exponent >= 0) digits <<= BigInt(exponent);
  else {
    const shift = BigInt(-exponent);
    const half = 1n << (shift - 1n);
    const rest = digits & ((1n << shift) - 1n);
    digits >>= shift;
    if (rest > half || (rest === half && (digits & 1n) === 1n)) digits++;
  }
  const text = digits.toString().padStart(precision + 1, '0');
  const point = text.length - precision;
  const sign = isNegative(value) ? '-' : '';
  return precision === 0 ? sign + text : `${sign}${text.slice(0, point)}.${text.slice(point)}`;
}

/** JavaScript's exponential form rounds a tie up; this takes it back where the even digit is below. */
function evenExponential(value: number, digits: number): string {
  const rounded = value.toExponential(digits - 1);
  const last = rounded.indexOf('e') - 1;
  if ((rounded.charCodeAt(last) & 1) === 0 || !value.toExponential(digits).includes('5e')) return rounded;
  const isTie = /50*e/.exec(value.toExponential(100))?.index === last + 1;
  return isTie ? rounded.slice(0, last) + (Number(rounded[last]) - 1) + rounded.slice(last + 1) : rounded;
}

/** A finite number as by `%.Ng`, for at least two digits. */
export function generalDecimal(value: number, digits: number): string {
  if (value === 0) return isNegative(value) ? '-0' : '0';
  const [mantissa, power] = evenExponential(value, digits).split('e') as [string, string];
  const exponent = Number(power);
  const shortest = mantissa.replace(/\.?0+$/, '');
  if (exponent < -4 || exponent >= digits) {
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${shortest}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  const sign = shortest.startsWith('-') ? '-' : '';
  const plain = shortest.replace(/[-.]/g, '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${plain}`;
  const whole = plain.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = plain.slice(exponent + 1);
  return fraction === '' ? sign + whole : `${sign}${whole}.${fraction}`;
}
