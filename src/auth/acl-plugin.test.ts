// The plugin: what it answers the broker, what it remembers, and what a reload changes. Which rules allow what is
// tested with the files.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClientInfo, PluginBroker } from '../core/plugin.js';
import { AclFileError } from './acl-file.js';
import { type AclFileOptions, type AclFilePlugin, aclFilePlugin } from './acl-plugin.js';

const folder = mkdtempSync(join(tmpdir(), 'acl-plugin-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'acl');
const otherFile = join(folder, 'other');

let log: string[] = [];
beforeEach(() => {
  log = [];
});
const broker = {
  log: (level: string, text: string) => log.push(`${level}: ${text}`),
} as unknown as PluginBroker;

const write = (path: string, ...lines: string[]): void =>
  writeFileSync(path, `${lines.join('\n')}\n`, { mode: 0o600 });

async function started(options: AclFileOptions, ...lines: string[]): Promise<AclFilePlugin> {
  write(file, ...lines);
  const plugin = aclFilePlugin(options);
  await plugin.start!(broker);
  return plugin;
}

function client(more: Partial<ClientInfo> = {}): ClientInfo {
  const about = { remoteAddress: '', remotePort: 0, listener: '', keepAlive: 0, cleanStart: true };
  return { clientId: 'c', username: undefined, version: 5, ...about, ...more };
}

const asks = (plugin: AclFilePlugin, who: ClientInfo) => ({
  mayPublish: (topic: string) =>
    plugin.authorize!(who, { type: 'publish', topic, qos: 0, retain: false }) as boolean,
  mayLeave: (topic: string) =>
    plugin.authorize!(who, { type: 'will', topic, qos: 0, retain: false }) as boolean,
  maySubscribe: (topic: string) =>
    plugin.authorize!(who, { type: 'subscribe', topic, qos: 0, retain: false }) as boolean,
  gets: (topic: string) => plugin.mayRead!(who, topic),
});

describe('a client', () => {
  it('publishes and leaves wills where it may write, and gets what it may read', async () => {
    const plugin = await started({ file }, 'topic read r', 'topic write w');
    const { mayPublish, mayLeave, gets } = asks(plugin, client());
    for (let time = 0; time < 2; time++) {
      expect([mayPublish('r'), mayPublish('w'), mayLeave('r'), mayLeave('w')]).toEqual([
        false,
        true,
        false,
        true,
      ]);
      expect([gets('r'), gets('w')]).toEqual([true, false]);
    }
  });

  it.each([
    ['secret/a', undefined, `${file}:2 denies it`],
    ['elsewhere', undefined, `no rule of ${file} allows it`],
    ['of/c', 'ann', `${file}:5 denies it`],
    ['open/a', 'ann', undefined],
    ['elsewhere', 'a+b', 'its username has wildcards'],
    ['$SYS/broker/uptime', 'ann', "these topics are the broker's own"],
  ])(
    'that may not publish to %s as %s learns nothing, but the log says why',
    async (topic, username, why) => {
      const rules = ['topic open/#', 'topic deny secret/#', 'user ann', 'topic open/#', 'pattern deny of/%c'];
      const plugin = await started({ file }, ...rules);
      const who = client({ username });
      expect(plugin.whyNot!(who, { type: 'publish', topic })).toBe(why);
      expect(plugin.whyNot!(who, { type: 'will', topic })).toBe(why);
      expect(plugin.whyNot!(who, { type: 'subscribe', topic })).toBeUndefined();
    },
  );

  it('may subscribe to everything', async () => {
    const plugin = await started({ file }, 'topic deny #');
    expect(['#', 'a', '$SYS/#', '$share/g/a'].map(asks(plugin, client()).maySubscribe)).toEqual(
      Array(4).fill(true),
    );
  });

  it('is not taken for another with the same names in other places', async () => {
    const plugin = await started({ file }, 'pattern readwrite %u/%c');
    expect(asks(plugin, client({ clientId: 'a', username: 'b' })).gets('b/a')).toBe(true);
    expect(asks(plugin, client({ clientId: 'b', username: 'a' })).gets('b/a')).toBe(false);
  });

  it('writes to $SYS only as a bridge that tells its state, and never to $share', async () => {
    const plugin = await started({ file }, 'topic $SYS/#', 'topic $SYSx', 'topic $share/#');
    const { mayPublish, gets } = asks(plugin, client());
    expect(mayPublish('$SYS/broker/connection/x/state')).toBe(true);
    const topics = ['$SYS/x', '$SYSx', '$SYS/broker/connection/x/y/state', '$SYS/broker/connection/x'];
    expect([...topics, '$share/g/x'].filter(mayPublish)).toEqual([]);
    expect(['$SYS/x', '$SYSx', '$share/g/x'].filter(gets)).toEqual(['$SYS/x', '$SYSx']);
  });

  it('with a dangerous name is told of in the log once, however often it tries', async () => {
    const plugin = await started({ file }, 'pattern readwrite a/%u');
    const { mayPublish, gets } = asks(plugin, client({ username: '+' }));
    expect([mayPublish('a/1'), mayPublish('a/2'), gets('a/1')]).toEqual([false, false, false]);
    asks(plugin, client({ clientId: '#' })).gets('a/1');
    expect(log).toEqual([
      'notice: ACL denying access to client with dangerous username "+"',
      'notice: ACL denying access to client with dangerous client id "#"',
    ]);
  });
});

describe('what is remembered', () => {
  it('is forgotten when it becomes too much, without a decision being another', async () => {
    const plugin = await started({ file, cacheCost: 1000 }, 'topic read even/+', 'topic write odd/+');
    const { mayPublish, gets } = asks(plugin, client());
    for (let at = 0; at < 200; at++) {
      const topic = `${at % 2 === 0 ? 'even' : 'odd'}/${at % 7}`;
      expect([gets(topic), mayPublish(topic)]).toEqual([at % 2 === 0, at % 2 === 1]);
    }
  });

  it('does not outlive a reload', async () => {
    const plugin = await started({ file }, 'topic read a', 'topic write b');
    const { mayPublish, gets } = asks(plugin, client());
    expect([gets('a'), mayPublish('b'), gets('b'), mayPublish('a')]).toEqual([true, true, false, false]);
    write(file, 'topic write a', 'topic read b');
    await plugin.reload();
    expect([gets('a'), mayPublish('b'), gets('b'), mayPublish('a')]).toEqual([false, false, true, true]);
  });
});

describe('a broken file', () => {
  it('stops the start', async () => {
    await expect(started({ file }, 'nonsense')).rejects.toThrow(AclFileError);
    rmSync(file);
    await expect(aclFilePlugin({ file }).start!(broker)).rejects.toMatchObject({ line: undefined });
  });

  it('changes nothing at a reload, and the next one that is whole counts', async () => {
    const plugin = await started({ file }, 'topic a');
    const { gets } = asks(plugin, client());
    write(file, 'topic b', 'nonsense');
    await expect(plugin.reload()).rejects.toMatchObject({ file, line: 2 });
    expect([gets('a'), gets('b')]).toEqual([true, false]);
    write(file, 'topic b');
    await plugin.reload();
    expect([gets('a'), gets('b')]).toEqual([false, true]);
  });

  it('changes nothing for the other listeners either', async () => {
    write(otherFile, 'topic a');
    const plugin = await started({ perListener: { one: file, two: otherFile } }, 'topic a');
    write(file, 'topic b');
    write(otherFile, 'nonsense');
    await expect(plugin.reload()).rejects.toMatchObject({ file: otherFile });
    expect(asks(plugin, client({ listener: 'one' })).gets('a')).toBe(true);
  });

  it('denies everything as long as there was none that is whole', async () => {
    const { gets, mayPublish } = asks(aclFilePlugin({ file }), client());
    expect([gets('a'), mayPublish('a')]).toEqual([false, false]);
  });
});

describe('listeners', () => {
  it('have files of their own, or none and everything is allowed; others may do nothing', async () => {
    write(otherFile, 'topic two');
    const plugin = await started({ perListener: { one: file, two: otherFile, three: null } }, 'topic one');
    const allowed = (listener: string): string[] =>
      ['one', 'two', 'three'].filter(asks(plugin, client({ listener })).gets);
    expect([allowed('one'), allowed('two'), allowed('three'), allowed('four')]).toEqual([
      ['one'],
      ['two'],
      ['one', 'two', 'three'],
      [],
    ]);
  });

  it('without a file of their own have the one of all', async () => {
    write(otherFile, 'topic two');
    const plugin = await started({ file, perListener: { two: otherFile } }, 'topic one');
    expect(asks(plugin, client({ listener: '__proto__' })).gets('one')).toBe(true);
    expect(asks(plugin, client({ listener: 'two' })).gets('one')).toBe(false);
  });
});

it('tells the log what a file should not have', async () => {
  await started({ file }, 'pattern read a');
  expect(log).toEqual(["warning: Warning: ACL pattern 'a' does not contain '%c' or '%u'."]);
});
