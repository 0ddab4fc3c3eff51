// strftime(3) for a whole format, in the process' time zone and the C locale.
import { LocalTime, timeText } from './local-time.js';

/** What writes a time in a format: characters after % as strftime has them, `%E` and `%O` before them ignored. */
export function strftime(format: string): (seconds: number) => string {
  const parts: (string | ReturnType<typeof timeText>)[] = [];
  let at = 0;
  for (const match of format.matchAll(/%[EO]?(.)/gsu)) {
    parts.push(format.slice(at, match.index), match[1] === '%' ? '%' : timeText(match[1]!));
    at = match.index + match[0].length;
  }
  parts.push(format.slice(at));
  const time = new LocalTime();
  return (seconds) => {
    time.set({ seconds, nanoseconds: 0 });
    return parts.map((part) => (typeof part === 'string' ? part : part(time))).join('');
  };
}
