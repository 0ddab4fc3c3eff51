// Takes out of a log what cannot be equal in two runs or with another program, and nothing else.

export interface Particulars {
  readonly folder: string;
  readonly certificates?: string | undefined;
  readonly user: string;
  readonly ports: Readonly<Record<string, number>>;
  /** The connections' names by their local ports. */
  readonly clients: ReadonlyMap<number, string>;
}

const patterns: readonly (readonly [RegExp, string])[] = [
  [/^\d{10}: /, '{time}: '],
  [/\b(?:mosquitto|pondhawk) version \d+\.\d+\.\d+\b/g, '{program} version {version}'],
  [/\brunning (?:mosquitto|pondhawk) as\b/g, 'running {program} as'],
  [/\bauto-[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}\b/g, 'auto-{assigned}'],
];

/** Whether this is written or not depends on who runs the test. */
const ofRoot = /^(?:.*: )?Warning: (?:Mosquitto|Pondhawk) should not be run as root\/administrator\.$/;

function line(text: string, { folder, certificates, user, ports, clients }: Particulars): string {
  let result = text.replaceAll(folder, '{dir}');
  if (certificates !== undefined) result = result.replaceAll(certificates, '{certs}');
  for (const [pattern, to] of patterns) result = result.replace(pattern, to);
  result = result.replace(/\b127\.0\.0\.1:(\d+)\b/g, (whole, port) => {
    const name = clients.get(Number(port));
    return name === undefined ? whole : `127.0.0.1:{${name}}`;
  });
  for (const [name, port] of Object.entries(ports))
    result = result.replace(new RegExp(`(\\bport |\\b127\\.0\\.0\\.1:)${port}\\b`), `$1{${name}}`);
  return result.replace(`as user: ${user}.`, 'as user: {user}.');
}

/** The lines of a log, without the last line's end. */
export function normalisedLines(text: string, particulars: Particulars): string[] {
  const lines = text.replace(/\n$/, '').split('\n');
  if (lines.length === 1 && lines[0] === '') return [];
  return lines.filter((each) => !ofRoot.test(each)).map((each) => line(each, particulars));
}
