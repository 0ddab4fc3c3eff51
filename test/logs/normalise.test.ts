import { expect, test } from 'vitest';
import { normalisedLines } from './normalise.js';

const particulars = {
  folder: '/tmp/logs-x',
  user: 'anna',
  ports: { port: 40_001, second: 40_002 },
  clients: new Map([[50_001, 'a']]),
};

function normalised(text: string): string[] {
  return normalisedLines(text, particulars);
}

test('times, ports, paths, versions and users become placeholders', () => {
  const log = [
    '1795617164: Info: running mosquitto as user: anna.',
    '1795617164: pondhawk version 0.1.0 starting',
    '1795617164: Config loaded from /tmp/logs-x/mosquitto.conf.',
    '1795617164: Opening ipv4 listen socket on port 40002.',
    '1795617164: New connection from 127.0.0.1:50001 on port 40001.',
  ];
  expect(normalised(`${log.join('\n')}\n`)).toEqual([
    '{time}: Info: running {program} as user: {user}.',
    '{time}: {program} version {version} starting',
    '{time}: Config loaded from {dir}/mosquitto.conf.',
    '{time}: Opening ipv4 listen socket on port {second}.',
    '{time}: New connection from 127.0.0.1:{a} on port {port}.',
  ]);
});

test('client ids that the broker made up become a placeholder', () => {
  expect(normalised('Sending CONNACK to auto-0890DC6A-9573-F03B-9B0C-800C32D5412A (0, 0)\n')).toEqual([
    'Sending CONNACK to auto-{assigned} (0, 0)',
  ]);
});

test('what a client wrote stays as it is', () => {
  const line =
    "Received PUBLISH from auto-x (d0, q0, r0, m40001, 'port 40003/1795617164: ', ... (40001 bytes))";
  expect(normalised(`${line}\n`)).toEqual([line]);
});

test('the port of an unknown connection stays as it is', () => {
  expect(normalised('New connection from 127.0.0.1:50002 on port 40001.\n')).toEqual([
    'New connection from 127.0.0.1:50002 on port {port}.',
  ]);
});

test('the warning that only root gets is left out', () => {
  expect(
    normalised('a\n1795617164: Warning: Mosquitto should not be run as root/administrator.\nb\n'),
  ).toEqual(['a', 'b']);
});

test('empty lines count, the end of the last line does not', () => {
  expect(normalised('')).toEqual([]);
  expect(normalised('a\n\n')).toEqual(['a', '']);
});
