// What Mosquitto's recordings (test/config/) cannot show: values that were read, and what is said about them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Configuration, completed } from './configuration.js';
import { globalOptions } from './global-options.js';
import { readConfiguration } from './read-configuration.js';

let folder: string;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'));
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function read(text: string, files: Record<string, string> = {}): Configuration | undefined {
  mkdirSync(join(folder, 'conf.d'), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const path = join(folder, 'mosquitto.conf');
  writeFileSync(path, text.replaceAll('{dir}', folder));
  return readConfiguration([path], (level, line) =>
    said.push(`${level}: ${line.replaceAll(folder, '{dir}')}`),
  );
}

describe('a configuration', () => {
  it('has Mosquitto 2.1’s defaults where the file says nothing', () => {
    const settings = completed(globalOptions, read('')!.settings);
    expect(settings).toMatchObject({
      max_inflight_messages: 20,
      max_queued_messages: 1000,
      max_packet_size: 2_000_000,
      sys_interval: 10,
      retain_available: true,
      connection_messages: true,
      log_type: ['error', 'warning', 'notice', 'information'],
    });
    expect(said).toEqual([]);
  });

  it('keeps what stands below a listener apart from other listeners', () => {
    const config = read('listener 1884 127.0.0.1\nmax_qos 1\nlistener 1885\nmax_connections 7\n')!;
    expect(config.isLocalOnly).toBe(false);
    expect(config.listeners).toMatchObject([
      { port: 1884, host: '127.0.0.1', settings: { max_qos: 1 } },
      { port: 1885, host: undefined, settings: { max_connections: 7 } },
    ]);
  });

  it('reads numbers as C does, texts to the end of the line, and durations with a unit', () => {
    const config = read(
      'max_keepalive 0x10\nmax_queued_bytes 010\nclientid_prefixes  a b # c \npersistent_client_expiration 2w\n',
    )!;
    expect(config.settings).toMatchObject({
      max_keepalive: 16,
      max_queued_bytes: 8,
      clientid_prefixes: 'a b # c',
      persistent_client_expiration: 1_209_600,
    });
  });

  it('adds up log destinations and types, until none', () => {
    const config = read(
      'log_dest stdout\nlog_dest none\nlog_dest stderr\nlog_dest file /tmp/a b.log\nlog_type none\nlog_type debug\n',
    )!;
    expect(config.settings.log_dest).toEqual({ to: ['stderr', 'file'], file: '/tmp/a b.log' });
    expect(config.settings.log_type).toEqual(['debug']);
  });

  it('takes options of access for a listener with per_listener_settings, else for the broker', () => {
    const own = read(
      'per_listener_settings true\nlistener 1884\npassword_file p\nlistener 1885\nallow_anonymous true\n',
    )!;
    expect(own.listeners).toMatchObject([
      { security: { password_file: 'p' } },
      { security: { allow_anonymous: true } },
    ]);
    const shared = read('listener 1884\npassword_file p\nlistener 1885\nallow_anonymous true\n')!;
    expect(shared.security).toEqual({ password_file: 'p', allow_anonymous: true });
  });

  it('is read from the files of include_dir too, in the order of the alphabet', () => {
    const config = read('include_dir {dir}/conf.d\n', {
      'conf.d/b.conf': 'max_queued_messages 2\n',
      'conf.d/a.conf': 'max_queued_messages 1\nlistener 1884\n',
      'conf.d/c.txt': 'nonsense\n',
    })!;
    expect(config.settings.max_queued_messages).toBe(2);
    expect(config.listeners).toHaveLength(1);
  });

  it('has bridges with their topics and plugins with their options', () => {
    const config = read(
      'connection up\naddress a.example:1884 b.example\ntopic "a b/#" both 1 "" remote/\nplugin /p.mjs\nplugin_opt_key a value \n',
    )!;
    expect(config.bridges[0]).toMatchObject({
      name: 'up',
      settings: {
        address: [
          { host: 'a.example', port: 1884 },
          { host: 'b.example', port: 1883 },
        ],
        topic: [{ pattern: 'a b/#', direction: 'both', qos: 1, localPrefix: '', remotePrefix: 'remote/' }],
      },
    });
    expect(config.plugins[0]).toMatchObject({ path: '/p.mjs', options: [['key', 'a value ']] });
  });
});

describe('about a configuration is said', () => {
  it.each([
    ['listner 1883', 'listener'],
    ['max-queued-messages 5', 'max_queued_messages'],
    ['Allow_Anonymous true', 'allow_anonymous'],
    ['pasword_file x', 'password_file'],
    ['bridge_cafle x', 'bridge_cafile'],
  ])('what was probably meant by %s', (line, meant) => {
    expect(read(`persistence false\n${line}\n`)).toBeUndefined();
    expect(said).toEqual([
      `error: Error: Unknown configuration variable '${line.split(' ')[0]}'. Did you mean '${meant}'?`,
      'error: Error found at {dir}/mosquitto.conf:2.',
    ]);
  });

  it('nothing of the kind when nothing like it exists', () => {
    expect(read('xyzzy 1\n')).toBeUndefined();
    expect(said[0]).toBe("error: Error: Unknown configuration variable 'xyzzy'.");
  });

  it('the file and the line of a mistake in an included file, and of the line that includes it', () => {
    expect(read('\ninclude_dir {dir}/conf.d\n', { 'conf.d/a.conf': '\n\nport x\n' })).toBeUndefined();
    expect(said.slice(-3)).toEqual([
      "error: Error: 'port' value not a number.",
      "error: Error found at '{dir}/conf.d/a.conf:3'.",
      'error: Error found at {dir}/mosquitto.conf:2.',
    ]);
  });

  it('once, that an option has no effect, and nothing when it asks for nothing', () => {
    read('retry_interval 5\nretry_interval 6\npersistence false\nWITH_TLS:=yes\n');
    expect(said).toEqual([
      expect.stringMatching(/^warning: Warning: The 'retry_interval' option has no effect: /),
      expect.stringMatching(/^warning: Warning: 'WITH_TLS:=yes' is a setting of Mosquitto's build/),
    ]);
  });

  it('why a file cannot be read', () => {
    expect(readConfiguration([join(folder, 'none')], (_, line) => said.push(line))).toBeUndefined();
    expect(readConfiguration([folder], (_, line) => said.push(line))).toBeUndefined();
    expect(said).toEqual([
      `Error: Unable to open config file '${folder}/none'. (there is no such file)`,
      `Error: Config file '${folder}' is a directory.`,
    ]);
  });
});
