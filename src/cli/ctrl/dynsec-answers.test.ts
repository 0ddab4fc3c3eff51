// Answers that no broker should send: they are told of, and nothing else happens.
import { describe, expect, it } from 'vitest';
import { brokerModule } from './broker-module.js';
import { showDynsecAnswer } from './dynsec-answers.js';
import { shellAnswer } from './shell-answers.js';

const INVALID = 'Error: Invalid response from server.\n';

function shown(show: typeof showDynsecAnswer, command: string, response: unknown): [string, string] {
  let [out, err] = ['', ''];
  show(command, response, {
    print: (text) => {
      out += text;
    },
    complain: (text) => {
      err += text;
    },
  });
  return [out, err];
}

const hostile = [undefined, null, 7, 'text', [], {}, { data: null }, { data: [] }, { data: { client: [] } }];
const dynsec = ['listClients', 'listGroups', 'listRoles', 'getClient', 'getGroup', 'getRole'];
const others = ['getDefaultACLAccess', 'getAnonymousGroup'];

describe('an answer without what was asked for', () => {
  it.each([...dynsec, ...others])('to %s is invalid', (command) => {
    for (const response of hostile) expect(shown(showDynsecAnswer, command, response)).toEqual(['', INVALID]);
  });

  it.each(['listPlugins', 'listListeners'])('to %s is invalid', (command) => {
    for (const response of hostile)
      expect(shown(brokerModule.show, command, response)).toEqual(['', INVALID]);
  });

  it('is invalid in the shell, or has nothing to print', () => {
    for (const data of hostile) {
      expect(shellAnswer('getClient', data)).toBe('Invalid response from broker.\n');
      expect(shellAnswer('listClients', data)).toBe('');
    }
  });
});

it('members are found whatever their case, and items that make no sense are left out', () => {
  const roles = [{ RoleName: 'a', Priority: 'high' }, { x: 1 }, { rolename: 'b' }];
  const client = { UserName: 'ann', Roles: roles, groups: 7, connections: [] };
  expect(shown(showDynsecAnswer, 'GETCLIENT', { Data: { Client: client } })).toEqual([
    [
      'Username:    ann\nClientid:\n',
      'Roles:       a (priority: high)\n             b (priority: -1)\nGroups:\n',
    ].join(''),
    '',
  ]);
});

it('an answer to a command without data needs no words', () => {
  expect(shown(showDynsecAnswer, 'createClient', { command: 'createClient' })).toEqual(['', '']);
});
