// What Mosquitto decided: recorded.json, which record.ts makes.
import { readFileSync } from 'node:fs';
import type { AclProbe, AclRecording } from './acl-case.js';

export const recordingFile = new URL('recorded.json', import.meta.url);

export function readRecording(): AclRecording {
  return JSON.parse(readFileSync(recordingFile, 'utf8')) as AclRecording;
}

/** A probe as a line, for comparing and for messages. */
export function described({ as, tries }: AclProbe): string {
  const { id, user, version = 5 } = as;
  const who = `${user === undefined ? 'nobody' : JSON.stringify(user)} as ${JSON.stringify(id)}, MQTT ${version}`;
  return `${who}: ${JSON.stringify(tries)}`;
}
