// Topics and names with placeholders, as emqtt-bench has them: %i is the index of the client, %c its client
// identifier, %u its user name, %n the number of the message.

/** A client, as placeholders know it. */
export interface Who {
  readonly index: number;
  readonly clientId: string;
  readonly username: string;
}

/** Fills in what is known of a client; %n stays. */
export function fillFor(template: string, { index, clientId, username }: Who): string {
  const values: Readonly<Record<string, string>> = { i: String(index), c: clientId, u: username };
  return template.replace(/%([icu])/g, (_, name: string) => values[name]!);
}

/** The topic of each message of a client. */
export function topicsOf(template: string, who: Who): (number: number) => string {
  const parts = fillFor(template, who).split('%n');
  const [only] = parts;
  return parts.length === 1 ? () => only! : (number) => parts.join(String(number));
}
