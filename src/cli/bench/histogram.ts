// Latencies in little memory: buckets that grow with the value, as in HDR histograms, so that every percentile is
// right within one per cent from a microsecond to an hour. Histograms of several processes add up.

/** Buckets for each power of two. */
const BITS = 7;
const HALF = 1 << BITS;
const LARGEST = 0xffff_ffff;
const SIZE = bucketOf(LARGEST) + 1;

function bucketOf(value: number): number {
  if (value < 2 * HALF) return value;
  const shift = 31 - Math.clz32(value) - BITS;
  return shift * HALF + (value >>> shift);
}

/** The largest value that is in a bucket. */
function topOf(bucket: number): number {
  if (bucket < 2 * HALF) return bucket;
  const shift = (bucket >> BITS) - 1;
  return ((bucket & (HALF - 1)) + HALF + 1) * 2 ** shift - 1;
}

/** A histogram as it goes from one process to another. */
export interface HistogramData {
  counts: Uint32Array;
  count: number;
  sum: number;
  min: number;
  max: number;
}

export class Histogram {
  readonly #counts: Uint32Array;
  count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  constructor(counts: Uint32Array = new Uint32Array(SIZE)) {
    this.#counts = counts;
  }

  static from({ counts, count, sum, min, max }: HistogramData): Histogram {
    const histogram = new Histogram(counts);
    histogram.count = count;
    histogram.#sum = sum;
    histogram.#min = min;
    histogram.#max = max;
    return histogram;
  }

  /** A copy of what is there. */
  data(): HistogramData {
    return {
      counts: this.#counts.slice(),
      count: this.count,
      sum: this.#sum,
      min: this.#min,
      max: this.#max,
    };
  }

  /** Microseconds; what is below 0 counts as 0, what is above 71 minutes as 71 minutes. */
  record(value: number): void {
    const known = value > 0 ? (value < LARGEST ? value : LARGEST) : 0;
    this.#counts[bucketOf(known >>> 0)]!++;
    this.count++;
    this.#sum += known;
    if (known < this.#min) this.#min = known;
    if (known > this.#max) this.#max = known;
  }

  add(other: Histogram): void {
    for (let i = 0; i < SIZE; i++) this.#counts[i]! += other.#counts[i]!;
    this.count += other.count;
    this.#sum += other.#sum;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** What has come since an earlier state of this histogram. Its extremes are those of the buckets. */
  since(earlier: Histogram): Histogram {
    const difference = new Histogram();
    for (let i = 0; i < SIZE; i++) difference.#counts[i] = this.#counts[i]! - earlier.#counts[i]!;
    const used = (count: number): boolean => count > 0;
    const first = difference.#counts.findIndex(used);
    if (first < 0) return difference;
    difference.count = this.count - earlier.count;
    difference.#sum = this.#sum - earlier.#sum;
    difference.#min = topOf(first);
    difference.#max = Math.min(this.#max, topOf(difference.#counts.findLastIndex(used)));
    return difference;
  }

  get mean(): number {
    return this.count === 0 ? 0 : this.#sum / this.count;
  }

  get min(): number {
    return this.count === 0 ? 0 : this.#min;
  }

  get max(): number {
    return this.#max;
  }

  /** The value that this share of all values, 0 to 1, does not exceed. */
  percentile(share: number): number {
    if (this.count === 0) return 0;
    let left = Math.max(1, Math.ceil(share * this.count));
    for (let i = 0; i < SIZE; i++) {
      left -= this.#counts[i]!;
      if (left <= 0) return Math.max(this.#min, Math.min(this.#max, topOf(i)));
    }
    return this.#max;
  }
}
