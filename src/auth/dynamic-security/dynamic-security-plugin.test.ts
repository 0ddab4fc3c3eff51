// What the recorded session in test/dynsec cannot see: the log, trouble with the file, and other plugins.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientInfo, Plugin, PublishedMessage } from '../../core/plugin.js';
import { CONTROL_TOPIC } from './commands.js';
import { dynamicSecurityPlugin } from './dynamic-security-plugin.js';
import { PASSWORD_VARIABLE } from './first-state.js';

const PASSWORD = 'at least twelve';
let folder: string;
const said: string[] = [];
const answers: string[] = [];
const kicked: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynsec-'));
  vi.stubEnv(PASSWORD_VARIABLE, PASSWORD);
  for (const list of [said, answers, kicked]) list.length = 0;
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function client(username: string | undefined, clientId = 'id'): ClientInfo {
  return {
    clientId,
    username,
    version: 5,
    remoteAddress: '192.0.2.1',
    remotePort: 1,
    listener: '',
    keepAlive: 0,
    cleanStart: true,
  };
}

async function started(hasOtherNames = false): Promise<Plugin> {
  const log = (level: string, text: string): void => {
    said.push(`${level}: ${text}`);
  };
  const plugin = await dynamicSecurityPlugin({ configFile: join(folder, 'state'), hasOtherNames, log });
  await plugin.start!({
    publish: ({ payload }) => answers.push(String(payload)),
    disconnect: (clientId) => kicked.push(clientId) > 0,
    log,
  });
  return plugin;
}

async function send(plugin: Plugin, ...commands: unknown[]): Promise<void> {
  const payload = Buffer.from(JSON.stringify({ commands }));
  await plugin.controlTopics![CONTROL_TOPIC]!(client('admin', 'boss'), {
    payload,
  } as unknown as PublishedMessage);
  await turn();
}

function login(plugin: Plugin, username: string | undefined, password?: string, id?: string): unknown {
  return plugin.authenticate!(client(username, id), {
    username,
    password: password === undefined ? undefined : Buffer.from(password),
  });
}

describe('who comes in', () => {
  it('is who is known, enabled, with the right password and client id', async () => {
    const plugin = await started();
    await send(plugin, { command: 'createClient', username: 'u', password: 'pw', clientid: 'mine' });
    expect(await login(plugin, 'u', 'pw', 'mine')).toBe(true);
    expect(await login(plugin, 'u', 'pw', 'other')).toBe(false);
    expect(await login(plugin, 'u', 'no', 'mine')).toBe(false);
    expect(await login(plugin, 'u', undefined, 'mine')).toBe(false);
    await send(plugin, { command: 'disableClient', username: 'u' });
    expect(await login(plugin, 'u', 'pw', 'mine')).toBe(false);
  });

  it('is for others to say when there is no name, or one that only they may know', async () => {
    expect(await login(await started(), undefined)).toBeUndefined();
    expect(await login(await started(), 'stranger', 'pw')).toBe(false);
    const beside = await started(true);
    expect(await login(beside, 'stranger', 'pw')).toBeUndefined();
    expect(await login(beside, 'admin')).toBe(false);
  });

  it('does what other plugins say when it is not known here', async () => {
    const plugin = await started(true);
    expect(plugin.mayPublish!(client('stranger'), 'a')).toBeUndefined();
    expect(plugin.mayRead!(client('stranger'), 'a')).toBe(true);
    expect(plugin.mayUnsubscribe!(client('stranger'), 'a')).toBe(true);
    // those who are known here get nothing that no role allows, and those without a name have a group
    expect(plugin.mayRead!(client(undefined), '$CONTROL/a')).toBe(false);
  });

  it('is nobody but its own clients when there are no other plugins', async () => {
    const plugin = await started();
    expect(plugin.mayRead!(client('stranger'), 'a')).toBe(false);
    expect(plugin.mayUnsubscribe!(client('stranger'), 'a')).toBe(false);
  });
});

describe('commands', () => {
  it('are told to the log, without passwords', async () => {
    const plugin = await started();
    said.length = 0;
    await send(
      plugin,
      { command: 'CREATEclient', username: 'u', password: 'secret' },
      { command: 'setClientPassword', username: 'u', password: 'secret' },
      { command: 'setClientId', username: 'u' },
      { command: 'listClients', count: 1 },
    );
    expect(said).toEqual([
      'information: dynsec: boss/admin | createClient | username=u | password=*****',
      'information: dynsec: boss/admin | setClientPassword | username=u | password=******',
      'information: dynsec: boss/admin | setClientId | username=u | clientid=(null)',
      'information: dynsec: boss/admin | listClients | verbose=false | count=0 | offset=0',
    ]);
  });

  it('hold although they cannot be saved, and the log says so', async () => {
    const plugin = await started();
    mkdirSync(join(folder, 'state.new'));
    await send(plugin, { command: 'createClient', username: 'u', password: 'pw' });
    expect(said.at(-1)).toMatch(/^error: Error saving Dynamic security plugin config: /);
    expect(answers.at(-1)).toBe('{"responses":[{"command":"createClient"}]}');
    expect(await login(plugin, 'u', 'pw')).toBe(true);
  });

  it('in bytes that are no UTF-8 are no JSON', async () => {
    const plugin = await started();
    const payload = Buffer.from('{"commands":[{"command":"getDetails","x":"\xff"}]}', 'latin1');
    await plugin.controlTopics![CONTROL_TOPIC]!(client('admin'), { payload } as unknown as PublishedMessage);
    await turn();
    expect(answers).toEqual([
      '{"responses":[{"command":"Unknown command","error":"Payload not valid JSON"}]}',
    ]);
  });

  it('end connections after the answer, and the wills of those are not sent', async () => {
    const plugin = await started();
    const connected = client('u', 'one');
    await send(
      plugin,
      { command: 'createClient', username: 'u', password: 'pw' },
      { command: 'addClientRole', username: 'u', rolename: 'client' },
    );
    const will = { type: 'will', topic: 'w', qos: 0, retain: false } as const;
    expect(plugin.authorize!(connected, will)).toBe(true);
    expect(plugin.authorize!(connected, { ...will, topic: CONTROL_TOPIC })).toBe(false);
    plugin.connected!(connected);
    await send(plugin, { command: 'deleteClient', username: 'u' });
    expect(kicked).toEqual(['one']);
    expect(plugin.authorize!(connected, will)).toBe(false);
  });

  it('show from where a user is connected', async () => {
    const plugin = await started();
    const connected = client('admin');
    plugin.connected!(connected);
    await send(plugin, { command: 'getClient', username: 'admin' });
    expect(answers.at(-1)).toContain('"connections":[{"address":"192.0.2.1"}]');
    plugin.disconnected!(connected, 0);
    await send(plugin, { command: 'getClient', username: 'admin' });
    expect(answers.at(-1)).toContain('"connections":[]');
  });
});

describe('why something is denied', () => {
  it('is a role, or that no role allows it', async () => {
    const plugin = await started();
    await send(
      plugin,
      { command: 'createClient', username: 'ann', password: 'x' },
      {
        command: 'createRole',
        rolename: 'careful',
        acls: [
          { acltype: 'publishClientSend', topic: 'secret/#', allow: false },
          { acltype: 'publishClientSend', topic: 'open/#', allow: true },
        ],
      },
      { command: 'addClientRole', username: 'ann', rolename: 'careful' },
    );
    const why = (topic: string, type: 'publish' | 'subscribe' = 'publish') =>
      plugin.whyNot!(client('ann'), { type, topic });
    expect(why('secret/a')).toBe('role careful denies it (publishClientSend)');
    expect(why('elsewhere')).toBe('no role allows it (publishClientSend)');
    expect(why('a', 'subscribe')).toBe('no role allows it (subscribe)');
    expect(why('open/a')).toBeUndefined();
    expect(plugin.whyNot!(client('nobody'), { type: 'publish', topic: 'a' })).toBeUndefined();
  });
});
