// bind_address has to be a name that is known: Mosquitto looks it up while it reads the file.
import { lookup } from 'node:dns/promises';
import type { Configuration } from './configuration.js';

/** What is wrong with the address of the default listener; undefined when nothing is. */
export async function bindAddressProblem({ listeners }: Configuration): Promise<string | undefined> {
  const host = listeners.find(({ isDefault }) => isDefault)?.host;
  if (host === undefined) return undefined;
  try {
    await lookup(host);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return `Error: Error resolving bind_address: ${code === 'ENOTFOUND' ? 'Name or service not known' : message}. (${host})`;
  }
}
