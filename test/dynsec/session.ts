// A session with dynamic security: every command with good and bad input, and what comes of them for clients. Played
// against Mosquitto once, and against ours in every test run.
import { DynsecClient, type Login } from './dynsec-client.js';

export const CONTROL = '$CONTROL/dynamic-security/v1';
export const ADMIN_PASSWORD = 'correct horse battery';

/** What was said to each step, by its name. */
export type Results = Record<string, unknown>;

class Player {
  readonly results: Results = {};
  readonly #port: number;
  readonly #clients = new Map<string, DynsecClient>();

  constructor(port: number) {
    this.#port = port;
  }

  async #admin(): Promise<DynsecClient> {
    const login = { id: 'admin-1', user: 'admin', password: ADMIN_PASSWORD };
    const admin = await DynsecClient.connect(this.#port, login);
    if (typeof admin === 'string') throw new Error(`the administrator may not connect: ${admin}`);
    await admin.subscribe(`${CONTROL}/response`);
    return admin;
  }

  /** Sends a payload, each time as an administrator who has just come. */
  async #answer(payload: string, topic = CONTROL): Promise<unknown> {
    const admin = await this.#admin();
    await admin.publish(topic, payload);
    const text = await admin.message();
    // kicked clients are gone when the administrator has heard of the next thing
    await admin.state();
    await admin.leave();
    return JSON.parse(text);
  }

  async payload(step: string, payload: string, topic?: string): Promise<void> {
    this.results[step] = await this.#answer(payload, topic);
  }

  /** Commands, each answered by itself. */
  async commands(step: string, ...commands: unknown[]): Promise<void> {
    await this.payload(step, JSON.stringify({ commands }));
  }

  async connect(step: string, login: Login): Promise<DynsecClient | undefined> {
    const client = await DynsecClient.connect(this.#port, login);
    this.results[step] = typeof client === 'string' ? client : 'connected';
    if (typeof client === 'string') return undefined;
    this.#clients.set(login.id, client);
    return client;
  }

  /** Who of the connected is still there; those who are not are forgotten. */
  async look(step: string): Promise<void> {
    const states: Record<string, string> = {};
    for (const [id, client] of [...this.#clients]) {
      states[id] = await client.state();
      if (states[id] !== 'here') this.#clients.delete(id);
    }
    this.results[step] = states;
  }

  async leaveAll(): Promise<void> {
    for (const client of this.#clients.values()) await client.leave();
    this.#clients.clear();
  }
}

/** A command with fields that are not right, one after the other. */
function bad(command: string, ...fields: Record<string, unknown>[]): Record<string, unknown>[] {
  return [{ command }, ...fields.map((each) => ({ command, ...each }))];
}

const odd = 'a\u0001b';

async function playPayloads(player: Player): Promise<void> {
  await player.payload('payload: to nobody', 'x', '$CONTROL/nobody/v1');
  await player.payload('payload: empty', '');
  await player.payload('payload: no JSON', '{"commands":');
  await player.payload('payload: a list', '[]');
  await player.payload('payload: no commands', '{}');
  await player.payload('payload: commands of another type', '{"commands":{}}');
  await player.payload('payload: no command at all', '{"commands":[]}');
  await player.payload('payload: a command that is none', '{"commands":[{"command":"getDetails"},1]}');
  await player.payload('payload: a command without name', '{"commands":[{},{"command":"getDetails"}]}');
  await player.payload(
    'payload: correlation data of another type',
    '{"commands":[{"command":"getDetails","correlationData":1}]}',
  );
  await player.payload('payload: unknown command', '{"commands":[{"command":"Nope","correlationData":"c"}]}');
  await player.payload(
    'payload: names without case',
    '{"COMMANDS":[{"Command":"GETDETAILS","CorrelationData":"d"},{"command":"CREATEROLE","ROLENAME":"zz"},{"command":"deleterole","rolename":"zz"}]}',
  );
  await player.payload(
    'payload: the first of two',
    '{"commands":[{"command":"getRole","rolename":"client\\u0000x"}]}',
  );
}

async function playDefaults(player: Player): Promise<void> {
  const set = 'setDefaultACLAccess';
  await player.commands(
    'defaults',
    { command: 'getDefaultACLAccess', correlationData: 'x' },
    ...bad(set, { acls: {} }, { acls: [1, { acltype: 'subscribe' }, { acltype: 'nope', allow: true }] }),
    {
      command: set,
      acls: [
        { acltype: 'SUBSCRIBE', allow: true },
        { acltype: 'unsubscribe', allow: false },
      ],
    },
    { command: set, acls: [{ acltype: 'publishClientReceive', allow: 'no' }], correlationData: 'y' },
    { command: 'getDefaultACLAccess' },
    {
      command: set,
      acls: [
        { acltype: 'subscribe', allow: false },
        { acltype: 'unsubscribe', allow: true },
      ],
    },
    { command: 'getDetails', correlationData: 'z' },
  );
}

async function playRoles(player: Player): Promise<void> {
  await player.commands(
    'roles: create',
    ...bad('createRole', { rolename: 1 }, { rolename: '' }, { rolename: odd }),
    { command: 'createRole', rolename: 'r1', textname: 1 },
    { command: 'createRole', rolename: 'r1', textdescription: null },
    { command: 'createRole', rolename: 'r1', allowwildcardsubs: 'x' },
    { command: 'createRole', rolename: 'r1', textname: 'N', textdescription: 'D', acls: {} },
    { command: 'createRole', rolename: 'r1' },
    {
      command: 'createRole',
      rolename: 'r2',
      allowwildcardsubs: false,
      acls: [
        { acltype: 'subscribePattern', topic: 'p/#', allow: true },
        { acltype: 'PUBLISHCLIENTSEND', topic: 'low', priority: -5, allow: false },
        { acltype: 'publishClientSend', topic: 'high', priority: 1_000_000, allow: true },
        { acltype: 'publishClientSend', topic: 'middle', priority: 2.9 },
        { acltype: 'publishClientSend', topic: 'middle', priority: 9 },
        { acltype: 'publishClientSend', topic: 'also middle', priority: 2, allow: 1 },
        { acltype: 'nope', topic: 'x' },
        { acltype: 'publishClientSend', topic: '' },
        7,
      ],
      correlationData: 'made',
    },
    ...bad('getRole', { rolename: odd }, { rolename: 'nope' }, { rolename: 'r1' }, { rolename: 'r2' }),
    { command: 'listRoles' },
    { command: 'listRoles', verbose: true, count: 2, offset: 6, correlationData: 'l' },
    { command: 'listRoles', count: 0 },
    { command: 'listRoles', count: 3, offset: 100 },
    { command: 'listRoles', verbose: 'yes', count: 'x', offset: -3 },
  );
  await player.commands(
    'roles: ACLs',
    ...bad('addRoleACL', { rolename: odd }, { rolename: 'nope' }, { rolename: 'r1' }),
    { command: 'addRoleACL', rolename: 'r1', acltype: 'nope' },
    { command: 'addRoleACL', rolename: 'r1', acltype: 'subscribePattern' },
    { command: 'addRoleACL', rolename: 'r1', acltype: 'subscribePattern', topic: odd },
    { command: 'addRoleACL', rolename: 'r1', acltype: 'subscribePattern', topic: 'a/#/b' },
    { command: 'addRoleACL', rolename: 'r1', acltype: 'subscribePattern', topic: '' },
    {
      command: 'addRoleACL',
      rolename: 'r1',
      acltype: 'subscribepattern',
      topic: 'a/#',
      priority: 3,
      allow: true,
    },
    { command: 'addRoleACL', rolename: 'r1', acltype: 'subscribePattern', topic: 'a/#' },
    {
      command: 'addRoleACL',
      rolename: 'r1',
      acltype: 'subscribeLiteral',
      topic: 'lit',
      allow: 'x',
      correlationData: 'e',
    },
    ...['publishClientSend', 'publishClientReceive', 'unsubscribeLiteral', 'unsubscribePattern'].map(
      (acltype) => ({
        command: 'addRoleACL',
        rolename: 'r1',
        acltype,
        topic: `for/${acltype}`,
        priority: -200_000,
        allow: true,
      }),
    ),
    ...bad('removeRoleACL', { rolename: odd }, { rolename: 'nope' }, { rolename: 'r1' }),
    { command: 'removeRoleACL', rolename: 'r1', acltype: 'nope', topic: 'a' },
    { command: 'removeRoleACL', rolename: 'r1', acltype: 'subscribeLiteral' },
    { command: 'removeRoleACL', rolename: 'r1', acltype: 'subscribeLiteral', topic: odd },
    { command: 'removeRoleACL', rolename: 'r1', acltype: 'subscribeLiteral', topic: 'a+' },
    { command: 'removeRoleACL', rolename: 'r1', acltype: 'subscribeLiteral', topic: 'nope' },
    { command: 'removeRoleACL', rolename: 'r1', acltype: 'subscribeLiteral', topic: 'lit' },
    ...bad('modifyRole', { rolename: odd }, { rolename: 'nope' }, { rolename: 'r1', textname: 7 }),
    { command: 'modifyRole', rolename: 'r1', textname: '', textdescription: 'new', allowwildcardsubs: 0 },
    {
      command: 'modifyRole',
      rolename: 'r2',
      allowwildcardsubs: true,
      acls: [{ acltype: 'subscribeLiteral', topic: 'only' }],
    },
    { command: 'getRole', rolename: 'r1' },
    { command: 'getRole', rolename: 'r2' },
    ...bad('deleteRole', { rolename: odd }, { rolename: 'nope' }, { rolename: 'r2' }),
  );
}

async function playClients(player: Player): Promise<void> {
  await player.commands(
    'clients: create',
    ...bad('createClient', { username: 1 }, { username: '' }, { username: odd }),
    { command: 'createClient', username: 'u1', password: 1 },
    { command: 'createClient', username: 'u1', clientid: 1 },
    { command: 'createClient', username: 'u1', clientid: odd },
    { command: 'createClient', username: 'u1', textname: 1 },
    { command: 'createClient', username: 'u1', textdescription: 1 },
    { command: 'createClient', username: 'u1', roles: 1 },
    { command: 'createClient', username: 'u1', roles: [1] },
    { command: 'createClient', username: 'u1', roles: [{ rolename: 'nope' }] },
    { command: 'createClient', username: 'u1', groups: [{ groupname: 'nope' }] },
    {
      command: 'createClient',
      username: 'u1',
      password: 'p1',
      clientid: '',
      textname: 'T',
      textdescription: 'D',
      groups: 1,
    },
    { command: 'createClient', username: 'u1', correlationData: 'again' },
    {
      command: 'createClient',
      username: 'ü2',
      clientid: 'id2',
      groups: [7, {}, { groupname: 'unauthenticated', priority: 4 }],
    },
    ...bad('getClient', { username: odd }, { username: 'nope' }, { username: 'u1' }, { username: 'ü2' }),
    { command: 'listClients' },
    { command: 'listClients', verbose: true, count: 1, offset: 1 },
    { command: 'addClientRole', username: 'u1', rolename: 'r1', priority: 5 },
    { command: 'addClientRole', username: 'u1', rolename: 'r1' },
    { command: 'addClientRole', username: 'u1', rolename: 'client', priority: 500_000 },
    { command: 'addClientRole', username: 'u1', rolename: 'broker-admin' },
    { command: 'addClientRole', username: 'u1', rolename: 'sys-notify', priority: 5 },
    ...bad('addClientRole', { username: odd }, { username: 'u1' }, { username: 'u1', rolename: odd }),
    { command: 'addClientRole', username: 'nope', rolename: 'nope' },
    { command: 'addClientRole', username: 'u1', rolename: 'nope' },
    ...bad('removeClientRole', { username: odd }, { username: 'u1' }, { username: 'u1', rolename: odd }),
    { command: 'removeClientRole', username: 'nope', rolename: 'nope' },
    { command: 'removeClientRole', username: 'u1', rolename: 'nope' },
    { command: 'removeClientRole', username: 'u1', rolename: 'topic-observe' },
    { command: 'removeClientRole', username: 'u1', rolename: 'client' },
    { command: 'getClient', username: 'u1' },
  );
  await player.commands(
    'clients: change',
    ...bad('setClientPassword', { username: odd }, { username: 'u1' }, { username: 'u1', password: 1 }),
    { command: 'setClientPassword', username: 'u1', password: '' },
    { command: 'setClientPassword', username: 'nope', password: 'x' },
    { command: 'setClientPassword', username: 'ü2', password: 'p2' },
    ...bad('setClientId', { username: odd }, { username: 'nope' }, { username: 'u1', clientid: 1 }),
    { command: 'setClientId', username: 'u1', clientid: odd },
    { command: 'setClientId', username: 'u1', clientid: 'id1' },
    { command: 'setClientId', username: 'ü2', clientid: '' },
    ...bad('disableClient', { username: odd }, { username: 'nope' }, { username: 'u1' }),
    { command: 'getClient', username: 'u1' },
    ...bad('enableClient', { username: odd }, { username: 'nope' }, { username: 'u1' }),
    ...bad('modifyClient', { username: odd }, { username: 'nope' }, { username: 'u1', roles: 1 }),
    { command: 'modifyClient', username: 'u1', roles: [{}] },
    { command: 'modifyClient', username: 'u1', roles: [{ rolename: 'nope' }] },
    { command: 'modifyClient', username: 'u1', groups: [{ groupname: 'nope' }] },
    { command: 'modifyClient', username: 'u1', groups: [{ groupname: 1 }] },
    {
      command: 'modifyClient',
      username: 'u1',
      textname: 'new',
      clientid: '',
      password: '',
      textdescription: 4,
    },
    { command: 'getClient', username: 'u1' },
    { command: 'setClientId', username: 'ü2' },
    ...bad('deleteClient', { username: odd }, { username: 'nope' }),
  );
}

async function playGroups(player: Player): Promise<void> {
  await player.commands(
    'groups: create',
    ...bad('createGroup', { groupname: 1 }, { groupname: '' }, { groupname: odd }),
    { command: 'createGroup', groupname: 'g1', textname: 1 },
    { command: 'createGroup', groupname: 'g1', textdescription: 1 },
    { command: 'createGroup', groupname: 'g1', roles: 1 },
    { command: 'createGroup', groupname: 'g1', roles: [{ rolename: 'nope' }] },
    { command: 'createGroup', groupname: 'g1', textname: 'T', textdescription: 'D' },
    { command: 'createGroup', groupname: 'g1', correlationData: 'again' },
    { command: 'createGroup', groupname: 'a0' },
    { command: 'createGroup', groupname: 'gone' },
    ...bad('addGroupClient', { username: odd }, { username: 'u1' }, { username: 'u1', groupname: odd }),
    { command: 'addGroupClient', username: 'nope', groupname: 'nope' },
    { command: 'addGroupClient', username: 'u1', groupname: 'nope' },
    { command: 'addGroupClient', username: 'u1', groupname: 'g1', priority: 7 },
    { command: 'addGroupClient', username: 'u1', groupname: 'g1' },
    { command: 'addGroupClient', username: 'ü2', groupname: 'g1' },
    { command: 'addGroupClient', username: 'u1', groupname: 'gone' },
    { command: 'addGroupClient', username: 'u1', groupname: 'a0', priority: 7 },
    ...bad('addGroupRole', { groupname: odd }, { groupname: 'g1' }, { groupname: 'g1', rolename: odd }),
    { command: 'addGroupRole', groupname: 'nope', rolename: 'nope' },
    { command: 'addGroupRole', groupname: 'g1', rolename: 'nope' },
    { command: 'addGroupRole', groupname: 'g1', rolename: 'client', priority: -7 },
    { command: 'addGroupRole', groupname: 'g1', rolename: 'client' },
    { command: 'addGroupRole', groupname: 'gone', rolename: 'client' },
    { command: 'getClient', username: 'u1' },
    ...bad('getGroup', { groupname: odd }, { groupname: 'nope' }, { groupname: 'g1' }),
    { command: 'listGroups' },
    { command: 'listGroups', verbose: true, count: 2, offset: 1 },
  );
  await player.commands(
    'groups: change',
    ...bad('removeGroupClient', { username: odd }, { username: 'u1' }, { username: 'u1', groupname: odd }),
    { command: 'removeGroupClient', username: 'nope', groupname: 'nope' },
    { command: 'removeGroupClient', username: 'u1', groupname: 'nope' },
    { command: 'removeGroupClient', username: 'u1', groupname: 'unauthenticated' },
    { command: 'removeGroupClient', username: 'u1', groupname: 'a0' },
    ...bad('removeGroupRole', { groupname: odd }, { groupname: 'g1' }, { groupname: 'g1', rolename: odd }),
    { command: 'removeGroupRole', groupname: 'nope', rolename: 'nope' },
    { command: 'removeGroupRole', groupname: 'g1', rolename: 'nope' },
    { command: 'removeGroupRole', groupname: 'g1', rolename: 'r1' },
    { command: 'removeGroupRole', groupname: 'g1', rolename: 'client' },
    ...bad('modifyGroup', { groupname: odd }, { groupname: 'nope' }, { groupname: 'g1', roles: 1 }),
    { command: 'modifyGroup', groupname: 'g1', roles: [{ rolename: 'nope' }] },
    { command: 'modifyGroup', groupname: 'g1', clients: [{ username: 'nope' }] },
    { command: 'modifyGroup', groupname: 'g1', clients: [{}] },
    {
      command: 'modifyGroup',
      groupname: 'g1',
      textname: 'new',
      clients: [{ username: 'ü2', priority: 3 }, 1, { username: 'admin' }],
    },
    { command: 'getGroup', groupname: 'g1' },
    { command: 'modifyGroup', groupname: 'g1', clients: [] },
    ...bad('deleteGroup', { groupname: odd }, { groupname: 'nope' }, { groupname: 'unauthenticated' }),
    { command: 'deleteGroup', groupname: 'gone' },
    { command: 'getAnonymousGroup', correlationData: 'anonymous' },
    ...bad('setAnonymousGroup', { groupname: odd }, { groupname: 'nope' }, { groupname: 'a0' }),
    { command: 'getAnonymousGroup' },
    { command: 'getClient', username: 'u1' },
    { command: 'getClient', username: 'ü2' },
  );
}

function acl(acltype: string, topic: string, allow: boolean, priority = 0): Record<string, unknown> {
  return { acltype, topic, priority, allow };
}

/** What clients may do: the first column of a table for each of these. */
const actions: readonly [what: 'publish' | 'subscribe' | 'unsubscribe', topic: string][] = [
  ...['open/a', 'open/secret', 'own/w1', 'own/other', 'name/w', 'plus/x', 'plus/x/y', 'other'].map(
    (topic) => ['publish', topic] as ['publish', string],
  ),
  ['publish', '$CONTROL/x'],
  ['publish', '$SYS/x'],
  ...[
    'sub/a',
    'sub/#',
    'sub/+',
    '#',
    'sub',
    'plus/+',
    'plus/#',
    'literal/+',
    'literal/x',
    '$share/g/sub/a',
    'own/w1',
  ].map((filter) => ['subscribe', filter] as ['subscribe', string]),
  ...['sub/a', 'literal/+', 'sub/#', 'nope'].map(
    (filter) => ['unsubscribe', filter] as ['unsubscribe', string],
  ),
];

async function whatMay(client: DynsecClient): Promise<Record<string, string>> {
  const may: Record<string, string> = {};
  for (const [what, topic] of actions) may[`${what} ${topic}`] = await client[what](topic);
  return may;
}

async function playAccess(player: Player): Promise<void> {
  const worker = { id: 'w1', user: 'w', password: 'pw' };
  await player.commands(
    'access: begin',
    {
      command: 'createRole',
      rolename: 'worker',
      acls: [
        acl('publishClientSend', 'open/secret', false, 9),
        acl('publishClientSend', 'open/#', true),
        acl('publishClientSend', 'own/%c', true),
        acl('publishClientSend', 'name/%u', true),
        acl('publishClientSend', 'plus/+', true),
        acl('publishClientSend', 'sub/x', true),
        acl('publishClientReceive', 'sub/#', true),
        acl('subscribePattern', 'sub/#', true),
        acl('subscribePattern', '$share/g/sub/#', true),
        acl('subscribePattern', 'plus/+', true),
        acl('subscribePattern', 'own/%c', true),
        acl('subscribeLiteral', 'literal/+', true),
        acl('unsubscribeLiteral', 'literal/+', true),
        acl('unsubscribePattern', 'sub/+', true),
      ],
    },
    {
      command: 'createRole',
      rolename: 'stern',
      acls: [acl('publishClientSend', 'open/#', false)],
      allowwildcardsubs: false,
    },
    { command: 'createClient', username: 'w', password: 'pw' },
    { command: 'createClient', username: 'nopass' },
    { command: 'addClientRole', username: 'w', rolename: 'worker' },
    {
      command: 'setDefaultACLAccess',
      acls: [
        { acltype: 'unsubscribe', allow: false },
        { acltype: 'publishClientReceive', allow: false },
      ],
    },
  );
  await player.connect('access: wrong password', { ...worker, password: 'no' });
  await player.connect('access: no password', { id: 'w1', user: 'w' });
  await player.connect('access: empty password', { ...worker, password: '' });
  await player.connect('access: unknown name', { ...worker, user: 'unknown' });
  await player.connect('access: no password set', { ...worker, user: 'nopass' });
  await player.connect('access: anonymous', { id: 'anonymous' });
  const client = (await player.connect('access: right password', worker))!;
  player.results['access: what may w'] = await whatMay(client);
  const other = (await player.connect('access: one who listens', { id: 'w2', user: 'w', password: 'pw' }))!;
  await other.subscribe('sub/#');
  await other.subscribe('plus/+');
  await player.commands('access: may send to all', {
    command: 'addRoleACL',
    rolename: 'client',
    acltype: 'publishClientSend',
    topic: 'all/#',
    allow: true,
  });
  await player.look('access: nobody of theirs');
  await client.publish('plus/x');
  await client.publish('sub/x');
  player.results['access: what came to w2'] = await other.topics();
  await player.commands('access: defaults are for all at once', {
    command: 'setDefaultACLAccess',
    acls: ['publishClientSend', 'publishClientReceive', 'subscribe', 'unsubscribe'].map((acltype) => ({
      acltype,
      allow: true,
    })),
  });
  await player.look('access: defaults kick nobody');
  player.results['access: what may w by default'] = await whatMay(client);
  await player.commands('access: a stern role before', {
    command: 'addClientRole',
    username: 'w',
    rolename: 'stern',
    priority: 1,
  });
  await player.look('access: w has changed');
  const again = (await player.connect('access: w comes back', worker))!;
  player.results['access: what may w now'] = await whatMay(again);
  const anonymous = await player.connect('access: anonymous by default', { id: 'anonymous' });
  if (anonymous !== undefined) player.results['access: what may anonymous'] = await whatMay(anonymous);
  await player.leaveAll();
}

async function playKicks(player: Player): Promise<void> {
  const members = { command: 'createGroup', groupname: 'members' };
  await player.commands(
    'kicks: begin',
    members,
    { command: 'createRole', rolename: 'shared' },
    ...['k1', 'k2'].map((username) => ({ command: 'createClient', username, password: username })),
    { command: 'addGroupClient', username: 'k1', groupname: 'members' },
    { command: 'addGroupRole', groupname: 'members', rolename: 'shared' },
    { command: 'addClientRole', username: 'k2', rolename: 'shared' },
  );
  const role = { rolename: 'shared' };
  const steps: Record<string, unknown>[] = [
    { command: 'modifyRole', ...role, textname: 'x' },
    { command: 'modifyRole', ...role, allowwildcardsubs: false },
    { command: 'modifyRole', ...role, acls: [] },
    { command: 'addRoleACL', ...role, acltype: 'publishClientSend', topic: 'a' },
    { command: 'removeRoleACL', ...role, acltype: 'publishClientSend', topic: 'a' },
    { command: 'createGroup', groupname: 'unrelated' },
    { command: 'enableClient', username: 'k1' },
    { command: 'setClientPassword', username: 'k1', password: 'k1' },
    { command: 'setClientId', username: 'k1', clientid: 'k1' },
    { command: 'modifyClient', username: 'k2', textname: 'x' },
    { command: 'addGroupClient', username: 'k2', groupname: 'nope' },
    { command: 'addGroupClient', username: 'k2', groupname: 'members' },
    { command: 'removeGroupClient', username: 'k2', groupname: 'members' },
    { command: 'addGroupRole', groupname: 'members', rolename: 'client' },
    { command: 'removeGroupRole', groupname: 'members', rolename: 'client' },
    { command: 'modifyGroup', groupname: 'members', textname: 'x' },
    { command: 'setAnonymousGroup', groupname: 'members' },
    { command: 'modifyGroup', groupname: 'members', textname: 'y' },
    { command: 'removeClientRole', username: 'k2', ...role },
    { command: 'addClientRole', username: 'k2', ...role },
    { command: 'deleteRole', ...role },
    { command: 'setAnonymousGroup', groupname: 'unauthenticated' },
    { command: 'deleteGroup', groupname: 'members' },
    { command: 'disableClient', username: 'k1' },
    { command: 'deleteClient', username: 'k2' },
  ];
  for (const [i, step] of steps.entries()) {
    for (const id of ['k1', 'k2'])
      await player.connect(`kicks ${i}: ${id} connects`, { id, user: id, password: id });
    await player.connect(`kicks ${i}: anonymous connects`, { id: 'anonymous' });
    await player.commands(`kicks ${i}: ${step['command']}`, step);
    await player.look(`kicks ${i}: who is here`);
    await player.leaveAll();
  }
}

/** Plays everything; `fileText` reads the file at its end. */
export async function playSession(port: number, fileText: () => string): Promise<Results> {
  const player = new Player(port);
  await playPayloads(player);
  await playDefaults(player);
  await playRoles(player);
  await playClients(player);
  await playGroups(player);
  await playAccess(player);
  await playKicks(player);
  // salts are made up
  player.results['the file'] = fileText().replaceAll(/\$7\$1000\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+/g, 'HASH');
  return player.results;
}
