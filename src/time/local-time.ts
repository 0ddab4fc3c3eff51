// The time of a message in the process' time zone, and what C's strftime makes of it in the C locale. Of the many
// messages of one second only the first computes its texts.
import { zoneName } from './zone-name.js';

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAY = 86_400_000;

function two(value: number, pad = '0'): string {
  return String(value).padStart(2, pad);
}

/** A second, taken apart. */
class Moment {
  readonly date: Date;
  /** From 0. */
  readonly yearDay: number;
  /** Minutes ahead of UTC. */
  readonly offset: number;

  constructor(readonly seconds: number) {
    const date = new Date(seconds * 1000);
    const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
    this.date = date;
    this.yearDay = Math.round((Date.UTC(year, month, day) - Date.UTC(year, 0, 1)) / DAY);
    this.offset = -date.getTimezoneOffset();
  }

  get hour12(): number {
    return this.date.getHours() % 12 || 12;
  }

  /** The year and week by ISO 8601: a week belongs to the year of its Thursday. */
  get isoWeek(): { year: number; week: number } {
    const { date } = this;
    const thursday = date.getDate() + 3 - ((date.getDay() + 6) % 7);
    const year = new Date(Date.UTC(date.getFullYear(), date.getMonth(), thursday)).getUTCFullYear();
    const since = Date.UTC(date.getFullYear(), date.getMonth(), thursday) - Date.UTC(year, 0, 1);
    return { year, week: Math.floor(since / DAY / 7) + 1 };
  }

  /** The week of the year when weeks begin on that day of the week. */
  week(firstDay: number): number {
    return Math.floor((this.yearDay + 7 - ((this.date.getDay() + 7 - firstDay) % 7)) / 7);
  }

  get zone(): string {
    const size = Math.abs(this.offset);
    return `${this.offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
  }

  get clock(): string {
    return `${two(this.date.getHours())}:${two(this.date.getMinutes())}:${two(this.date.getSeconds())}`;
  }

  get day(): string {
    return `${this.date.getFullYear()}-${two(this.date.getMonth() + 1)}-${two(this.date.getDate())}`;
  }

  get shortDay(): string {
    const { date } = this;
    return `${two(date.getMonth() + 1)}/${two(date.getDate())}/${two(date.getFullYear() % 100)}`;
  }

  get inWords(): string {
    const { date } = this;
    const day = `${days[date.getDay()]!.slice(0, 3)} ${months[date.getMonth()]!.slice(0, 3)}`;
    return `${day} ${two(date.getDate(), ' ')} ${this.clock} ${date.getFullYear()}`;
  }
}

type Conversion = (moment: Moment) => string;

const shortMonth: Conversion = ({ date }) => months[date.getMonth()]!.slice(0, 3);
const half: Conversion = ({ date }) => (date.getHours() < 12 ? 'am' : 'pm');

/** What glibc has. It writes any other character with its % before it. */
const conversions: Readonly<Record<string, Conversion>> = {
  '%': () => '%',
  a: ({ date }) => days[date.getDay()]!.slice(0, 3),
  A: ({ date }) => days[date.getDay()]!,
  b: shortMonth,
  B: ({ date }) => months[date.getMonth()]!,
  c: (moment) => moment.inWords,
  C: ({ date }) => two(Math.floor(date.getFullYear() / 100)),
  d: ({ date }) => two(date.getDate()),
  D: (moment) => moment.shortDay,
  e: ({ date }) => two(date.getDate(), ' '),
  F: (moment) => moment.day,
  g: (moment) => two(moment.isoWeek.year % 100),
  G: (moment) => String(moment.isoWeek.year),
  h: shortMonth,
  H: ({ date }) => two(date.getHours()),
  I: (moment) => two(moment.hour12),
  j: (moment) => String(moment.yearDay + 1).padStart(3, '0'),
  k: ({ date }) => two(date.getHours(), ' '),
  l: (moment) => two(moment.hour12, ' '),
  m: ({ date }) => two(date.getMonth() + 1),
  M: ({ date }) => two(date.getMinutes()),
  n: () => '\n',
  p: (moment) => half(moment).toUpperCase(),
  P: half,
  r: (moment) => `${two(moment.hour12)}${moment.clock.slice(2)} ${half(moment).toUpperCase()}`,
  R: (moment) => moment.clock.slice(0, 5),
  s: (moment) => String(moment.seconds),
  S: ({ date }) => two(date.getSeconds()),
  t: () => '\t',
  T: (moment) => moment.clock,
  u: ({ date }) => String(date.getDay() || 7),
  U: (moment) => two(moment.week(0)),
  V: (moment) => two(moment.isoWeek.week),
  w: ({ date }) => String(date.getDay()),
  W: (moment) => two(moment.week(1)),
  x: (moment) => moment.shortDay,
  X: (moment) => moment.clock,
  y: ({ date }) => two(date.getFullYear() % 100),
  Y: ({ date }) => String(date.getFullYear()),
  z: (moment) => moment.zone,
  Z: (moment) => zoneName(moment.seconds, moment.offset),
};

export type TimeText = (time: LocalTime) => string;

/** Computes a text once a second. */
function oncePerSecond(conversion: Conversion): TimeText {
  let known: Moment | undefined;
  let text = '';
  return ({ moment }) => {
    if (moment !== known) {
      text = conversion(moment);
      known = moment;
    }
    return text;
  };
}

/** What strftime writes for % and that character; a digit is a width without anything to widen. */
export function timeText(character: string): TimeText {
  const conversion = Object.hasOwn(conversions, character) ? conversions[character] : undefined;
  if (conversion !== undefined) return oncePerSecond(conversion);
  const width = character >= '3' && character <= '9' ? Number(character) : 0;
  const literal = `%${character}`.padStart(width);
  return () => literal;
}

/** `2016-08-10T09:47:38+0100`, for %I. */
export const isoTime = oncePerSecond((moment) => `${moment.day}T${moment.clock}${moment.zone}`);

const untilSecond = oncePerSecond((moment) => `${moment.day}T${moment.clock}.`);
const zone = oncePerSecond((moment) => moment.zone);

/** The same with microseconds: the `tst` of %j and %J. */
export function isoTimeWithFraction(time: LocalTime): string {
  return `${untilSecond(time)}${time.nanosecondDigits.slice(0, 6)}${zone(time)}`;
}

/** The time at which the message is printed that is being printed. */
export class LocalTime {
  moment = new Moment(0);
  nanoseconds = 0;

  set({ seconds, nanoseconds }: { seconds: number; nanoseconds: number }): void {
    if (seconds !== this.moment.seconds) this.moment = new Moment(seconds);
    this.nanoseconds = nanoseconds;
  }

  /** Nine of them. */
  get nanosecondDigits(): string {
    return String(this.nanoseconds).padStart(9, '0');
  }
}
