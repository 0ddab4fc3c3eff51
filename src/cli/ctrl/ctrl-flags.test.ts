// What the comparison with mosquitto_ctrl in test/ctrl cannot show: where a command line ends up.
import { expect, it } from 'vitest';
import { type CtrlFlags, parseCtrlFlags } from './ctrl-flags.js';

function parsed(line: string, files: Readonly<Record<string, string>> = {}): CtrlFlags {
  const args = line.split(' ').filter((word) => word !== '');
  const flags = parseCtrlFlags(args, { env: { HOME: '/home' }, readFile: (path) => files[path] });
  if ('problem' in flags) throw new Error(flags.problem);
  return flags;
}

it('flags end at the module, and what follows is its own', () => {
  const { draft, rest } = parsed('-h host -p 1884 dynsec createClient ann -p pw');
  expect([draft.config.host, draft.port]).toEqual(['host', 1884]);
  expect(rest).toEqual(['dynsec', 'createClient', 'ann', '-p', 'pw']);
});

it('requests are MQTT 5 with QoS 1 unless flags say otherwise', () => {
  expect(parsed('').draft.config).toMatchObject({ version: 5, qos: 1 });
  expect(parsed('-V 311 -q 0').draft.config).toMatchObject({ version: 4, qos: 0 });
});

it('a URL gives everything about the broker', () => {
  const { draft } = parsed('-L mqtts://ann:pw@host:8884/whatever');
  expect(draft.config).toMatchObject({ host: 'host', username: 'ann', password: 'pw' });
  expect([draft.port, draft.config.tls.useOsCerts]).toEqual([8884, true]);
});

it('a file of flags is read last, and the usual one without -o', () => {
  const files = { '/home/.config/mosquitto_ctrl': '-h usual\n', mine: '-h mine\r\n# -h comment\n\n-u ann\n' };
  expect(parsed('-h host', files).draft.config.host).toBe('usual');
  expect(parsed('-h host -o mine', files).draft.config).toMatchObject({ host: 'mine', username: 'ann' });
});

it('names of objects are no flags', () => {
  expect(() => parsed('--constructor')).toThrow("Unknown option '--constructor'");
});
