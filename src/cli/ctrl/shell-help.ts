// What `help` says in the shell of `pondhawk ctrl`.

export type Help = readonly [calls: readonly string[], text: string];

const about =
  'This is the mosquitto_ctrl interactive shell, for controlling aspects of a mosquitto broker.\n';
const hint = `Find help on a command using 'help <command>'
Press tab multiple times to find currently available commands.
`;

export const workflowHelp = `${about}${hint}
Example workflow:

> auth
username: admin
password:
> connect mqtt://localhost
mqtt://localhost:1883> dynsec
mqtt://localhost:1883|dynsec> createGroup newgroup
OK

`;

export const dynsecHelp = `${about}You are in dynsec mode, for controlling the dynamic-security clients, groups, and roles used in authentication and authorisation.
Use 'return' to leave dynsec mode.
${hint}
`;

export const brokerHelp = `${about}You are in broker mode, for controlling some core broker functionality.
Use 'return' to leave this mode.
${hint}
`;

const aclTypes = [
  ...['publishClientReceive', 'publishClientSend', 'subscribeLiteral', 'subscribePattern'],
  ...['unsubscribeLiteral', 'unsubscribePattern'],
];
const freeText = 'These are free-text fields for your own use.\n';

function texts(command: string, item: string): string[] {
  return ['textName <textname>', 'textDescription <textdescription>'].map(
    (property) => `${command} <${item}> ${property}`,
  );
}

/** By command. */
export const commandHelp: Readonly<Record<string, Help>> = {
  auth: [['auth [username]'], 'Set a username and password prior to connecting to a broker.\n'],
  connect: [
    ['connect', ...['mqtt', 'mqtts', 'ws', 'wss'].map((scheme) => `connect ${scheme}://hostname[:port]`)],
    `Connect to a broker using the provided transport and port.
If no URL is provided, connects to mqtt://localhost:1883
`,
  ],
  exit: [['exit'], 'Quit the program\n'],
  help: [['help <command>'], hint],
  disconnect: [['disconnect'], 'Disconnect from the broker\n'],
  broker: [['broker'], 'Start the broker control mode.\n'],
  dynsec: [['dynsec'], 'Start the dynamic-security control mode.\n'],
  listPlugins: [['listPlugins'], 'Lists currently loaded plugins.\n'],
  listListeners: [['listListeners'], 'Lists current listeners.\n'],
  addClientRole: [['addClientRole <username> <rolename>'], 'Adds a role directly to a client.\n'],
  addGroupClient: [['addGroupClient <groupname> <username>'], 'Adds a client to a group.\n'],
  addGroupRole: [['addGroupRole <groupname> <rolename>'], 'Adds a role to a group.\n'],
  addRoleACL: [
    aclTypes.map((acltype) => `addRoleACL <rolename> ${acltype} allow|deny [priority] <topic>`),
    `Adds an ACL to a role, with an optional priority.

ACLs of a specific type within a role are processed in order from highest to lowest priority with the first matching ACL applying.
`,
  ],
  createClient: [
    ['createClient <username> [password [clientid]]'],
    'Create a client with password and optional client id.\n',
  ],
  createGroup: [['createGroup <groupname>'], 'Create a new group.\n'],
  createRole: [['createRole <rolename>'], 'Create a new role.\n'],
  deleteClient: [['deleteClient <username>'], 'Delete a client\n'],
  deleteGroup: [['deleteGroup <groupname>'], 'Delete a group\n'],
  deleteRole: [['deleteRole <rolename>'], 'Delete a role\n'],
  disableClient: [
    ['disableClient <username>'],
    'Disable a client. This client will not be able to log in, and will be kicked if it has an existing session.\n',
  ],
  enableClient: [['enableClient <username>'], 'Enable a client. Disabled clients are unable to log in.\n'],
  getAnonymousGroup: [['getAnonymousGroup'], 'Print the group configured as the anonymous group.\n'],
  getDetails: [
    ['getDetails'],
    'Print details including the client, group, and role count, and the current change index.\n',
  ],
  getClient: [['getClient <username>'], 'Print details of a client and its groups and direct roles.\n'],
  getDefaultACLAccess: [
    ['getDefaultACLAccess'],
    'Print the default allow/deny values for the different classes of ACL.\n',
  ],
  getGroup: [['getGroup <groupname>'], 'Print details of a group and its roles.\n'],
  getRole: [['getRole <rolename>'], 'Print details of a role and its ACLs.\n'],
  ...Object.fromEntries(
    ['Clients', 'Groups', 'Roles'].map((what): [string, Help] => [
      `list${what}`,
      [
        [`list${what} [count [offset]]`],
        `Print a list of ${what.toLowerCase()} configured in the dynsec plugin, with an optional total count and list offset.\n`,
      ],
    ]),
  ),
  removeClientRole: [
    ['removeClientRole <username> <rolename>'],
    'Removes a role from a client, where the role was directly attached to the client.\n',
  ],
  removeGroupClient: [['removeGroupClient <groupname> <username>'], 'Removes a client from a group.\n'],
  removeGroupRole: [['removeGroupRole <groupname> <rolename>'], 'Removes a role from a group.\n'],
  removeRoleACL: [
    aclTypes.map((acltype) => `removeRoleACL <rolename> ${acltype} <topic>`),
    'Removes an ACL from a role.\n',
  ],
  setAnonymousGroup: [['setAnonymousGroup <groupname>'], 'Sets the anonymous group to a new group.\n'],
  setClientId: [
    ['setClientId <username>', 'setClientId <username> <clientid>'],
    'Sets or clears the clientid associated with a client. If a client has a clientid, all three of username, password, and clientid must match for a client to be able to authenticate.\n',
  ],
  setClientPassword: [['setClientPassword <username> [password]'], 'Sets a new password for a client.\n'],
  setDefaultACLAccess: [
    ['publishClientReceive', 'publishClientSend', 'subscribe', 'unsubscribe'].map(
      (acltype) => `setDefaultACLAccess ${acltype} allow|deny`,
    ),
    `Sets the default ACL access to use for an ACL type. The default access will be applied if no other ACL rules match.
Setting a rule to 'allow' means that if no ACLs match, it will be accepted.
Setting a rule to 'deny' means that if no ACLs match, it will be denied.
`,
  ],
  modifyClient: [
    texts('modifyClient', 'username'),
    `Modify the text name or text description for a client.\n${freeText}`,
  ],
  modifyGroup: [
    texts('modifyGroup', 'groupname'),
    `Modify the text name or text description for a group.\n${freeText}`,
  ],
  modifyRole: [
    ['modifyRole <rolename> allowWildcardSubs true|false', ...texts('modifyRole', 'rolename')],
    `Modify the text name or text description for a role.\n${freeText}`,
  ],
};
