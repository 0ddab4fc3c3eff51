// The table: command lines that are run one after the other in one folder, against one broker with the dynamic security
// plugin, whose state they build up. `admin` with the password `secret` may do everything.

export interface Step {
  /** Unique. */
  readonly name: string;
  readonly args: readonly string[];
  /** Standard input; empty when it is left out. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Files that are written before: names to content. */
  readonly files?: Readonly<Record<string, string>>;
  /** A file to look at afterwards. */
  readonly shows?: string;
}

/** What stands for the port of the broker in arguments and files. */
export const PORT = '{port}';
const asAdmin = ['-p', PORT, '-u', 'admin', '-P', 'secret'];

function words(line: string): string[] {
  return line.split(' ').filter((word) => word !== '');
}

/** A command line that needs no broker, written as in a shell without quotes. */
function bare(line: string, more: Omit<Partial<Step>, 'args'> = {}): Step {
  return { name: line === '' ? 'nothing' : line, args: words(line), ...more };
}

/** A command of dynsec by the administrator. */
function dynsec(line: string, more: Omit<Partial<Step>, 'args'> = {}): Step {
  return { name: `admin: ${line}`, args: [...asAdmin, 'dynsec', ...words(line)], ...more };
}

function again(line: string, when: string): Step {
  return dynsec(line, { name: `admin: ${line}, ${when}` });
}

const texts: readonly Step[] = [
  bare('dynsec help'),
  bare('DYNSEC HELP'),
  bare('broker help'),
  bare('broker nope'),
  bare('dynsec nope'),
  bare('nope help'),
];

const flags: readonly Step[] = [
  ...['--help', '--version', 'dynsec', '--nodelay', '-k 5', '-t topic', '-h', '-p', '-o', '-f', '-L'].map(
    (line) => bare(line),
  ),
  bare('-p 65536 dynsec listRoles'),
  bare('-q 3 dynsec listRoles'),
  bare('-V 4 dynsec listRoles'),
  bare('-L ws://127.0.0.1/ dynsec listRoles'),
  bare('-L mqtt://127.0.0.1 dynsec listRoles'),
  bare('-L mqtt://:secret@127.0.0.1/ dynsec listRoles'),
  bare('-L mqtt://127.0.0.1:/ dynsec listRoles'),
  bare('--cert file dynsec listRoles'),
  bare('--keyform pem dynsec listRoles'),
  bare('--psk 00 dynsec listRoles'),
  bare('--psk 00 --psk-identity a --cafile b dynsec listRoles'),
  bare('--cafile nowhere dynsec listRoles'),
  bare('--tls-version tlsv9 dynsec listRoles'),
  bare('--proxy http://proxy dynsec listRoles'),
  bare('-h no.such.host.invalid dynsec listRoles'),
  bare('-p 1 dynsec listRoles'),
];

/** Each of these finds the files that those before it have left. */
export const stepsOnFiles: readonly Step[] = [
  bare('dynsec init'),
  bare('dynsec init made'),
  bare('dynsec init made admin secret more'),
  bare('dynsec init made admin secret', { shows: 'made' }),
  bare('dynsec init made admin secret', { name: 'init of a file that is there', shows: 'made' }),
  bare('dynsec init folder/made admin secret'),
  bare('dynsec init asked admin', { input: 'secret\nsecret\n', shows: 'asked' }),
  bare('dynsec init unequal admin', { input: 'secret\nSecret\n', shows: 'unequal' }),
  bare('dynsec init empty admin', { input: '\n', shows: 'empty' }),
  bare('dynsec init once admin', { input: 'secret\n', shows: 'once' }),
  bare('-f made dynsec setClientPassword admin new', { shows: 'made' }),
  bare('-f made dynsec setClientPassword admin new -i 7', { shows: 'made' }),
  bare('-f made dynsec setClientPassword admin new -i'),
  bare('-f made dynsec setClientPassword admin new more'),
  bare('-f made dynsec setClientPassword admin'),
  bare('-f made dynsec setClientPassword nobody new', { shows: 'made' }),
  bare('-f nowhere dynsec setClientPassword admin new'),
  bare('-f void dynsec setClientPassword admin new', { files: { void: '' } }),
  bare('-f text dynsec setClientPassword admin new', { files: { text: 'text' } }),
  bare('-f list dynsec setClientPassword admin new', { files: { list: '[]' } }),
  bare('-f old dynsec setClientPassword ann new', {
    files: {
      old: '{"clients":[7,{"username":"ann","password":"a","Salt":"b","iterations":1,"x":null}],"y":1.5}',
    },
    shows: 'old',
  }),
  bare('-f made dynsec listRoles'),
];

const options: readonly Step[] = [
  bare('-o options dynsec listClients', {
    files: { options: `# who\n\n-p ${PORT}\n-u admin\r\n-P secret ignored\n` },
  }),
  bare('-u nobody dynsec listClients', {
    env: { XDG_CONFIG_HOME: '.' },
    files: { mosquitto_ctrl: `-p ${PORT}\n-u admin\n-P secret\n` },
  }),
  bare('-o wrong dynsec listClients', { files: { wrong: '--nope\n' } }),
  bare('-o missing dynsec nope'),
];

const connections: readonly Step[] = [
  bare(`-p ${PORT} -u admin -P wrong dynsec listClients`),
  bare(`-p ${PORT} -u admin -P wrong -V 311 dynsec listClients`),
  bare(`-p ${PORT} -V 311 -u admin -P secret -i me -q 0 dynsec listClients`),
  bare(`-p ${PORT} -V 31 -u admin -P secret -q 2 dynsec listClients`),
  bare(`-L mqtt://admin:secret@127.0.0.1:${PORT}/any dynsec listClients`),
  bare(`-p ${PORT} -u admin dynsec listClients`, { input: 'secret\n' }),
  bare(`-p ${PORT} -u admin dynsec getRole admin`, { input: '\n' }),
];

const clients: readonly Step[] = [
  dynsec('createClient'),
  dynsec('createClient ann -p'),
  dynsec('createClient ann -i'),
  dynsec('createClient ann -p pw -i ann-1'),
  again('createClient ann -p pw -i ann-1', 'again'),
  dynsec('CREATECLIENT bob', { input: 'pw\npw\n' }),
  dynsec('createClient cid', { input: '\n' }),
  dynsec('createClient dan', { input: 'pw\npW\n' }),
  dynsec('getClient ann'),
  dynsec('getClient nobody'),
  dynsec('getClient'),
  dynsec('listClients'),
  dynsec('listClients 2'),
  dynsec('listClients 1 2'),
  dynsec('listClients -1 x'),
  dynsec('listClients 1 2 3'),
  dynsec('disableClient ann'),
  again('getClient ann', 'disabled'),
  dynsec('enableClient ann'),
  dynsec('setClientId ann'),
  dynsec('setClientId bob b-1'),
  dynsec('setClientId'),
  dynsec('setClientPassword ann new'),
  dynsec('setClientPassword ann', { input: 'new\nnew\n' }),
  dynsec('setClientPassword bob', { input: 'new\nold\n' }),
  dynsec('setClientPassword cid', { input: '\n' }),
  dynsec('setClientPassword a b c'),
];

const roles: readonly Step[] = [
  dynsec('createRole reader'),
  again('createRole reader', 'again'),
  dynsec('addRoleACL reader subscribePattern a/# allow 5'),
  dynsec('addRoleACL reader publishClientReceive a/# ALLOW'),
  dynsec('addRoleACL reader publishClientSend b/# deny -1'),
  dynsec('addRoleACL reader nope a allow'),
  dynsec('addRoleACL reader subscribeLiteral a maybe'),
  dynsec('addRoleACL reader'),
  dynsec('getRole reader'),
  dynsec('removeRoleACL reader subscribePattern a/#'),
  dynsec('removeRoleACL reader nope a/#'),
  dynsec('removeRoleACL reader subscribePattern nowhere'),
  dynsec('addClientRole ann reader 7'),
  dynsec('addClientRole bob reader'),
  dynsec('addClientRole bob'),
  again('getClient ann', 'with a role'),
  dynsec('removeClientRole bob reader'),
  dynsec('createRole bare'),
  dynsec('getRole bare'),
  dynsec('listRoles'),
  dynsec('deleteRole bare'),
  dynsec('getRole bare nothing'),
];

const groups: readonly Step[] = [
  dynsec('createGroup all'),
  dynsec('getGroup all'),
  dynsec('addGroupRole all reader 3'),
  dynsec('addGroupClient all ann 2'),
  dynsec('addGroupClient all bob'),
  again('getGroup all', 'with members'),
  again('getClient ann', 'in a group'),
  dynsec('removeGroupClient all bob'),
  dynsec('removeGroupRole all reader'),
  dynsec('listGroups'),
  dynsec('getAnonymousGroup'),
  dynsec('setAnonymousGroup all'),
  again('getAnonymousGroup', 'set'),
  dynsec('deleteGroup all'),
  dynsec('deleteGroup nothing'),
];

const access: readonly Step[] = [
  dynsec('getDefaultACLAccess'),
  dynsec('setDefaultACLAccess subscribe allow'),
  dynsec('setDefaultACLAccess unsubscribe DENY'),
  dynsec('setDefaultACLAccess subscribe maybe'),
  dynsec('setDefaultACLAccess nope allow'),
  dynsec('setDefaultACLAccess subscribe'),
  again('getDefaultACLAccess', 'changed'),
  bare(`-p ${PORT} -u ann -P new dynsec listClients`, { name: 'a client that may not' }),
  dynsec('createClient eve -p pw'),
  dynsec('setDefaultACLAccess subscribe deny'),
  bare(`-p ${PORT} -u eve -P pw dynsec listClients`, { name: 'a client that may not subscribe' }),
  bare(`-p ${PORT} -u eve -P pw -V 311 dynsec listClients`, { name: 'MQTT 3.1.1, and may not subscribe' }),
  dynsec('createRole watcher'),
  dynsec('addRoleACL watcher subscribePattern $CONTROL/# allow'),
  dynsec('addClientRole eve watcher'),
  bare(`-p ${PORT} -u eve -P pw dynsec listClients`, { name: 'a client that may not publish' }),
  dynsec('deleteClient ann'),
  dynsec('createRole broker'),
  dynsec('addRoleACL broker subscribePattern $CONTROL/broker/# allow'),
  dynsec('addRoleACL broker publishClientSend $CONTROL/broker/# allow'),
  dynsec('addRoleACL broker publishClientReceive $CONTROL/broker/# allow'),
  dynsec('addClientRole admin broker'),
  bare(`-p ${PORT} -u admin -P secret broker listListeners`, { name: 'admin: broker listListeners' }),
  bare(`-p ${PORT} -u admin -P secret broker listPlugins`, { name: 'admin: broker listPlugins' }),
];

export const steps: readonly Step[] = [
  ...[texts, flags, stepsOnFiles, options, connections, clients, roles, groups, access].flat(),
];
