// include_dir: which files of a folder are read, in which order, and where their errors are said to be.
import { aListener, type ConfigCase, configCase } from '../config-case.js';

type Files = Readonly<Record<string, string>>;

const include = 'include_dir {dir}/conf.d';

function including(name: string, files: Files, lines: readonly string[] = [include, aListener]): ConfigCase {
  const inFolder = Object.entries(files).map(([file, text]) => [`conf.d/${file}`, text] as const);
  return configCase(`include_dir: ${name}`, lines, {
    files: { 'conf.d/': '', ...Object.fromEntries(inFolder) },
  });
}

const quiet = 'persistence false\n';

export const includeDir: readonly ConfigCase[] = [
  including('(no value)', {}, ['include_dir', aListener]),
  including('(a blank)', {}, ['include_dir ', aListener]),
  including('(blanks)', {}, ['include_dir   ', aListener]),
  including('an empty folder', {}),
  including('one file', { 'a.conf': quiet }),
  including('one empty file', { 'a.conf': '' }),
  including('two blanks before the folder', { 'a.conf': quiet }, ['include_dir  {dir}/conf.d', aListener]),
  including('a blank after the folder', { 'a.conf': quiet }, [`${include} `, aListener]),
  including('a slash after the folder', { 'a.conf': quiet }, [`${include}/`, aListener]),
  including('a relative folder', { 'a.conf': quiet }, ['include_dir conf.d', aListener]),
  including('a comment after the folder', { 'a.conf': quiet }, [`${include} # more`, aListener]),
  including('quotes around the folder', { 'a.conf': quiet }, ['include_dir "{dir}/conf.d"', aListener]),
  including('a missing folder', {}, ['include_dir {dir}/nowhere', aListener]),
  including('a file for a folder', {}, ['include_dir {dir}/mosquitto.conf', aListener]),
  including('the order of names', {
    'b.conf': quiet,
    'a.conf': quiet,
    'B.conf': quiet,
    'A.conf': quiet,
    'aa.conf': quiet,
    'a-1.conf': quiet,
    'a1.conf': quiet,
    'a_1.conf': quiet,
    '10.conf': quiet,
    '9.conf': quiet,
    'é.conf': quiet,
    'Aa.conf': quiet,
    'aB.conf': quiet,
    'AB.conf': quiet,
    'a.b.conf': quiet,
    'Z.conf': quiet,
    '_.conf': quiet,
    '~.conf': quiet,
    'a b.conf': quiet,
  }),
  including('files whose names do not end in .conf', {
    'a.config': 'nonsense\n',
    'b.conf.bak': 'nonsense\n',
    conf: 'nonsense\n',
    'c.CONF': 'nonsense\n',
    '.conf': 'nonsense\n',
    'd.conf~': 'nonsense\n',
    README: 'nonsense\n',
  }),
  including('a hidden file', { '.a.conf': quiet }),
  including('a folder named like a file', { 'a.conf/': '' }),
  including('a folder named like a file, after a file', { 'a.conf': `${quiet}\n\n`, 'b.conf/': '' }),
  including('a folder in the folder', { 'more/a.conf': 'nonsense\n' }),
  including('an error in a file', { 'a.conf': `\n\nnonsense\n` }),
  including('an error in the second file', { 'a.conf': `${quiet}${quiet}`, 'b.conf': 'sys_interval abc\n' }),
  including('an error in the file and in the main file', { 'a.conf': 'nonsense\n' }, [
    include,
    'more nonsense',
  ]),
  including('an error in the main file after the folder', { 'a.conf': quiet }, ['', include, '', 'nonsense']),
  including('an error in the main file before the folder', { 'a.conf': quiet }, ['nonsense', include]),
  including('an include_dir in a file', { 'a.conf': 'include_dir {dir}/conf.d\n' }),
  including('an include_dir without a value in a file', { 'a.conf': 'include_dir\n' }),
  including('the same folder twice', { 'a.conf': quiet }, [include, include, aListener]),
  including(
    'the same folder twice, with an option that may stand once',
    { 'a.conf': 'persistence_file a.db\n' },
    [include, include, aListener],
  ),
  including('an option that may stand once, in two files', {
    'a.conf': 'persistence_file a.db\n',
    'b.conf': 'persistence_file b.db\n',
  }),
  including('a listener in a file', { 'a.conf': `${aListener}\nmax_qos 1\n` }, [include]),
  including(
    'a listener in a file, its option in the next file',
    { 'a.conf': `${aListener}\n`, 'b.conf': 'mount_point a/\n' },
    [include],
  ),
  including('a listener in a file, its option in the main file', { 'a.conf': `${aListener}\n` }, [
    include,
    'mount_point a/',
  ]),
  including('a listener in the main file, its option in a file', { 'a.conf': 'mount_point a/\n' }, [
    aListener,
    include,
  ]),
  including(
    'a bridge in a file, its option in the next file',
    { 'a.conf': 'connection first\n', 'b.conf': 'address a\n' },
    [include],
  ),
  including('a bridge in the main file, its option in a file', { 'a.conf': 'topic #\n' }, [
    aListener,
    'connection first',
    'address 127.0.0.1:{port2}',
    include,
  ]),
  including('a bridge in a file', { 'a.conf': 'connection first\naddress 127.0.0.1:{port2}\ntopic #\n' }),
  including('a bridge in the main file goes on after the folder', { 'a.conf': quiet }, [
    aListener,
    'connection first',
    include,
    'address 127.0.0.1:{port2}',
    'topic #',
  ]),
  including('a plugin in the main file, its option in a file', { 'a.conf': 'plugin_opt_level 1\n' }, [
    'plugin {dir}/no-plugin.so',
    include,
  ]),
  including('per_listener_settings in a file', { 'a.conf': 'per_listener_settings true\n' }, [
    include,
    'allow_anonymous true',
    aListener,
  ]),
  including('no line feed at the end of a file', {
    'a.conf': 'persistence false',
    'b.conf': 'persistence false',
  }),
  including('CR and LF in a file', { 'a.conf': 'persistence false\r\n' }),
  including('a byte order mark in a file', { 'a.conf': '\ufeffpersistence false\n' }),
];
