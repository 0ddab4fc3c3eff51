// The abbreviation of the time zone, as C has it: JavaScript knows that it is "Central European Summer Time", but not
// that this is CEST. It stands in the zone's file (RFC 9636), which is read when a format asks for it first.
import { readFileSync } from 'node:fs';

const ZONE_FILES = '/usr/share/zoneinfo/';
const HEADER = 44;

/** A zone's names in a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`; its offset counts towards the west. */
const rule = /^(?:<([^>]+)>|([A-Za-z]{3,}))([+-]?)(\d+)(?::(\d+))?(?::\d+)?(?:<([^>]+)>|([A-Za-z]{3,}))?/;

/** The name at a time, when local time is so many minutes ahead of UTC. */
type ZoneName = (seconds: number, offset: number) => string;

/** The rule's offset is that of standard time; any other is summer time's. */
function ruleNames(text: string): ZoneName | undefined {
  const found = rule.exec(text);
  if (found === null) return undefined;
  const [, quoted, plain, sign, hours, minutes, quotedSummer, plainSummer] = found;
  const size = Number(hours) * 60 + Number(minutes ?? 0);
  const standard = (quoted ?? plain)!;
  const summer = quotedSummer ?? plainSummer ?? standard;
  return (_seconds, offset) => (offset === (sign === '-' ? size : -size) ? standard : summer);
}

/** Where the parts of a block begin; the second block of a file has times of eight bytes. */
function block(file: Buffer, start: number, timeSize: number) {
  const count = (index: number) => file.readUInt32BE(start + 20 + index * 4);
  const changes = start + HEADER;
  const changeTypes = changes + count(3) * timeSize;
  const types = changeTypes + count(3);
  const letters = types + count(4) * 6;
  const end = letters + count(5) + count(2) * (timeSize + 4) + count(1) + count(0);
  return { count: count(3), changes, changeTypes, types, letters, end };
}

/** The names of a zone's file: up to the last change that it lists from there, later by its rule. */
function fileNames(path: string): ZoneName | undefined {
  const file = readFileSync(path);
  if (file.toString('latin1', 0, 4) !== 'TZif' || file[4] === 0) return undefined;
  const part = block(file, block(file, 0, 4).end, 8);
  const afterwards = ruleNames(file.toString('latin1', part.end + 1, file.length - 1));
  return (seconds, offset) => {
    let change = part.count - 1;
    if (
      afterwards !== undefined &&
      (change < 0 || seconds >= file.readBigInt64BE(part.changes + change * 8))
    ) {
      return afterwards(seconds, offset);
    }
    while (change > 0 && seconds < file.readBigInt64BE(part.changes + change * 8)) change--;
    const type = change < 0 ? 0 : file[part.changeTypes + change]!;
    const start = part.letters + file[part.types + type * 6 + 5]!;
    return file.toString('latin1', start, file.indexOf(0, start));
  };
}

/** Where there are no zone files: "EST", "GMT+2". */
function otherNames(): ZoneName {
  const names = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' });
  return (seconds) =>
    names.formatToParts(seconds * 1000).find((part) => part.type === 'timeZoneName')?.value ?? 'UTC';
}

function load(zone: string | undefined): ZoneName {
  if (zone === '') return () => 'UTC';
  const name = zone?.replace(/^:/, '');
  const path = name === undefined ? '/etc/localtime' : name.startsWith('/') ? name : ZONE_FILES + name;
  try {
    const names = fileNames(path);
    if (names !== undefined) return names;
  } catch {
    // no such file: the zone may be a rule
  }
  return (zone === undefined ? undefined : ruleNames(zone)) ?? otherNames();
}

let names: ZoneName | undefined;

/** The abbreviation of the process' time zone. */
export function zoneName(seconds: number, offset: number): string {
  names ??= load(process.env['TZ']);
  return names(seconds, offset);
}
