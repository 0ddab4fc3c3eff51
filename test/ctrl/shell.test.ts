// The shell of `pondhawk ctrl` through a pipe. What it says to each line is what the shell of mosquitto_ctrl 2.1.2 said
// at a terminal, to a broker with the same answers. Needs the built program.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Player } from './exchange.js';
import { Folder, runStep } from './runner.js';

const player = new Player();
const folder = new Folder();
let port: number;
let links: string;
let program: string;

/** The data of the answers of a broker, by command; null is an answer without data. */
const data: Readonly<Record<string, unknown>> = {
  listClients: { clients: ['admin', 'u1'] },
  listGroups: { groups: ['g1'] },
  listRoles: { roles: ['admin', 'r1'] },
  getRole: {
    role: {
      rolename: 'r1',
      allowwildcardsubs: true,
      acls: [{ acltype: 'publishClientSend', topic: 'a/b', priority: 3, allow: true }],
    },
  },
  getClient: {
    client: {
      username: 'u1',
      clientid: 'cid1',
      textname: 'My Name',
      roles: [{ rolename: 'r1' }],
      groups: [{ groupname: 'g1', priority: 2 }],
    },
  },
  getGroup: { group: { groupname: 'g1', roles: [{ rolename: 'r1' }], clients: [{ username: 'u1' }] } },
  getDetails: { clientCount: 2, groupCount: 1, roleCount: 2, changeIndex: 9 },
  getDefaultACLAccess: { acls: [{ acltype: 'subscribe', allow: false }] },
  getAnonymousGroup: { group: { groupname: 'g1' } },
  listPlugins: { plugins: [{ name: 'dynamic-security', 'control-endpoints': ['$CONTROL/x'] }] },
  listListeners: { listeners: [{ port: 1883, protocol: 'mqtt', tls: false }] },
};
const errors: Readonly<Record<string, string>> = { deleteClient: 'Client not found' };
const asked: Record<string, unknown>[] = [];

function respond(request: string): string {
  const { commands } = JSON.parse(request.slice(request.indexOf(' '))) as {
    commands: [Record<string, unknown>];
  };
  const command = String(commands[0]['command']);
  asked.push(commands[0]);
  return JSON.stringify({ responses: [{ command, data: data[command], error: errors[command] }] });
}

beforeAll(async () => {
  links = mkdtempSync(join(tmpdir(), 'ctrl-link-'));
  program = join(links, 'mosquitto_ctrl');
  symlinkSync(fileURLToPath(new URL('../../bin/pondhawk', import.meta.url)), program);
  port = await player.listen();
});

afterAll(() => {
  player.close();
  folder.remove();
  rmSync(links, { recursive: true, force: true });
});

/** What the shell says to these lines, without its first line and the line that it ends with. */
async function said(lines: readonly string[], args: readonly string[] = []): Promise<string> {
  player.exchange = {};
  player.respond = respond;
  asked.length = 0;
  const input = lines.map((line) => `${line}\n`).join('');
  const { exit, stdout, stderr } = await runStep({ name: 'shell', args, input }, program, folder, port);
  expect([exit, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^mosquitto_ctrl shell v\d+\.\d+\.\d+\n.*\n$/s);
  return stdout.slice(stdout.indexOf('\n') + 1, -1);
}

/** What it says to lines in the module dynsec, each with the prompt before it. */
async function saidInDynsec(lines: readonly string[]): Promise<string[]> {
  const url = `mqtt://127.0.0.1:${port}`;
  const whole = await said([`connect ${url}`, 'dynsec', ...lines, 'exit']);
  expect(whole.startsWith(`> ${url}> ${url}|dynsec> `)).toBe(true);
  return whole.split(`${url}|dynsec> `).slice(1, -1);
}

describe('the shell', () => {
  it('knows some commands before it is connected', async () => {
    expect(await said(['nope', 'help nope', '', 'HELP exit', 'exit', 'help'])).toBe(
      "> Unknown command 'nope'\n> Unknown command 'nope'\n> > exit\n\nQuit the program\n> ",
    );
  });

  it('ends at the end of its input', async () => {
    expect(await said(['help auth'])).toBe(
      '> auth [username]\n\nSet a username and password prior to connecting to a broker.\n> ',
    );
  });

  it('connects, goes into a module and comes back', async () => {
    const url = `mqtt://127.0.0.1:${port}`;
    const lines = ['auth admin', 'secret', `connect ${url}`, 'broker', 'help return', 'return', 'disconnect'];
    expect(await said([...lines, 'exit'])).toBe(
      `> password:\n> ${url}> ${url}|broker> return\n\nLeave broker mode.\n${url}|broker> ${url}> > `,
    );
  });

  it('connects at once when there are flags', async () => {
    const lines = ['broker', 'listListeners', 'listPlugins', 'exit'];
    const url = `mqtt://127.0.0.1:${port}`;
    expect(await said(lines, ['-h', '127.0.0.1', '-p', String(port)])).toBe(
      [
        `${url}> ${url}|broker> Listener:\n  Port:\n    1883\n  Protocol:\n    mqtt\n  TLS:\n    false\n\n`,
        `${url}|broker> Plugin:\n  dynamic-security\nControl endpoints:\n  $CONTROL/x\n\n${url}|broker> `,
      ].join(''),
    );
  });

  it('says why it cannot connect', async () => {
    player.exchange = { connack: 0x87 };
    const args = ['-h', '127.0.0.1', '-p', String(port)];
    const { exit, stdout } = await runStep({ name: 'refused', args }, program, folder, port);
    expect([exit, stdout.slice(stdout.indexOf('\n') + 1)]).toEqual([
      0,
      'Unable to connect: Not authorized\n\n',
    ]);
    expect(await said(['connect mqtt://127.0.0.1:1'])).toBe('> Unable to connect: Connection refused\n> ');
  });

  it('shows what there is', async () => {
    const lines = ['getRole r1', 'getClient u1', 'getGroup g1', 'getDetails', 'getDefaultACLAccess'];
    expect(await saidInDynsec([...lines, 'getAnonymousGroup', 'listClients', 'listRoles 5 1'])).toEqual([
      [
        'Role name:\n  r1\nAllow wildcard subscriptions:\n  true\n',
        'ACLs:\n  publishClientSend    allow a/b (priority 3)\n',
      ].join(''),
      'Username:\n  u1\nClientid:\n  cid1\nText name:\n  My Name\nRoles:\n  r1 (priority: -1)\nGroups:\n  g1 (priority: 2)\n',
      'Group name:\n  g1\nRoles:\n  r1 (priority: -1)\nClients:\n  u1\n',
      'Client count:   2\nGroup count:    1\nRole count:     2\nChange index:   9\n',
      'subscribe            deny\n',
      'g1\n',
      'admin\nu1\n',
      'admin\nr1\n',
    ]);
    expect(asked.at(-1)).toEqual({ command: 'listRoles', count: 5, offset: 1 });
  });

  it('changes things, and says OK or what the broker says', async () => {
    const lines = ['createRole r1', 'deleteClient nobody', 'modifyClient u1 textName My  Name'];
    const acl = 'addRoleACL r1 publishClientSend allow 3 a/b';
    expect(await saidInDynsec([...lines, acl, 'setDefaultACLAccess subscribe deny'])).toEqual([
      'OK\n',
      'Client not found\n',
      'OK\n',
      'OK\n',
      'OK\n',
    ]);
    expect(asked.slice(-3)).toEqual([
      { command: 'modifyClient', username: 'u1', textName: 'My  Name' },
      {
        command: 'addRoleACL',
        rolename: 'r1',
        acltype: 'publishClientSend',
        priority: 3,
        topic: 'a/b',
        allow: true,
      },
      { command: 'setDefaultACLAccess', acls: [{ acltype: 'subscribe', allow: false }] },
    ]);
  });

  it('says how a command is used', async () => {
    const usage = 'addRoleACL rolename acltype allow|deny [priority] topic\n';
    const modify = 'modifyRole rolename <property> <value>\n';
    expect(
      await saidInDynsec([
        ...['createRole', 'addRoleACL r1', 'addRoleACL r1 nope allow a/c'],
        ...['addRoleACL r1 subscribeLiteral x a', 'modifyRole r1 nope x'],
        ...['modifyRole r1 allowWildcardSubs maybe', 'setDefaultACLAccess nope', 'removeRoleACL r1 x'],
      ]),
    ).toEqual([
      'createRole rolename\n',
      usage,
      `${usage}Invalid acltype 'nope'\n`,
      `${usage}Invalid allow/deny 'x'\n`,
      `${modify}Unknown property 'nope'\n`,
      `${modify}Invalid value 'maybe'\n`,
      'setDefaultACLAccess acltype allow|deny\n',
      'removeRoleACL rolename acltype topic\n',
    ]);
  });

  it('asks for passwords twice', async () => {
    const lines = ['createClient u2', 'pw', 'pw', 'setClientPassword u2', 'a', 'b'];
    expect(await saidInDynsec(lines)).toEqual([
      'password:\npassword:\nOK\n',
      'password:\npassword:\nPasswords do not match.\n',
    ]);
    expect(asked).toContainEqual({ command: 'createClient', username: 'u2', password: 'pw' });
  });

  it('says that a module is not there', async () => {
    player.exchange = {};
    player.respond = () => '{"error": "endpoint not available"}';
    const args = ['-h', '127.0.0.1', '-p', String(port)];
    const step = { name: 'no module', args, input: 'dynsec\n' };
    const { stdout } = await runStep(step, program, folder, port);
    expect(stdout).toContain(
      '$CONTROL endpoint for this module not available.\nCheck the dynsec module is configured on the broker.\n',
    );
  });

  it('says that it may not', async () => {
    player.exchange = { suback: 0x87, puback: 0x87 };
    player.respond = undefined;
    const args = ['-h', '127.0.0.1', '-p', String(port)];
    const step = { name: 'not allowed', args, input: 'broker\nlistPlugins\n' };
    const { stdout } = await runStep(step, program, folder, port);
    const words = 'failed, check you have permission to access this module.\n';
    expect(stdout).toContain(`> Subscribe ${words}`);
    expect(stdout).toContain(`> Publish ${words}`);
  });
});
