// The arguments around the configuration file: which file, twice, and what comes before and after it.
import { aListener, type ConfigCase, configCase } from '../config-case.js';

const config = ['-c', '{dir}/mosquitto.conf'] as const;
const ports = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => ['-p', `{port${i + 1}}`]).flat();

function called(name: string, args: readonly string[], lines: readonly string[] = [aListener]): ConfigCase {
  return configCase(`command line: ${name}`, lines, {
    arguments: args,
    files: { 'other.conf': 'nonsense\n', 'good.conf': 'persistence false\n' },
  });
}

const tested = (name: string, args: readonly string[], lines?: readonly string[]): ConfigCase => ({
  ...called(name, args, lines),
  only: 'tested',
});

export const commandLine: readonly ConfigCase[] = [
  called('--config-file', ['--config-file', '{dir}/mosquitto.conf']),
  called('a relative path', ['-c', 'mosquitto.conf']),
  called('a missing file', ['-c', '{dir}/nowhere.conf']),
  called('a file in a missing folder', ['-c', '{dir}/nowhere/mosquitto.conf']),
  called('a folder for a file', ['-c', '{dir}']),
  called('an empty name', ['-c', '']),
  tested('no file', []),
  called('-c without a file', ['-c']),
  called('two files, the second one wrong', [...config, '-c', '{dir}/other.conf']),
  called('two files, the first one wrong', ['-c', '{dir}/other.conf', ...config]),
  called('two good files', ['-c', '{dir}/good.conf', ...config]),
  called('one file twice', [...config, ...config]),
  called('-v after the file', [...config, '-v']),
  called('-v before the file', ['-v', ...config]),
  called('--verbose after a file that speaks', [...config, '--verbose'], [aListener, 'retry_interval 10']),
  called('-q after a file that speaks', [...config, '-q'], [aListener, 'retry_interval 10']),
  called('-q before a wrong file', ['-q', '-c', '{dir}/other.conf']),
  called('--quiet after the file', [...config, '--quiet']),
  called('-p beside a listener', [...config, '-p', '{port2}']),
  called('-p without a listener', [...config, '-p', '{port2}'], ['persistence false']),
  called('-p twice without a listener', [...config, '-p', '{port2}', '-p', '{port3}'], ['persistence false']),
  called('-p without a value', [...config, '-p']),
  called('-p 0', [...config, '-p', '0']),
  called('-p abc', [...config, '-p', 'abc']),
  called('-p 65536', [...config, '-p', '65536']),
  called('-p before a wrong file', ['-p', '0', '-c', '{dir}/other.conf']),
  called('-p ten times', [...config, ...ports(10)], ['persistence false']),
  called('-p eleven times', [...config, ...ports(11)], ['persistence false']),
  called('-p without any file', ['-p', '{port1}']),
  called('an unknown argument', [...config, '--nonsense']),
  called('an unknown argument before a wrong file', ['--nonsense', '-c', '{dir}/other.conf']),
  called('an unknown argument after a wrong file', ['-c', '{dir}/other.conf', '--nonsense']),
  called('a file without -c', ['{dir}/mosquitto.conf']),
  called('--tls-keylog without a file', [...config, '--tls-keylog']),
  tested('--help after a wrong file', ['-c', '{dir}/other.conf', '-h']),
  called('--version after a file', [...config, '--version']),
  called('-h after a file', [...config, '-h']),
];
