// The clock of the bench: microseconds that never go back, and that all processes of a machine share, so that a time
// which one of them sent means the same to another.

/** `performance.now` counts from the start of the process, `hrtime` from a point that is the machine's. */
const origin = Number(process.hrtime.bigint()) / 1000 - performance.now() * 1000;

/** Microseconds. Costs no object, unlike `hrtime.bigint`. */
export function now(): number {
  return origin + performance.now() * 1000;
}
