import { describe, expect, it } from 'vitest';
import { type BenchConfig, scenarios } from './config.js';
import { flagGroups } from './flag-table.js';
import { type FlagsOutcome, parseBenchFlags } from './flags.js';

const files: Readonly<Record<string, string>> = { ca: 'CA', cert: 'CERT', key: 'KEY', text: 'n={{n}}' };

function parse(line: string): FlagsOutcome {
  const args = line.split(' ').filter((one) => one !== '');
  const readFile = (path: string): Buffer => {
    if (files[path] === undefined) throw Object.assign(new Error('no'), { code: 'ENOENT' });
    return Buffer.from(files[path]);
  };
  return parseBenchFlags(args, { readFile, random: () => 36 });
}

function configOf(line: string): BenchConfig {
  const outcome = parse(line);
  if (outcome.kind === 'exit') throw new Error(outcome.stderr);
  return outcome.config;
}

describe('flags', () => {
  it.each<[string, object]>([
    [
      'conn',
      { scenario: 'conn', count: 200, connectInterval: 10, keepAlive: 300, version: 5, cleanStart: true },
    ],
    ['rtt', { count: 10, topic: 'bench/rtt-10/%i', maxInflight: 100, payload: { kind: 'sized', size: 256 } }],
    [
      'conn -h h -p 1 -V 4 -c 5 -n 7 -i 2.5 -k 9 -C false',
      { count: 5, startNumber: 7, connectInterval: 2.5 },
    ],
    ['conn -C false -x 60 -u u%i -P p%i', { cleanStart: false, sessionExpiryInterval: 60, username: 'u%i' }],
    ['conn -R 500', { connectInterval: 2 }],
    [
      'conn --prefix x --ifaddr 127.0.0.1,127.0.0.2',
      { prefix: 'x', localAddresses: ['127.0.0.1', '127.0.0.2'] },
    ],
    ['pub -t a/%i/%n -q 2 -r -I 0 -F 7 -s 9 -L 10', { qos: 2, retain: true, messageInterval: 0, limit: 10 }],
    ['pub --interval_of_msg 5 --retain false', { messageInterval: 5, retain: false }],
    ['pub --rate 2000 --messages 3 --duration 1.5', { rate: 2000, messages: 3, duration: 1.5 }],
    ['pub -m {{i}}', { payload: { kind: 'template', text: '{{i}}' } }],
    ['pub -m x', { payload: { kind: 'bytes', bytes: Buffer.from('x') } }],
    ['pub -m template://text', { payload: { kind: 'template', text: 'n={{n}}' } }],
    ['pub -f text', { payload: { kind: 'bytes', bytes: Buffer.from('n={{n}}') } }],
    ['sub -t $share/g/t/%i -q 1', { topic: '$share/g/t/%i', qos: 1 }],
    [
      'sub --processes 3 --json --interval 2 --quiet',
      { processes: 3, json: true, reportInterval: 2, quiet: true },
    ],
  ])('%s', (line, expected) => expect(configOf(line)).toMatchObject(expected));

  it.each<[string, object]>([
    ['', { protocol: 'mqtt', host: 'localhost', port: 1883 }],
    ['-S', { protocol: 'mqtts', port: 8883 }],
    ['--ssl true --ws', { protocol: 'wss', port: 443, path: '/mqtt' }],
    ['--ws-path x -p 9', { protocol: 'ws', port: 9, path: '/x' }],
    ['--cacertfile ca', { protocol: 'mqtts' }],
    ['--url wss://u:p@h:1/x', { protocol: 'wss', host: 'h', port: 1, path: '/x' }],
  ])('the broker of "%s"', (flags, expected) =>
    expect(configOf(`conn ${flags}`).target).toMatchObject(expected),
  );

  it('has user name and password of a URL, unless they are given', () => {
    expect(configOf('conn --url mqtt://u:p@h')).toMatchObject({ username: 'u', password: 'p' });
    expect(configOf('conn --url mqtt://u:p@h -u x')).toMatchObject({ username: 'x', password: 'p' });
  });

  it('reads files for TLS', () => {
    expect(configOf('conn --cafile ca --cert cert --key key --insecure').tls).toEqual({
      ca: 'CA',
      cert: 'CERT',
      key: 'KEY',
      insecure: true,
    });
  });

  it.each<[string, RegExp]>([
    ['', /^choose one of conn, pub, sub, rtt/],
    ['nothing', /unknown command 'nothing'/],
    ['conn --rate 5', /unknown option '--rate'/],
    ['conn -c 0', /'0' is invalid\. Write a whole number from 1/],
    ['conn -c 1e3', /is invalid/],
    ['pub -q 3', /from 0 to 2/],
    ['pub --rate 0', /above 0/],
    ['conn -V 6', /Write 5, 4 \(MQTT 3\.1\.1\) or 3/],
    ['conn -C maybe', /Write true or false/],
    ['conn x', /too many arguments/],
    ['conn -p', /argument missing/],
    ['conn --url mqtt://h -p 1', /--url and -p cannot be given together/],
    ['conn --url nonsense', /is not a URL/],
    ['conn --url unix:///x', /must be mqtt/],
    ['pub -m x -s 5', /-m and -s cannot/],
    ['pub -f nowhere', /-f: nowhere cannot be read \(ENOENT\)/],
    ['pub -m {{no}}', /there is no placeholder \{\{no\}\}/],
    ['pub -t a/#', /-t a\/# is wrong/],
    ['sub -t a/#/b', /-t a\/#\/b is wrong/],
    ['rtt -t a', /each pair needs a topic of its own/],
    ['rtt -t a/%i/%n', /%n is not possible/],
    ['rtt -s 23', /at least 24 bytes/],
    ['conn --cert cert', /--cert and --key belong together/],
    ['conn -c 2 --processes 3', /more --processes than clients/],
  ])('"%s" is wrong, and it says why', (line, text) => {
    const outcome = parse(line);
    expect(outcome).toMatchObject({ kind: 'exit', code: 1, stdout: '' });
    expect((outcome as { stderr: string }).stderr).toMatch(text);
    expect((outcome as { stderr: string }).stderr).toMatch(/--help lists [^\n]*\)$/);
  });

  it.each(scenarios)('%s --help has every flag, and examples', (scenario) => {
    const outcome = parse(`${scenario} --help`);
    expect(outcome).toMatchObject({ kind: 'exit', code: 0, stderr: '' });
    const { stdout } = outcome as { stdout: string };
    for (const [, flags] of flagGroups)
      for (const flag of flags) expect(stdout.includes(flag.flags)).toBe(flag.scenarios.includes(scenario));
    expect(stdout).toContain(`pondhawk bench ${scenario} -c`);
  });

  it('--help has the scenarios, the exit codes, and examples', () => {
    const { code, stdout } = parse('--help') as { code: number; stdout: string };
    expect(code).toBe(0);
    for (const scenario of scenarios) expect(stdout).toContain(`pondhawk bench ${scenario}`);
    expect(stdout).toContain('Exit codes');
  });
});
