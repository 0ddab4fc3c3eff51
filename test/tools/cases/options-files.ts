// Options from files: the default ones, -o, and how they go together with the command line.
import { one, sends, type ToolCase } from '../case.js';

const config = (tool: string, text: string) => ({ files: { [`.config/mosquitto_${tool}`]: text } });
const here = (text: string) => ({ files: { options: text } });

export const optionsFiles: readonly ToolCase[] = [
  sends('pub takes options from ~/.config', 'pub -m a', config('pub', '-p {port}\n-t {t}\n')),
  one('sub takes options from ~/.config', 'sub -t {t} -E', config('sub', '-p {port}\n-d\n-i {t}\n')),
  one('rr takes options from ~/.config', 'rr -e {t} -m a', config('rr', '-p {port}\n-t {t}\n')),
  sends('pub takes options from XDG_CONFIG_HOME', 'pub -m a', {
    files: { 'elsewhere/mosquitto_pub': '-p {port}\n-t {t}\n', '.config/mosquitto_pub': '--nonsense\n' },
    env: { XDG_CONFIG_HOME: '{dir}/elsewhere' },
  }),
  sends('pub goes on without a file in XDG_CONFIG_HOME', 'pub -p {port} -t {t} -m a', {
    files: { '.config/mosquitto_pub': '--nonsense\n' },
    env: { XDG_CONFIG_HOME: '{dir}/elsewhere' },
  }),
  sends('pub -o takes options from a file', 'pub -o options -m a', here('-p {port}\n-t {t}\n')),
  one('sub -o takes options from a file', 'sub -o options -E', here('-p {port}\n-t {t}\n-d\n-i {t}\n')),
  one('rr -o takes options from a file', 'rr -o options -m a', here('-p {port}\n-t {t}\n-e {t}\n')),
  sends('pub -o leaves the default file out', 'pub -m a -o options', {
    files: { options: '-p {port}\n-t {t}\n', '.config/mosquitto_pub': '--nonsense\n' },
  }),
  sends(
    'the command line is stronger than a file',
    'pub -m a -t {t}/line -p {port} -q 1',
    config('pub', '-p 1\n-t {t}/file\n-q 2\n'),
  ),
  sends(
    'a file has empty lines and comments',
    'pub -m a',
    config('pub', '# a comment\n\n-p {port}\n\n#-p 1\n-t {t}\n'),
  ),
  sends('a file may lack its last line end', 'pub -m a', config('pub', '-p {port}\n-t {t}')),
  sends(
    'a file has values with spaces',
    'pub -t {t}',
    config('pub', '-p {port}\n-m several words  and spaces \n'),
  ),
  sends('a file keeps quotes', 'pub -t {t}', config('pub', '-p {port}\n-m "quoted"\n')),
  sends('a file has line ends of Windows', 'pub -m a', config('pub', '-p {port}\r\n-t {t}\r\n')),
  sends('a file has long names', 'pub -m a', config('pub', '--port {port}\n--topic {t}\n--qos 1\n')),
  sends('a file has tabs', 'pub -m a', config('pub', '-p\t{port}\n-t {t}\n')),
  sends('a file has spaces before an option', 'pub -m a', config('pub', ' -p {port}\n-t {t}\n')),
  sends('a file has several spaces before a value', 'pub -t {t} -m a', config('pub', '-p   {port}\n')),
  sends(
    'a file has properties',
    'pub -t {t} -m a',
    config('pub', '-p {port}\n-D publish user-property name value\n-D publish content-type text\n'),
  ),
  sends(
    'a file has a property with spaces in its value',
    'pub -t {t} -m a',
    config('pub', '-p {port}\n-D publish user-property name a b\n'),
  ),
  sends(
    'a file has a message, the command line another',
    'pub -t {t} -m b',
    config('pub', '-p {port}\n-m a\n'),
  ),
  one('a file has an option that is unknown', 'pub -p 1 -t a -m a', config('pub', '--nonsense\n')),
  one('a file has an option of another tool', 'pub -p 1 -t a -m a', config('pub', '-C 1\n')),
  one('a file has an option without its value', 'pub -h 127.0.0.1 -t a -m a', config('pub', '-p\n')),
  one(
    'a file has an option with too many values',
    'pub -p 1 -h 127.0.0.1 -t a -m a',
    config('pub', '-d yes\n'),
  ),
  one('a file has a wrong value', 'pub -p 1 -t a -m a', config('pub', '-q 3\n')),
  one('a file has a word that is no option', 'pub -p 1 -t a -m a', config('pub', 'word\n')),
  one('a file has --help', 'pub -p 1 -t a -m a', config('pub', '--help\n')),
  one('a file names another file', 'pub -t {t} -m a', {
    files: { '.config/mosquitto_pub': '-o options\n', options: '-p 1\n' },
  }),
  one('-o twice', 'pub -o options -o options -t a -m a', here('-p 1\n')),
  one('-o names a file that is not there', 'pub -o missing -p 1 -t a -m a'),
  one('-o names a folder', 'pub -o {dir} -p 1 -t a -m a'),
  one('-o names an empty file', 'pub -o options -h 127.0.0.1 -p 1 -t a -m a', here('')),
  one(
    'user and password come from a file',
    'pub -p {authPort} -t {t} -m a -q 1 -d -i {t}',
    config('pub', '-u both\n-P both-secret\n'),
  ),
  one(
    '--no-tls undoes TLS of a file',
    'pub -p {port} -t {t} -m a --no-tls -d -i {t}',
    config('pub', '--cafile {certs}/ca.crt\n'),
  ),
  one(
    'a file of more than 1024 bytes in a line',
    'pub -p {port} -t {t} -d -i {t}',
    config('pub', `-m ${'x'.repeat(3000)}\n`),
  ),
];
