// The option `user`, with a process that only writes down what it is asked for. The order of the changes is a matter
// of security: after setuid() no group can be left any more.
import { describe, expect, it } from 'vitest';
import type { ServerProblem } from '../../server/server-problem.js';
import { accountIn, dropPrivileges, type ProcessOwner } from './privileges.js';

const accounts: Readonly<Record<string, { uid: number; gid: number }>> = {
  root: { uid: 0, gid: 0 },
  mosquitto: { uid: 102, gid: 105 },
  nobody: { uid: 65534, gid: 65534 },
  toor: { uid: 0, gid: 0 },
};

interface World {
  readonly user?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
  /** The calls that the system refuses, and its error. */
  readonly refuses?: Readonly<Record<string, string>>;
  readonly without?: readonly string[];
}

interface Outcome {
  readonly calls: string[];
  readonly log: string[];
  readonly problem?: ServerProblem;
}

function owner(world: World, calls: string[]): ProcessOwner {
  let { uid = 0, gid = 0 } = world;
  const call = (name: string, ...args: unknown[]): void => {
    const code = world.refuses?.[name];
    if (code !== undefined) throw Object.assign(new Error(code), { code });
    calls.push(`${name} ${args.join(' ')}`);
  };
  const known = Object.entries(accounts).filter(([name]) => !world.without?.includes(name));
  return {
    geteuid: () => uid,
    getegid: () => gid,
    initgroups: (user, id) => call('initgroups', user, id),
    setgid: (id) => {
      call('setgid', id);
      gid = id;
    },
    setuid: (id) => {
      call('setuid', id);
      uid = id;
    },
    find: (user) => known.find(([name]) => name === user)?.[1],
    name: () => known.find(([, account]) => account.uid === uid)?.[0],
  };
}

function drop(world: World): Outcome {
  const calls: string[] = [];
  const log: string[] = [];
  try {
    dropPrivileges({
      ...(world.user === undefined ? {} : { user: world.user }),
      env: world.env ?? {},
      log: (level, text) => log.push(`${level} ${text}`),
      owner: owner(world, calls),
    });
  } catch (error) {
    return { calls, log, problem: error as ServerProblem };
  }
  return { calls, log };
}

const asMosquitto = ['initgroups mosquitto 105', 'setgid 105', 'setuid 102'];
const warning = 'warning Warning: Mosquitto should not be run as root/administrator.';

describe('a broker that root starts', () => {
  it('becomes the user mosquitto, groups first', () => {
    expect(drop({})).toEqual({
      calls: asMosquitto,
      log: ['information Info: running mosquitto as user: mosquitto.'],
    });
  });

  it('becomes the user that the option names', () => {
    expect(drop({ user: 'nobody' }).calls).toEqual([
      'initgroups nobody 65534',
      'setgid 65534',
      'setuid 65534',
    ]);
  });

  it('becomes nobody when there is no user mosquitto', () => {
    for (const user of [{}, { user: 'mosquitto' }])
      expect(drop({ ...user, without: ['mosquitto'] })).toEqual({
        calls: ['initgroups mosquitto 65534', 'setgid 65534', 'setuid 65534'],
        log: [
          "error Warning: Unable to drop privileges to 'mosquitto' because this user does not exist. Trying 'nobody' instead.",
          'information Info: running mosquitto as user: nobody.',
        ],
      });
  });

  it('ends with code 14 when there is not even nobody', () => {
    const { problem } = drop({ without: ['mosquitto', 'nobody'] });
    expect(problem?.lines).toEqual(["Error: Unable to drop privileges to 'nobody'."]);
    expect(problem?.exitCode).toBe(14);
  });

  it.each(['missing', '102', 'nobody daemon'])('ends with code 3 when there is no user %j', (user) => {
    const { problem, calls } = drop({ user });
    expect(problem?.lines).toEqual([
      `Error: Unable to drop privileges to '${user}' because this user does not exist.`,
    ]);
    expect(problem?.exitCode).toBe(3);
    expect(calls).toEqual([]);
  });

  it('stays root, with a warning, when the option says so', () => {
    expect(drop({ user: 'root' })).toEqual({
      calls: [],
      log: ['information Info: running mosquitto as user: root.', warning],
    });
  });

  it('is warned when another name for root was meant', () => {
    expect(drop({ user: 'toor' }).log.at(-1)).toBe(warning);
  });

  it.each([
    ['initgroups', 'groups'],
    ['setgid', 'gid'],
    ['setuid', 'uid'],
  ])('ends with code 14 when the system refuses %s', (call, what) => {
    const { problem } = drop({ refuses: { [call]: 'EPERM' } });
    expect(problem?.lines).toEqual([
      `Error setting ${what} whilst dropping privileges: Operation not permitted.`,
    ]);
    expect(problem?.exitCode).toBe(14);
  });

  it.each(['mosquitto', 'pondhawk'])('leaves all as it is in the snap %s', (name) => {
    expect(drop({ env: { SNAP_NAME: name } })).toEqual({ calls: [], log: [] });
  });

  it('becomes its user in a snap of another name', () => {
    expect(drop({ env: { SNAP_NAME: 'code' } }).calls).toEqual(asMosquitto);
  });
});

describe('PUID and PGID', () => {
  it('come before the option, the group first', () => {
    expect(drop({ user: 'nobody', env: { PUID: '1000', PGID: '1001' } })).toEqual({
      calls: ['setgid 1001', 'setuid 1000'],
      log: ['information Info: running mosquitto as user id: 1000.'],
    });
  });

  it('may be given alone; who has the group of root is warned', () => {
    expect(drop({ env: { PUID: ' 102' } })).toEqual({
      calls: ['setuid 102'],
      log: ['information Info: running mosquitto as user: mosquitto.', warning],
    });
    expect(drop({ env: { PGID: '105' } }).calls).toEqual(['setgid 105']);
  });

  it('leave root as it is when they are 0', () => {
    expect(drop({ env: { PUID: '0', PGID: '0' } })).toEqual({
      calls: [],
      log: ['information Info: running mosquitto as user: root.', warning],
    });
  });

  it.each([
    ['PUID', 'x', "PUID not a valid ID 'x'"],
    ['PUID', '', "PUID not a valid ID ''"],
    ['PGID', '0x1', "PGID not a valid ID '0x1'"],
    ['PUID', '-4', 'PUID must not be negative'],
    ['PGID', '2147483648', 'PGID must not be less than 2147483647'],
    ['PUID', '9999999999999999999999', "PUID not a valid ID '9999999999999999999999'"],
  ])('%s=%s ends the broker with code 3', (name, value, text) => {
    const { problem, calls } = drop({ env: { [name]: value } });
    expect(problem?.lines).toEqual([`Error: ${text}`]);
    expect(problem?.exitCode).toBe(3);
    expect(calls).toEqual([]);
  });

  it('are refused with code 14 where the system does', () => {
    expect(drop({ env: { PGID: '1' }, refuses: { setgid: 'EPERM' } }).problem?.lines).toEqual([
      'Error setting gid whilst dropping privileges: Operation not permitted.',
    ]);
    expect(drop({ env: { PUID: '1' }, refuses: { setuid: 'EINVAL' } }).problem?.lines).toEqual([
      'Error setting uid whilst dropping privileges: Invalid argument.',
    ]);
  });
});

describe('a broker that somebody else starts', () => {
  it('stays who it is, whatever the option says', () => {
    expect(drop({ uid: 102, user: 'missing', env: { PUID: '1' } })).toEqual({
      calls: [],
      log: ['information Info: running mosquitto as user: mosquitto.'],
    });
  });

  it('says its number when it has no name', () => {
    expect(drop({ uid: 4242 }).log).toEqual(['information Info: running mosquitto as user id: 4242.']);
  });
});

describe('a line of /etc/passwd', () => {
  const passwd = 'root:x:0:0:root:/root:/bin/sh\n# daemon:x:9:9\nbroken:x:1\ndaemon:x:1:2:a:/:/bin/false\n';

  it('has the numbers of a user and its group', () => {
    expect(accountIn(passwd, 'daemon')).toEqual({ uid: 1, gid: 2 });
  });

  it.each(['', 'daemo', 'broken', '# daemon', 'x'])('is none for %j', (user) => {
    expect(accountIn(passwd, user)).toBeUndefined();
  });
});
