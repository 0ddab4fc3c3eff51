// The passwords that `pondhawk ctrl` asks for, in the words of mosquitto_ctrl: once, or twice to be sure.
import { PasswordInput } from '../password-input.js';

/** What came of asking twice. */
export type Asked = { readonly password: string } | 'empty' | 'different';

export class PasswordPrompts {
  readonly #input = new PasswordInput();

  /** Asks once; undefined for an empty password. */
  async once(prompt: string): Promise<string | undefined> {
    const password = (await this.#input.read(prompt)).toString();
    if (password === '') return undefined;
    process.stdout.write('\n');
    return password;
  }

  /** Asks for a new password of a user. */
  async twice(username: string): Promise<Asked> {
    const first = await this.once(`New password for ${username}: `);
    if (first === undefined) return 'empty';
    const second = await this.once(`Reenter password for ${username}: `);
    if (second === undefined) return 'empty';
    return first === second ? { password: first } : 'different';
  }
}

/** What to say when there is no new password. */
export const askedProblems = {
  empty: 'Error: Empty password.\n',
  different: 'Error: Passwords do not match.\n',
} as const;
