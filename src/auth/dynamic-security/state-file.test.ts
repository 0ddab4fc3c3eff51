import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PASSWORD_VARIABLE } from './first-state.js';
import { StateFile } from './state-file.js';

let folder: string;
const path = (name: string): string => join(folder, name);
const said: string[] = [];
const log = (_level: string, text: string): void => {
  said.push(text);
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'state-'));
  said.length = 0;
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function load(name = 'state', initFile?: string): ReturnType<StateFile['load']> {
  return new StateFile(path(name)).load(initFile, log);
}

describe('a file that is not there', () => {
  it('is made with the password of the environment, for its owner alone', async () => {
    vi.stubEnv(PASSWORD_VARIABLE, 'at least twelve');
    const { clients, groups, roles, anonymousGroup } = await load();
    expect([clients.size, groups.size, roles.size]).toEqual([1, 1, 7]);
    expect(anonymousGroup?.groupname).toBe('unauthenticated');
    expect(clients.get('admin')?.password).toMatch(/^\$7\$1000\$/);
    expect(statSync(path('state')).mode & 0o777).toBe(0o600);
    expect(said[1]).toContain(PASSWORD_VARIABLE);
    expect(readdirSync(folder)).toEqual(['state']);
  });

  it('is made with passwords that stand in a file beside it', async () => {
    vi.stubEnv(PASSWORD_VARIABLE, undefined);
    const { clients } = await load();
    expect(clients.size).toBe(2);
    expect(readFileSync(path('state.pw'), 'utf8')).toMatch(/^admin \S{20}\ndemoclient \S{20}\n$/);
    expect(statSync(path('state.pw')).mode & 0o777).toBe(0o600);
  });

  it('is made with the first line of a password file', async () => {
    writeFileSync(path('init'), 'secret  \nmore\n', { mode: 0o600 });
    await load('state', path('init'));
    expect(said[1]).toBe(`  Using admin password from file '${path('init')}'`);
    expect(readdirSync(folder).sort()).toEqual(['init', 'state']);
  });

  it.each([
    ['none', undefined, 'file not accessible'],
    ['empty', '', 'file empty'],
    ['blank', ' \nx', 'password is empty'],
  ])('is not made with a password file that is %s', async (name, content, problem) => {
    if (content !== undefined) writeFileSync(path(name), content);
    await expect(load('state', path(name))).rejects.toThrow(
      `Error: Unable to get initial password from '${path(name)}', ${problem}.`,
    );
    expect(readdirSync(folder)).not.toContain('state');
  });

  it('is not made with a password that is too short', async () => {
    vi.stubEnv(PASSWORD_VARIABLE, 'eleven-char');
    await expect(load()).rejects.toThrow('must be at least 12 characters');
  });

  it('is not made in a folder that is not there', async () => {
    vi.stubEnv(PASSWORD_VARIABLE, 'at least twelve');
    await expect(load('none/state')).rejects.toThrow('File is not readable - check permissions.');
  });
});

describe('a file that is there', () => {
  it.each([
    ['{', 'File is not valid JSON.'],
    ['{"clients":1}', '"clients" is not a list.'],
  ])('with %s is refused, and stays as it is', async (content, problem) => {
    writeFileSync(path('state'), content);
    await expect(load()).rejects.toThrow(problem);
    expect(readFileSync(path('state'), 'utf8')).toBe(content);
  });

  it('may be empty: then nobody is known', async () => {
    writeFileSync(path('state'), '');
    expect((await load()).clients.size).toBe(0);
  });

  it('is refused when it is a folder', async () => {
    await expect(load('.')).rejects.toThrow('not readable');
  });

  it('is saved as it was read, also behind a link, over what an earlier try has left', async () => {
    vi.stubEnv(PASSWORD_VARIABLE, 'at least twelve');
    await load('real');
    symlinkSync(path('real'), path('link'));
    symlinkSync('/nowhere', path('real.new'));
    const file = new StateFile(path('link'));
    await file.save(await file.load(undefined, log));
    const saved = readFileSync(path('real'), 'utf8');
    expect(lstatSync(path('link')).isSymbolicLink()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['link', 'real']);
    await file.save(await file.load(undefined, log));
    expect(readFileSync(path('real'), 'utf8')).toBe(saved);
  });

  it('with the hashes of Mosquitto 2.0 is understood', async () => {
    const client = { username: 'u', password: 'aGFzaA==', salt: 'c2FsdA==', iterations: 101 };
    writeFileSync(
      path('state'),
      JSON.stringify({ clients: [client, { ...client, username: 'v', iterations: 0 }] }),
    );
    const { clients } = await load();
    expect(clients.get('u')?.password).toBe('$7$101$c2FsdA==$aGFzaA==');
    expect(clients.get('v')?.password).toBeUndefined();
  });

  it('with ties to what is not there loses only those', async () => {
    const json = {
      roles: [{ rolename: 'r' }, { rolename: 'r', textname: 'second' }, {}, 7],
      clients: [{ username: 'u', roles: [{ rolename: 'r' }, { rolename: 'none' }, 7] }],
      groups: [{ groupname: 'g', clients: [{ username: 'u' }, { username: 'none' }], roles: [{}] }],
      anonymousGroup: 'none',
    };
    writeFileSync(path('state'), JSON.stringify(json));
    const state = await load();
    expect(state.roles.get('r')?.textname).toBeUndefined();
    expect([...state.clients.get('u')!.roles]).toEqual([{ name: 'r', priority: -1 }]);
    expect([...state.clients.get('u')!.groups]).toEqual([{ name: 'g', priority: -1 }]);
    expect([...state.groups.get('g')!.clients]).toEqual([{ name: 'u', priority: -1 }]);
    expect(state.anonymousGroup).toBeUndefined();
  });
});
