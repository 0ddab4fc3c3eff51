// A plugin of one listener: what its hooks answer about clients of it, and of others.
import { describe, expect, it } from 'vitest';
import type { ClientInfo, Plugin, PluginBroker } from '../core/plugin.js';
import { limitedTo } from './limited-plugin.js';

const client = (listener: string) => ({ clientId: 'c', listener }) as ClientInfo;
const ours = client('1883');
const others = client('8883');

class Everything implements Plugin {
  readonly name = 'everything';
  readonly seen: string[] = [];
  readonly controlTopics = { '$CONTROL/a': (who: ClientInfo) => this.#see('control', who) };
  readonly authenticationMethods = {
    METHOD: (who: ClientInfo) => {
      this.#see('method', who);
      return { next: () => ({ done: true, username: 'ann' }) };
    },
  };

  #see(what: string, { listener }: ClientInfo): void {
    this.seen.push(`${what} ${listener}`);
  }

  start(_broker: PluginBroker): void {
    this.seen.push('start');
  }

  authenticate(who: ClientInfo): boolean {
    this.#see('authenticate', who);
    return true;
  }

  mayRead(who: ClientInfo): boolean {
    this.#see('mayRead', who);
    return false;
  }

  connected(who: ClientInfo): void {
    this.#see('connected', who);
  }

  subscribe(who: ClientInfo): void {
    this.#see('subscribe', who);
  }
}

describe('a plugin of one listener', () => {
  const ask = (plugin: Plugin, who: ClientInfo): unknown[] => [
    plugin.authenticate!(who, { username: undefined, password: undefined }),
    plugin.mayRead!(who, 'a'),
    plugin.connected!(who),
    plugin.subscribe!(who, 'a', 0),
    plugin.controlTopics!['$CONTROL/a']!(who, {} as never),
  ];

  it('sees and decides all that is about its clients', () => {
    const whole = new Everything();
    const plugin = limitedTo(new Set(['1883']), whole);
    plugin.start!({} as PluginBroker);
    expect(ask(plugin, ours)).toEqual([true, false, undefined, undefined, undefined]);
    expect(plugin.authenticationMethods!['METHOD']!(ours).next(undefined)).toEqual({
      done: true,
      username: 'ann',
    });
    const seen = ['authenticate', 'mayRead', 'connected', 'subscribe', 'control', 'method'];
    expect(whole.seen).toEqual(['start', ...seen.map((what) => `${what} 1883`)]);
  });

  it('neither sees nor decides anything about the others', () => {
    const whole = new Everything();
    const plugin = limitedTo(new Set(['1883']), whole);
    expect(ask(plugin, others)).toEqual([undefined, true, undefined, undefined, undefined]);
    const { next } = plugin.authenticationMethods!['METHOD']!(others);
    expect(() => next(undefined)).toThrow('this method is not for this listener');
    expect(whole.seen).toEqual([]);
  });

  it('has no hooks that the plugin does not have', () => {
    const plugin = limitedTo(new Set(['1883']), { name: 'nothing' });
    expect(plugin.authorize).toBeUndefined();
    expect(plugin.mayPublish).toBeUndefined();
  });
});
