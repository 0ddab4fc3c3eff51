// What a test needs from the system. Where it is missing, the suite is skipped and its name says why; under CI
// one test fails in its place, so that nothing is left out there unseen. scripts/install-test-needs installs these.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Debian's interpreter: the one its packages are for, whatever `python3` is on the PATH. */
export const python = '/usr/bin/python3';

interface Need {
  readonly debianPackage: string;
  present(): boolean;
}

const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];

function program(name: string, debianPackage: string): Need {
  return { debianPackage, present: () => folders.some((folder) => existsSync(join(folder, name))) };
}

function succeeds(command: string, args: string[], input = ''): boolean {
  try {
    execFileSync(command, args, { input, stdio: ['pipe', 'ignore', 'ignore'] });
    return true;
  } catch {
    return false;
  }
}

export const needs = {
  mosquittoPub: program('mosquitto_pub', 'mosquitto-clients'),
  mosquittoSub: program('mosquitto_sub', 'mosquitto-clients'),
  /** Makes a program write line by line where it would wait for a buffer to be full. */
  stdbuf: program('stdbuf', 'coreutils'),
  mosquittoRr: program('mosquitto_rr', 'mosquitto-clients'),
  pahoPython: {
    debianPackage: 'python3-paho-mqtt',
    present: () => succeeds(python, ['-c', 'import paho.mqtt.client']),
  },
  pahoC: {
    debianPackage: 'libpaho-mqtt-dev gcc libc6-dev',
    present: () =>
      succeeds(
        'gcc',
        ['-x', 'c', '-', '-o', '/dev/null', '-lpaho-mqtt3c', '-lpaho-mqtt3a'],
        '#include <MQTTAsync.h>\n#include <MQTTClient.h>\nint main(void) { return 0; }\n',
      ),
  },
  chromium: { debianPackage: 'chromium', present: () => existsSync('/usr/bin/chromium') },
} satisfies Record<string, Need>;

/** `describe`, for tests that need something from the system. */
export function describeWith(wanted: readonly Need[], name: string, tests: () => void): void {
  const lacking = new Set(wanted.filter((need) => !need.present()).map((need) => need.debianPackage));
  if (lacking.size === 0) {
    describe(name, tests);
    return;
  }
  const reason = `not installed: ${[...lacking].join(' ')}`;
  const ci = process.env['CI'] ?? '';
  if (ci === '' || ci === 'false') describe.skip(`${name} (skipped, ${reason})`, tests);
  else describe(name, () => void it('has what it needs', () => expect.fail(reason)));
}
