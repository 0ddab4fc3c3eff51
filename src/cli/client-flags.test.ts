// Every text here was printed by mosquitto_pub, _sub or _rr 2.1.2 for the same command line, unless the name says so.
import { describe, expect, it } from 'vitest';
import { clientFlags } from './client-flag-table.js';
import { type FlagsOutcome, parseToolFlags, type ToolConfig, type ToolName } from './client-flags.js';

const base: Record<ToolName, string[]> = {
  pub: ['-t', 'a', '-m', 'b'],
  sub: ['-t', 'a'],
  rr: ['-t', 'a', '-m', 'b', '-e', 'r'],
};
const tools = Object.keys(base) as ToolName[];

interface Surroundings {
  files?: Record<string, string>;
  env?: Record<string, string>;
  program?: string;
}

function parse(tool: ToolName, args: readonly string[], surroundings: Surroundings = {}): FlagsOutcome {
  const { files = {}, env = {}, program = `mosquitto_${tool}` } = surroundings;
  return parseToolFlags(tool, args, {
    program,
    version: '2.1.2',
    env,
    pid: 42,
    readFile: (path) => files[path],
  });
}

function configOf(tool: ToolName, args: readonly string[], surroundings?: Surroundings): ToolConfig {
  const outcome = parse(tool, args, surroundings);
  if (outcome.kind !== 'run') throw new Error(outcome.stderr);
  return outcome.config;
}

/** The configuration with the least that the tool needs. */
function given(tool: ToolName, ...args: string[]): ToolConfig {
  return configOf(tool, [...base[tool], ...args]);
}

function stderrOf(tool: ToolName, args: readonly string[], surroundings?: Surroundings): string {
  const outcome = parse(tool, args, surroundings);
  if (outcome.kind !== 'exit') throw new Error('no error');
  expect(outcome.code).toBe(1);
  return outcome.stderr;
}

function hint(tool: ToolName): string {
  return `\nUse 'mosquitto_${tool} --help' to see usage.\n`;
}

describe('a flag without its value', () => {
  const texts: [flag: string, text: string][] = [
    ['-A', '-A argument given but no address specified.'],
    ['-C', '-C argument given but no count specified.'],
    ['-e', '-e argument given but no response topic specified.'],
    ['-F', '-F argument given but no format specified.'],
    ['--host', '-h argument given but no host specified.'],
    ['--id', '-i argument given but no id specified.'],
    ['--id-prefix', '-I argument given but no id prefix specified.'],
    ['--keepalive', '-k argument given but no keepalive specified.'],
    ['--url', '-L argument given but no URL specified.'],
    ['-M', '-M argument given but max_inflight not specified.'],
    ['--port', '-p argument given but no port specified.'],
    ['--pw', '-P argument given but no password specified.'],
    ['--proxy', '--proxy argument given but no proxy url specified.'],
    ['--psk', '--psk argument given but no key specified.'],
    ['--psk-identity', '--psk-identity argument given but no identity specified.'],
    ['--qos', '-q argument given but no QoS specified.'],
    ['--random-filter', '--random-filter argument given but no chance specified.'],
    ['--repeat', '--repeat argument given but no count specified.'],
    ['--repeat-delay', '--repeat-delay argument given but no time specified.'],
    ['--retain-handling', '--retain-handling argument given but no option specified.'],
    ['--topic', '-t argument given but no topic specified.'],
    ['--filter-out', '-T argument given but no topic filter specified.'],
    ['--unsubscribe', '-U argument given but no unsubscribe topic specified.'],
    ['--username', '-u argument given but no username specified.'],
    ['--unix', '--unix argument given but no socket path specified.'],
    ['-V', '--protocol-version argument given but no version specified.'],
    ['-W', '-W argument given but no timeout specified.'],
    ['-x', '-x argument given but no session expiry interval specified.'],
    ['--will-payload', '--will-payload argument given but no will payload specified.'],
    ['--will-qos', '--will-qos argument given but no will QoS specified.'],
    ['--will-topic', '--will-topic argument given but no will topic specified.'],
    ['--cafile', '--cafile argument given but no file specified.'],
    ['--capath', '--capath argument given but no directory specified.'],
    ['--cert', '--cert argument given but no file specified.'],
    ['--key', '--key argument given but no file specified.'],
    ['--keyform', '--keyform argument given but no keyform specified.'],
    ['--ciphers', '--ciphers argument given but no ciphers specified.'],
    ['--tls-version', '--tls-version argument given but no version specified.'],
    ['--tls-alpn', '--tls-alpn argument given but no protocol specified.'],
    ['--tls-engine', '--tls-engine argument given but no engine_id specified.'],
    ['--tls-engine-kpass-sha1', '--tls-engine-kpass-sha1 argument given but no kpass sha1 specified.'],
    ['--tls-keylog', '--tls-keylog argument given but no file specified.'],
    ['-D', '--property argument given but not enough arguments specified.'],
  ];
  it.each(texts)('%s is reported in each tool that has it', (name, text) => {
    const flag = clientFlags.find(({ names }) => names.includes(name))!;
    for (const tool of flag.tools) {
      expect(stderrOf(tool, [...base[tool], name])).toBe(`Error: ${text}\n\n${hint(tool)}`);
    }
  });

  it.each([
    ['--file', '-f argument given but no file specified.'],
    ['--message', '-m argument given but no message specified.'],
  ])('%s is reported where no message was given before', (name, text) => {
    expect(stderrOf('pub', ['-t', 'a', name])).toBe(`Error: ${text}\n\n${hint('pub')}`);
  });

  it('is tested for every flag that must have one', () => {
    const tested = [...texts.map(([name]) => name), '-f', '-m'];
    const untested = clientFlags.filter(
      (flag) => flag.missing && !flag.names.some((name) => tested.includes(name)),
    );
    expect(untested).toEqual([]);
  });
});

describe('a flag that is not there', () => {
  it.each(['x', '', '-Z', '--', '--topic=x', '-vv', '--Help', '__proto__', 'constructor'])(
    '%j is unknown',
    (name) => {
      for (const tool of tools) {
        expect(stderrOf(tool, [...base[tool], name])).toBe(`Error: Unknown option '${name}'.\n${hint(tool)}`);
      }
    },
  );

  it('is one of another tool, even if its value is missing', () => {
    for (const { names, tools: having } of clientFlags) {
      for (const tool of tools.filter((other) => !having.includes(other))) {
        expect(stderrOf(tool, [...base[tool], names[0]!])).toBe(
          `Error: Unknown option '${names[0]}'.\n${hint(tool)}`,
        );
      }
    }
  });

  it('is named with the way in which the tool was called', () => {
    expect(stderrOf('pub', ['x'], { program: 'pondhawk pub' })).toBe(
      "Error: Unknown option 'x'.\n\nUse 'pondhawk pub --help' to see usage.\n",
    );
  });
});

describe('a value that is not allowed', () => {
  it.each<[ToolName, string, string, string]>([
    ['sub', '-C', '0', 'Invalid message count "0".\n\n'],
    ['sub', '-C', '2147483648', 'Invalid message count "-2147483648".\n\n'],
    ['sub', '-C', 'x', 'Invalid message count "0".\n\n'],
    ['sub', '-W', '-1', 'Invalid timeout "-1".\n\n'],
    ['pub', '-k', '4', 'Invalid keepalive given, it must be between 5 and 65535 inclusive.\n\n'],
    ['pub', '-k', '65536', 'Invalid keepalive given, it must be between 5 and 65535 inclusive.\n\n'],
    ['pub', '-M', '0', 'Maximum inflight messages must be greater than 0.\n\n'],
    ['pub', '-p', '65536', 'Invalid port given: 65536\n'],
    ['pub', '-p', '-1', 'Invalid port given: -1\n'],
    ['pub', '-q', '3', 'Invalid QoS given: 3\n'],
    ['pub', '--will-qos', '3', 'Invalid will QoS 3.\n\n'],
    ['pub', '--repeat', '0', '--repeat argument must be >0.\n\n'],
    ['pub', '--repeat-delay', '-0.5', '--repeat-delay argument must be >=0.0.\n\n'],
    ['sub', '--random-filter', '0.09', '--random-filter chance must be between 0.1-100.0\n\n'],
    ['sub', '--random-filter', 'nan', '--random-filter chance must be between 0.1-100.0\n\n'],
    ['sub', '--retain-handling', 'Always', "Unknown value 'Always' for --retain-handling.\n\n"],
    ['pub', '-V', '4', 'Invalid protocol version argument given.\n\n'],
    ['pub', '-x', '08', 'session-expiry-interval not a number.\n\n'],
    ['pub', '-x', '5 ', 'session-expiry-interval not a number.\n\n'],
    ['pub', '-x', '', 'session-expiry-interval not a number.\n\n'],
    ['pub', '-x', '-2', 'session-expiry-interval out of range.\n\n'],
    ['pub', '-x', '99999999999999999999', 'session-expiry-interval out of range.\n\n'],
    ['pub', '-t', 'a/+', "Invalid publish topic 'a/+', does it contain '+' or '#'?\n"],
    ['pub', '-t', '', "Invalid publish topic '', does it contain '+' or '#'?\n"],
    ['pub', '-t', 'a\x01', 'Malformed UTF-8 in -t argument.\n\n'],
    ['sub', '-t', 'a+', "Invalid subscription topic 'a+', are all '+' and '#' wildcards correct?\n"],
    ['sub', '-T', '#/a', "Invalid filter topic '#/a', are all '+' and '#' wildcards correct?\n"],
    ['sub', '-U', '', "Invalid unsubscribe topic '', are all '+' and '#' wildcards correct?\n"],
    ['sub', '-U', '\ufdd0', 'Malformed UTF-8 in -U argument.\n\n'],
    ['rr', '-e', 'a/#', "Invalid response topic 'a/#', does it contain '+' or '#'?\n"],
    ['pub', '--will-topic', '#', "Invalid will topic '#', does it contain '+' or '#'?\n"],
    ['pub', '-L', 'http://h/t', 'Unsupported URL scheme.\n\n'],
    ['pub', '-L', 'mqtt://h', 'Invalid URL for -L argument specified - topic missing.\n'],
    ['pub', '-L', 'mqtt://h/', "Invalid publish topic '', does it contain '+' or '#'?\n"],
    ['pub', '-L', 'mqtt://h/a\x01', 'Malformed UTF-8 in -L topic argument.\n\n'],
    ['pub', '--proxy', 'http://h', 'Unsupported proxy protocol: http://h\n'],
    ['pub', '--proxy', 'socks5h://', 'Invalid proxy.\n'],
    ['pub', '--proxy', 'socks5h://u:p:q@h', "Username cannot contain ':'.\n"],
    ['pub', '--proxy', 'socks5h://[a]]', 'Duplicate IPv6 address.\n'],
    ['pub', '--proxy', 'socks5h://h:0', 'Invalid proxy port 0\n'],
    ['sub', '-F', '%', 'Incomplete format specifier.\n'],
    ['sub', '-F', 'x%-05', 'Incomplete format specifier.\n'],
    ['sub', '-F', '%.2', 'Incomplete format specifier.\n'],
    ['sub', '-F', 'x@', 'Incomplete format specifier.\n'],
    ['sub', '-F', 'x\\', 'Incomplete escape specifier.\n'],
    ['sub', '-F', '%z', "Invalid format specifier 'z'.\n"],
    ['sub', '-F', '%:', "Invalid format specifier '\0'.\n"],
    ['rr', '-F', '\\q', "Invalid escape specifier 'q'.\n"],
  ])('%s %s %j', (tool, flag, value, text) => {
    expect(stderrOf(tool, [...base[tool], flag, value])).toBe(`Error: ${text}${hint(tool)}`);
  });

  it.each(['socks5h://:p@h', 'socks5h://u::@h', 'socks5h://h:1:2', 'socks5h://u%zz@h', 'socks5h://u%2@h'])(
    'the proxy %s is refused with the hint alone',
    (url) => expect(stderrOf('pub', [...base.pub, '--proxy', url])).toBe(hint('pub')),
  );

  it('a proxy is refused without a word after --quiet', () => {
    expect(stderrOf('pub', ['--quiet', '--proxy', 'x'])).toBe(hint('pub'));
    expect(stderrOf('pub', ['--proxy', 'x', '--quiet'])).not.toBe(hint('pub'));
  });

  it.each([
    '%A%C%D%E%F%I%J%P%R%S%U%X%d%f%j%l%m%p%q%r%t%x%%',
    '%-05.2:x',
    '%--p',
    '%..x',
    '@@@Y',
    '\\\\\\0\\a\\e\\n\\r\\t\\v',
  ])('the format %j is none', (format) => expect(given('sub', '-F', format).format).toBe(format));

  it('a topic may have 65535 bytes and 200 slashes', () => {
    for (const topic of ['a'.repeat(65_535), '/'.repeat(200)]) {
      expect(configOf('pub', ['-n', '-t', topic]).topic).toBe(topic);
      expect(stderrOf('pub', ['-n', '-t', `${topic}/`])).toMatch(/^Error: Invalid publish topic/);
    }
  });
});

describe('flags that do not go together', () => {
  it.each<[string, ToolName, string[], string]>([
    ['-i and -I', 'pub', ['-i', 'a', '-I'], '-i and -I argument cannot be used together.\n\n'],
    ['-I and -i', 'pub', ['-I', 'a', '-i'], '-i and -I argument cannot be used together.\n\n'],
    ['two messages', 'pub', ['-m'], 'Only one type of message can be sent at once.\n\n'],
    ['a message and a file', 'rr', ['-f'], 'Only one type of message can be sent at once.\n\n'],
    ['a message and lines', 'pub', ['-l'], 'Only one type of message can be sent at once.\n\n'],
    ['a will without topic', 'sub', ['--will-payload', ''], 'Will payload given, but no will topic given.\n'],
    [
      'a retained will without topic',
      'sub',
      ['--will-retain'],
      'Will retain given, but no will topic given.\n',
    ],
    [
      'a certificate without key',
      'sub',
      ['--cert', 'a'],
      'Both certfile and keyfile must be provided if one of them is set.\n',
    ],
    [
      'a key without certificate',
      'sub',
      ['--key', 'a'],
      'Both certfile and keyfile must be provided if one of them is set.\n',
    ],
    [
      'keyform without key',
      'sub',
      ['--keyform', 'pem'],
      'If keyform is set, keyfile must be also specified.\n',
    ],
    [
      'a password without engine',
      'sub',
      ['--tls-engine-kpass-sha1', 'a'],
      'when using tls-engine-kpass-sha1, both tls-engine and keyform must also be provided.\n',
    ],
    [
      'a CA and a PSK',
      'sub',
      ['--cafile', 'a', '--psk', 'a'],
      'Only one of --psk or --cafile/--capath may be used at once.\n',
    ],
    ['a PSK without identity', 'sub', ['--psk', 'a'], '--psk-identity required if --psk used.\n'],
    [
      '-c without identifier',
      'sub',
      ['-c'],
      'You must provide a client id if you are using the -c option.\n',
    ],
    [
      '-c with a prefix',
      'sub',
      ['-c', '-I', 'a'],
      'You must provide a client id if you are using the -c option.\n',
    ],
    [
      '-c without identifier in MQTT 5',
      'sub',
      ['-c', '-V', '5'],
      'You must provide a client id if you are using an infinite session expiry interval.\n',
    ],
    [
      '-x -1 without identifier',
      'sub',
      ['-x', '-1'],
      'You must provide a client id if you are using an infinite session expiry interval.\n',
    ],
  ])('%s', (_, tool, args, text) => {
    expect(stderrOf(tool, [...base[tool], '--quiet', ...args])).toBe(`Error: ${text}${hint(tool)}`);
  });

  it('sub needs a topic to subscribe to or to unsubscribe from', () => {
    expect(stderrOf('sub', ['-T', 'a'])).toBe(
      `Error: You must specify a topic to subscribe to (-t) or unsubscribe from (-U).\n${hint('sub')}`,
    );
    expect(configOf('sub', ['-U', 'a'])).toMatchObject({ topics: [], unsubscribeTopics: ['a'] });
  });

  it('pub needs topic and message, and else shows the usage on standard output', () => {
    for (const args of [[], ['-t', 'a'], ['-m', 'b']]) {
      expect(parse('pub', args)).toMatchObject({
        code: 1,
        stderr: 'Error: Both topic and message must be supplied.\n',
        stdout: expect.stringMatching(/^Usage: mosquitto_pub /),
      });
    }
  });

  it('rr needs topic, message and response topic', () => {
    for (const args of [[], ['-t', 'a', '-m', 'b'], ['-t', 'a', '-e', 'r'], ['-e', 'r', '-n']]) {
      expect(stderrOf('rr', args)).toBe(
        `Error: All of topic, message, and response topic must be supplied.\n${hint('rr')}`,
      );
    }
  });

  it('-R and --retained-only have no hint', () => {
    expect(stderrOf('sub', ['-t', 'a', '-R', '--retained-only'])).toBe(
      "\nError: Combining '-R' and '--retained-only' makes no sense.\n",
    );
  });
});

describe('what the library refuses', () => {
  const files = { ca: 'x', cert: 'x', key: 'x' };
  it.each<[string, ToolName, string[], string]>([
    ['an empty identifier of pub', 'pub', ['-i', ''], 'Error: Invalid id.\n'],
    ['an empty identifier of sub', 'sub', ['-i', ''], 'Error: Invalid id and/or clean_session.\n'],
    [
      '-c without identifier although the session ends',
      'rr',
      ['-c', '-x', '5'],
      'Error: Invalid id and/or clean_session.\n',
    ],
    [
      'a password without user name in MQTT 3',
      'pub',
      ['-P', 'x'],
      'Error: Problem setting username and/or password.\n',
    ],
    [
      'a user name with control characters',
      'pub',
      ['-u', '\x01'],
      'Error: Problem setting username and/or password.\n',
    ],
    [
      'a CA that is not there',
      'pub',
      ['--cafile', 'no'],
      'Error: Problem setting TLS options: File not found.\n',
    ],
    [
      'a certificate that is not there',
      'pub',
      ['--capath', 'd', '--cert', 'no', '--key', 'key'],
      'Error: Problem setting TLS options: File not found.\n',
    ],
    [
      'a PSK that is not hexadecimal',
      'pub',
      ['--psk', 'xy', '--psk-identity', 'a'],
      'Error: Problem setting TLS-PSK options.\n',
    ],
    [
      'an unknown engine',
      'pub',
      ['--tls-engine', 'foo'],
      'Error: Problem setting TLS engine, is foo a valid engine?\n',
    ],
    [
      'an unknown form of key',
      'pub',
      ['--cert', 'cert', '--key', 'key', '--keyform', 'x'],
      "Error: Problem setting key form, it must be one of 'pem' or 'engine'.\n",
    ],
    [
      'an engine password that is no SHA-1',
      'pub',
      [
        '--cert',
        'cert',
        '--key',
        'key',
        '--keyform',
        'pem',
        '--tls-engine',
        'dynamic',
        '--tls-engine-kpass-sha1',
        'x',
      ],
      'Error: Problem setting TLS engine key pass sha, is it a 40 character hex string?\n',
    ],
    [
      'an unknown TLS version',
      'pub',
      ['--tls-version', 'tlsv1.1'],
      'Error: Problem setting TLS options, check the options are valid.\n',
    ],
    [
      'a port of a URL that is none',
      'pub',
      ['-L', 'mqtt://h:99999/t'],
      'Unable to connect (Invalid input).\n',
    ],
    [
      'a will with a wrong property',
      'pub',
      ['--will-topic', 'w', '-D', 'will', 'payload-format-indicator', '2'],
      'Error: Problem setting will.\n',
    ],
    [
      'a will with properties in MQTT 3',
      'pub',
      ['--will-topic', 'w', '-D', 'will', 'content-type', 'x', '-V', '311'],
      'Error: Problem setting will.\n',
    ],
    [
      'properties of CONNECT in MQTT 3',
      'pub',
      ['-D', 'connect', 'receive-maximum', '2', '-V', '311'],
      'Unable to connect (This feature is not supported).\n',
    ],
    [
      'a session expiry given twice',
      'pub',
      ['-D', 'connect', 'session-expiry-interval', '2', '-x', '3'],
      'Unable to connect (Duplicate property in property list).\n',
    ],
    [
      'a receive maximum of 0',
      'pub',
      ['-D', 'connect', 'receive-maximum', '0'],
      'Unable to connect (A network protocol error occurred when communicating with the broker).\n',
    ],
    [
      'a second response topic',
      'rr',
      ['-D', 'publish', 'response-topic', 'x'],
      'Error in PUBLISH properties: Duplicate response topic.\n',
    ],
    [
      'another wrong property of a request',
      'rr',
      ['-D', 'publish', 'topic-alias', '0'],
      'Error in PUBLISH properties: Duplicate response topic.\n',
    ],
  ])('%s is reported without the hint, and not with --quiet', (_, tool, args, text) => {
    expect(stderrOf(tool, [...base[tool], ...args], { files })).toBe(text);
    expect(stderrOf(tool, [...base[tool], ...args, '--quiet'], { files })).toBe('');
  });

  it('TLS flags are not looked at with --no-tls', () => {
    expect(given('pub', '--cafile', 'no', '--tls-version', 'x', '--no-tls').tls.enabled).toBe(false);
  });

  it('a message file that is not there is reported before what is missing or wrong', () => {
    const text =
      'Error: Unable to read file "no": No such file or directory.\nError loading input file "no".\n';
    expect(stderrOf('pub', ['-f', 'no'])).toBe(text);
    expect(stderrOf('rr', ['-t', 'a', '-e', 'r', '-f', 'no', '-i', ''])).toBe(text);
    expect(configOf('pub', ['-t', 'a', '-f', 'no']).message).toEqual({ kind: 'file', file: 'no' });
  });

  it('here, unlike there, an identifier with control characters is reported', () => {
    expect(stderrOf('pub', [...base.pub, '-i', 'a\x01'])).toBe('Error: Invalid id.\n');
  });

  it('here, unlike there, a proxy with too long a name is reported', () => {
    expect(stderrOf('pub', [...base.pub, '--proxy', `socks5h://${'h'.repeat(257)}`])).toBe(
      'Error: Invalid proxy.\n',
    );
  });
});

describe('a configuration', () => {
  it('has the defaults of Mosquitto', () => {
    const config = given('sub');
    expect(config).toMatchObject({
      host: 'localhost',
      port: 1883,
      transport: 'tcp',
      version: 4,
      keepAlive: 60,
    });
    expect(config).toMatchObject({
      cleanSession: true,
      qos: 0,
      eol: true,
      maxInflight: 20,
      receiveMaximum: 20,
    });
    expect(config).toMatchObject({ repeat: 1, repeatDelayMs: 0, randomFilter: 100, propertyProblems: {} });
    expect(
      config.clientId ?? config.count ?? config.timeoutSeconds ?? config.will ?? config.proxy,
    ).toBeUndefined();
    expect(config.tls).toMatchObject({ enabled: false, disabled: false, verify: 'all' });
    expect(given('rr')).toMatchObject({ version: 5, count: 1, receiveMaximum: 1 });
  });

  it.each<[ToolName, string[], Partial<ToolConfig>]>([
    ['pub', ['-h', 'x', '--host', 'y', '-p', '1', '--port', '2'], { host: 'y', port: 2 }],
    ['pub', ['--unix', '/s'], { host: '/s', port: 0, unixPath: '/s' }],
    ['pub', ['-h', '/s', '-p', '0'], { port: 0, unixPath: '/s' }],
    [
      'pub',
      ['--ws', '-A', '::1', '--nodelay', '-S'],
      { transport: 'websockets', port: 1883, bindAddress: '::1', nodelay: true, useSrv: true },
    ],
    ['pub', ['-p', '4294968179'], { port: 883 }],
    ['pub', ['-i', 'x'], { clientId: 'x' }],
    ['pub', ['-I', 'x'], { clientId: 'x42', clientIdPrefix: 'x' }],
    ['pub', ['-V', '31'], { version: 3 }],
    ['rr', ['-V', 'mqttv311'], { version: 4 }],
    ['pub', ['-u', 'me', '-P', ''], { username: 'me', password: '' }],
    ['pub', ['-P', 'x', '-V', '5'], { username: undefined, password: 'x' }],
    [
      'pub',
      ['-k', '5', '-M', '65535', '-q', '2', '-r', '-d', '--quiet'],
      { keepAlive: 5, maxInflight: 65_535, qos: 2, retain: true, debug: true, quiet: true },
    ],
    ['pub', ['-M', '65536'], { maxInflight: 20 }],
    ['pub', ['--repeat', '3', '--repeat-delay', '0.1'], { repeat: 3, repeatDelayMs: 100 }],
    ['pub', ['--repeat-delay', '3000'], { repeatDelayMs: 3_000_000 }],
    ['pub', ['--repeat-delay', 'inf'], { repeatDelayMs: 0 }],
    ['pub', ['-x', '0x10'], { sessionExpiryInterval: 16, version: 5 }],
    ['pub', ['-x', '010'], { sessionExpiryInterval: 8 }],
    ['pub', ['-x', '0', '-c', '-i', 'a'], { sessionExpiryInterval: 0, properties: noProperties() }],
    ['pub', ['-x', '∞', '-i', 'a'], { sessionExpiryInterval: 0xffff_ffff }],
    [
      'sub',
      ['-t', 'b', '-T', 'c', '-T', 'd', '-U', 'e'],
      { topics: ['a', 'b'], filterOuts: ['c', 'd'], unsubscribeTopics: ['e'], topic: undefined },
    ],
    [
      'sub',
      ['-C', '3', '-W', '7', '-E', '-N', '-v', '--pretty', '-F', '%p', '-w'],
      {
        count: 3,
        receiveMaximum: 3,
        timeoutSeconds: 7,
        exitAfterSubscribe: true,
        eol: false,
        verbose: true,
        pretty: true,
        format: '%p',
        watch: true,
      },
    ],
    ['sub', ['-C', '100'], { count: 100, receiveMaximum: 20 }],
    ['sub', ['-w', '--message-rate'], { watch: false, messageRate: true }],
    ['sub', ['--random-filter', '12.34x'], { randomFilter: 12.3 }],
    ['sub', ['--retained-only', '--remove-retained'], { retainedOnly: true, removeRetained: true }],
    ['sub', ['-R'], { noRetained: true, subscriptionOptions: options(false, 2) }],
    ['sub', ['--retain-handling', 'new', '-R'], { subscriptionOptions: options(false, 2) }],
    [
      'sub',
      ['-R', '--retain-handling', 'always'],
      { noRetained: true, subscriptionOptions: options(false, 0) },
    ],
    ['rr', ['--retain-as-published', '--retain-handling', 'new'], { subscriptionOptions: options(true, 1) }],
    ['rr', ['--latency', '-t', 'b'], { latency: true, nodelay: true, topic: 'b', responseTopic: 'r' }],
    ['pub', ['-D', 'connect', 'receive-maximum', '7'], { receiveMaximum: 7, version: 5 }],
  ])('%s %j', (tool, args, expected) => {
    expect(given(tool, ...args)).toMatchObject(expected);
  });

  it.each<[string[], ToolConfig['message']]>([
    [['-m', 'x'], { kind: 'text', text: 'x' }],
    [['-n'], { kind: 'null' }],
    [['-f', 'x'], { kind: 'file', file: 'x' }],
    [['-s'], { kind: 'stdin' }],
    [['-l'], { kind: 'lines' }],
  ])('takes the message from %j', (args, message) => {
    expect(configOf('pub', ['-t', 'a', ...args]).message).toEqual(message);
  });

  it.each<[string, Partial<ToolConfig>, boolean]>([
    ['mqtt://h/a/b', { host: 'h', port: 1883, topic: 'a/b', transport: 'tcp' }, false],
    ['MQTTS://h/a', { host: 'h', port: 8883 }, true],
    ['ws://h:80/a', { host: 'h', port: 80, transport: 'websockets' }, false],
    ['wss://h/a', { port: 8883, transport: 'websockets' }, true],
    ['mqtt://u:p:q@h/a', { username: 'u', password: 'p:q', host: 'h' }, false],
    ['mqtt://u@h:1/a', { username: 'u', password: undefined, port: 1 }, false],
    ['mqtt://h:-1/a', { port: 1883 }, false],
    ['mqtt://[::1]:7/a', { host: '::1', port: 7 }, false],
  ])('takes %s apart', (url, expected, isEncrypted) => {
    const config = configOf('pub', ['-n', '-L', url]);
    expect(config).toMatchObject(expected);
    expect(config.tls).toMatchObject({ enabled: isEncrypted, useOsCerts: isEncrypted });
  });

  it.each<[string, ToolConfig['proxy']]>([
    ['socks5h://h', { host: 'h', port: 1080, username: undefined, password: undefined }],
    ['socks5h://u:@[::1]:7', { host: '::1', port: 7, username: 'u', password: '' }],
    ['socks5h://u%3a%25%40:p%3A@h:8x', { host: 'h', port: 8, username: 'u:%@', password: 'p:' }],
    ['socks5h://u@[::1]', { host: '::1', port: 1080, username: 'u', password: undefined }],
  ])('takes the proxy %s apart', (url, proxy) => expect(given('pub', '--proxy', url).proxy).toEqual(proxy));

  it('has a will with payload, quality of service and properties', () => {
    const args = ['--will-topic', 'w', '--will-payload', 'é', '--will-qos', '1', '--will-retain'];
    expect(given('sub', ...args, '-D', 'will', 'will-delay-interval', '5').will).toEqual({
      topic: 'w',
      payload: new TextEncoder().encode('é'),
      qos: 1,
      retain: true,
      properties: { willDelayInterval: 5 },
    });
    expect(given('sub', '--will-topic', 'w').will?.payload).toHaveLength(0);
  });

  it.each<[string[], object]>([
    [['--cafile', 'ca'], { port: 8883, tls: { enabled: true, cafile: 'ca', useOsCerts: false } }],
    [['--cafile', 'ca', '--no-tls'], { port: 8883, tls: { enabled: false, disabled: true } }],
    [['--psk', 'ab', '--psk-identity', 'me'], { port: 8883, tls: { enabled: true, useOsCerts: false } }],
    [['-p', '8883'], { tls: { enabled: true, useOsCerts: true } }],
    [['-p', '8883', '--cafile', 'ca'], { tls: { enabled: true, useOsCerts: false } }],
    [['--tls-use-os-certs'], { port: 1883, tls: { enabled: true } }],
    [['--tls-use-os-certs', '--insecure'], { tls: { verify: 'chain' } }],
    [
      ['--insecure', '--ciphers', 'x', '--tls-version', 'TLSv1.3'],
      { tls: { verify: 'nothing', version: 'tlsv1.3', enabled: false } },
    ],
  ])('encrypts as %j says', (args, expected) => {
    expect(configOf('pub', [...base.pub, ...args], { files: { ca: 'x' } })).toMatchObject(expected);
  });
});

function options(retainAsPublished: boolean, retainHandling: 0 | 1 | 2): ToolConfig['subscriptionOptions'] {
  return { noLocal: false, retainAsPublished, retainHandling };
}

function noProperties(): ToolConfig['properties'] {
  return { connect: {}, publish: {}, subscribe: {}, unsubscribe: {}, disconnect: {} };
}

describe('files of flags', () => {
  const file = '# comment\n\n   \n  -t a b\r\n-m  c \n-d\n-q 1';
  const expected = { topic: 'a b', message: { kind: 'text', text: ' c ' }, debug: true, qos: 2 };
  it.each<[string, string[], Surroundings]>([
    ['-o', ['-o', '/o'], { files: { '/o': file, '/h/.config/mosquitto_pub': '-x' }, env: { HOME: '/h' } }],
    [
      '$XDG_CONFIG_HOME',
      [],
      { files: { '/x/mosquitto_pub': file }, env: { HOME: '/h', XDG_CONFIG_HOME: '/x' } },
    ],
    ['$HOME', [], { files: { '/h/.config/mosquitto_pub': file }, env: { HOME: '/h' } }],
  ])('are read from %s before the command line, a flag and its value on a line', (_, args, surroundings) => {
    expect(configOf('pub', [...args, '-q', '2'], surroundings)).toMatchObject(expected);
  });

  it.each<[string, string]>([
    [' # x', "Error: Unknown option '#'.\n"],
    ['-p', 'Error: -p argument given but no port specified.\n\n'],
    [
      '-D connect receive-maximum 3',
      'Error: --property argument given but not enough arguments specified.\n\n',
    ],
    ['-m x', 'Error: Only one type of message can be sent at once.\n\n'],
  ])('the line %j is wrong', (line, text) => {
    expect(stderrOf('pub', [...base.pub, '-o', '/o'], { files: { '/o': line } })).toBe(
      `${text}${hint('pub')}`,
    );
  });

  it('that are not there are nothing, and -o in them is nothing', () => {
    expect(configOf('sub', ['-t', 'a', '-o', '/no']).topics).toEqual(['a']);
    expect(configOf('sub', ['-t', 'a', '-o', '/o'], { files: { '/o': '-o\n-o x' } }).topics).toEqual(['a']);
  });

  it('-o is looked for before anything else, even among values', () => {
    expect(stderrOf('pub', ['--help', '-o'])).toBe(
      `Error: -o argument given but no options file specified.\n\n${hint('pub')}`,
    );
    expect(stderrOf('pub', ['-m', '-o', '-o', 'x'])).toBe(
      `Error: Duplicate -o argument given.\n\n${hint('pub')}`,
    );
  });
});

describe('questions', () => {
  it('--help prints a line for each flag of the tool, and ends with 1', () => {
    for (const tool of tools) {
      const outcome = parse(tool, ['--help', '-Z'], { program: `pondhawk ${tool}` });
      expect(outcome).toMatchObject({ kind: 'exit', code: 1, stderr: '' });
      const { stdout } = outcome as { stdout: string };
      expect(stdout).toMatch(new RegExp(`^Usage: pondhawk ${tool} `));
      const lines = stdout.split('\n').filter((line) => line.startsWith('  -'));
      expect(lines).toHaveLength(clientFlags.filter((flag) => flag.tools.includes(tool)).length);
    }
  });

  it('--version prints the program and its version, and ends with 1', () => {
    expect(parse('sub', ['--version'])).toEqual({
      kind: 'exit',
      code: 1,
      stdout: 'mosquitto_sub version 2.1.2\n',
      stderr: '',
    });
  });

  it('a mistake before them is reported', () => {
    expect(stderrOf('sub', ['-q', '3', '--help'])).toBe(`Error: Invalid QoS given: 3\n${hint('sub')}`);
  });
});

describe('the table', () => {
  it('has every name once, and a help of one line that fits', () => {
    const names = clientFlags.flatMap((flag) => flag.names);
    expect(new Set(names).size).toBe(names.length);
    for (const { help } of clientFlags) expect(help).toMatch(/^\S.{3,90}$/);
  });
});
