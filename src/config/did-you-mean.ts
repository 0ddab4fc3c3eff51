// The name that was probably meant.

/** How many letters have to be typed, taken away, replaced or swapped to make one word of the other. */
export function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let cost = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, before[j - 2]! + 1);
      next.push(cost);
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}

/** Longer than any name that somebody could have meant. */
const LONGEST = 100;

/** The nearest of the names, if it is near; undefined when nothing like it was meant. */
export function didYouMean(given: string, names: Iterable<string>): string | undefined {
  if (given.length > LONGEST) return undefined;
  const plain = given.toLowerCase().replaceAll('-', '_');
  let best: string | undefined;
  let least = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const name of names) {
    const cost = distance(plain, name);
    if (cost < least) {
      least = cost;
      best = name;
    }
  }
  return best;
}
