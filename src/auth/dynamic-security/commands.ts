// The commands of the control topic of dynamic security.
import type { ClientInfo } from '../../core/plugin.js';
import { carryOut, commandsOf } from '../control/control-api.js';
import { clientCommands } from './client-commands.js';
import { Command, type Run, type Scene } from './command.js';
import { groupCommands } from './group-commands.js';
import { roleCommands } from './role-commands.js';

export const CONTROL_TOPIC = '$CONTROL/dynamic-security/v1';
export const RESPONSE_TOPIC = `${CONTROL_TOPIC}/response`;

const commands = commandsOf<Run>({ ...clientCommands, ...groupCommands, ...roleCommands });

/** Carries out the commands of a payload, one after the other; returns the payload of the answer. */
export function control(scene: Scene, admin: ClientInfo, payload: Uint8Array): Promise<string> {
  return carryOut(payload, commands, (run, name, json) => run(scene, new Command(name, admin, json)));
}
