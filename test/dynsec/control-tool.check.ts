// mosquitto_ctrl against our broker: what the tool says, command after command, is what it says of Mosquitto.
//   MOSQUITTO_BIN=/folder/with/its/programs npx vitest run --config test/dynsec/control-tool.config.ts
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { startMosquitto } from './mosquitto.js';
import { startOurs } from './ours.js';
import { ADMIN_PASSWORD } from './session.js';

const programs = process.env['MOSQUITTO_BIN'];

const commands = `
createClient u -p pw
createClient u -p pw
setClientId u id
createRole r
addRoleACL r publishClientSend a/# allow 5
addRoleACL r subscribeLiteral b deny
getRole r
listRoles
addClientRole u r 3
createGroup g
addGroupClient g u 2
addGroupRole g r
getGroup g
listGroups
getClient u
listClients
disableClient u
getClient u
enableClient u
setClientPassword u -p other
removeRoleACL r subscribeLiteral b
removeGroupRole g r
removeGroupClient g u
removeClientRole u r
setAnonymousGroup g
getAnonymousGroup
setDefaultACLAccess subscribe allow
getDefaultACLAccess
deleteRole r
deleteRole r
deleteClient u
setAnonymousGroup unauthenticated
deleteGroup g
getGroup g
listClients
`
  .trim()
  .split('\n');

async function run(folder: string, port: number, command: string): Promise<string> {
  const login = ['-h', '127.0.0.1', '-p', String(port), '-u', 'admin', '-P', ADMIN_PASSWORD];
  const { stdout, stderr } = await promisify(execFile)(
    join(folder, 'mosquitto_ctrl'),
    [...login, 'dynsec', ...command.split(' ')],
    { timeout: 5000 },
  ).catch((error: { stdout: string; stderr: string }) => error);
  return `${stdout}${stderr}`;
}

async function runAll(folder: string, port: number): Promise<[string, string][]> {
  const said: [string, string][] = [];
  for (const command of commands) said.push([command, await run(folder, port, command)]);
  return said;
}

test.skipIf(programs === undefined)(
  'mosquitto_ctrl says of ours what it says of Mosquitto',
  async () => {
    const mosquitto = await startMosquitto(programs!);
    const ours = await startOurs();
    try {
      const said = await runAll(programs!, ours.port);
      expect(said).toEqual(await runAll(programs!, mosquitto.port));
      expect(JSON.stringify(said)).toContain('Rolename: r');
    } finally {
      await ours.stop();
      await mosquitto.stop();
    }
  },
  120_000,
);
