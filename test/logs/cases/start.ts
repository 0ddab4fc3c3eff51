// What the broker writes when it starts and ends, and when it cannot start.
import { baseConfig, client, type LogCase } from '../log-case.js';
import { acknowledge, connect, disconnect, login, publish, subscribe } from '../packets.js';

/** The user `u` with the password `p`, as mosquitto_passwd wrote it. */
const USER =
  'u:$7$1000$CF+SsU1xAeknWbOUIoGZAUgDqtR0ynXiJwgEN7r1hCbzjSwuA/ZLEsyfrj5Y8Gpb472jhsQcQCqZV5cxlhrdfg==$H5b+/xnmMgw9MAmnebx1vOIPlkK3HHIOLcJBbNzUBDWCftUt2o0Z/ipTb3H0YPon2YDZjJbxLL4vCR1WBFu31w==\n';

export const secured = {
  config: ['password_file {dir}/passwords', 'acl_file {dir}/rights'],
  files: {
    passwords: USER,
    rights: 'topic read r/#\nuser u\ntopic readwrite u/#\ntopic deny u/no\n',
  },
};

const a = client('a');
const b = client('b');
const c = client('c');

const session = [
  a.send(connect('keeper', { flags: 0 })),
  a.send(subscribe(['p/#', 1])),
  a.send(disconnect),
  b.send(connect('source'), publish('p/1', 'one', { qos: 1 }), publish('p/r', 'kept', { retain: true })),
];

export const startCases: readonly LogCase[] = [
  { name: 'a broker starts and ends' },
  { name: 'a broker has two listeners', config: ['listener {second} 127.0.0.1'] },
  {
    name: 'a client connects to the second listener',
    config: ['listener {second} 127.0.0.1'],
    steps: [client('second', 'second').send(connect('two'))],
  },
  { name: 'without a configuration file only this machine is served', config: false, args: ['-p', '{port}'] },
  {
    name: 'a configuration file without a listener serves only this machine',
    base: ['user {user}', 'log_type all'],
    args: ['-p', '{port}'],
  },
  { name: 'the port is in use', config: ['listener {taken} 127.0.0.1'], ready: 'never' },
  { name: 'an option is unknown', config: ['log_tpye all'], ready: 'never' },
  { name: 'a type of log line is unknown', config: ['log_type everything'], ready: 'never' },
  { name: 'a destination is unknown', config: ['log_dest paper'], ready: 'never' },
  {
    name: 'two files to log to',
    config: ['log_dest file {dir}/log.txt', 'log_dest file {dir}/log2.txt'],
    ready: 'never',
  },
  {
    name: 'the configuration is wrong after log_timestamp false',
    config: ['log_timestamp false', 'bogus'],
    ready: 'never',
  },
  {
    name: 'a client comes by a unix socket',
    config: ['listener 0 {dir}/broker.sock'],
    steps: [client('u', 'unix').send(connect('local')), client('u', 'unix').send(disconnect)],
  },
  {
    name: 'clients come with TLS, and with something else',
    config: ['listener {second} 127.0.0.1', 'certfile {certs}/server.crt', 'keyfile {certs}/server.key'],
    needsCertificates: true,
    steps: [
      client('secret', 'tls').send(connect('secret')),
      client('secret', 'tls').send(disconnect),
      client('plain', 'second').send(connect('plain')),
      client('none', 'second').send(''),
      client('none', 'second').close(),
    ],
  },
  {
    name: 'clients must have a certificate',
    config: [
      'listener {second} 127.0.0.1',
      'certfile {certs}/server.crt',
      'keyfile {certs}/server.key',
      'cafile {certs}/ca.crt',
      'require_certificate true',
    ],
    needsCertificates: true,
    steps: [client('nobody', 'tls').send(connect('nobody'))],
  },
  {
    name: 'the certificate of the broker is missing',
    config: ['listener {second} 127.0.0.1', 'certfile {certs}/missing.crt', 'keyfile {certs}/server.key'],
    needsCertificates: true,
    ready: 'never',
  },
  {
    name: 'the key does not belong to the certificate',
    config: ['listener {second} 127.0.0.1', 'certfile {certs}/server.crt', 'keyfile {certs}/client.key'],
    needsCertificates: true,
    ready: 'never',
  },
  { name: 'the password file is missing', config: ['password_file {dir}/passwords'], ready: 'never' },
  {
    name: 'the password file has a line that cannot be read',
    config: ['password_file {dir}/passwords'],
    files: { passwords: 'u:$7$bad\n' },
    ready: 'never',
  },
  {
    name: 'the password file has a user twice',
    config: ['password_file {dir}/passwords'],
    files: { passwords: `${USER}${USER}` },
    ready: 'never',
  },
  {
    name: 'the password file has a user without a password',
    config: ['password_file {dir}/passwords'],
    files: { passwords: 'u:\n' },
    ready: 'never',
  },
  {
    name: 'everybody may read the password file',
    config: ['password_file {dir}/passwords'],
    files: { passwords: USER },
    modes: { passwords: 0o644 },
  },
  { name: 'the ACL file is missing', config: ['acl_file {dir}/rights'], ready: 'never' },
  {
    name: 'the ACL file has an unknown line',
    config: ['acl_file {dir}/rights'],
    files: { rights: 'topic a\nbogus line\n' },
    ready: 'never',
  },
  {
    name: 'the ACL file has an unknown access',
    config: ['acl_file {dir}/rights'],
    files: { rights: 'topic destroy a/b\n' },
    ready: 'never',
  },
  {
    name: 'the ACL file has an invalid topic',
    config: ['acl_file {dir}/rights'],
    files: { rights: 'topic read a/#/b\n' },
    ready: 'never',
  },
  {
    name: 'the ACL file has no topic and no user where they belong',
    config: ['acl_file {dir}/rights'],
    files: { rights: 'topic\n' },
    ready: 'never',
  },
  {
    name: 'the ACL file has a pattern without a placeholder',
    config: ['acl_file {dir}/rights'],
    files: { rights: 'pattern read a/b\n' },
  },
  { name: 'a password file and an ACL file are read', ...secured },
  {
    name: 'sessions and retained messages are restored',
    config: ['persistence true', 'persistence_location {dir}/'],
    steps: [
      ...session,
      { do: 'signal', signal: 'SIGUSR1' },
      { do: 'restart' },
      c.send(connect('keeper', { flags: 0 })),
      c.send(acknowledge('puback', 1)),
    ],
  },
  {
    name: 'the file of the database is empty',
    config: ['persistence true', 'persistence_location {dir}/'],
    files: { 'mosquitto.db': '' },
  },
  {
    name: 'the file of the database is something else',
    config: ['persistence true', 'persistence_location {dir}/'],
    files: { 'mosquitto.db': 'this is no database, and has been none' },
    ready: 'never',
  },
  {
    name: 'the folder of the database is missing',
    config: ['persistence true', 'persistence_location {dir}/missing/'],
  },
  {
    name: 'clients are connected when the broker ends',
    steps: [a.send(connect('first')), b.send(login('second', 'u', 'p', 5))],
  },
  { name: 'the configuration is only tested', args: ['--test-config'], ready: 'never' },
  {
    name: 'a wrong configuration is only tested',
    base: [...baseConfig, 'max_qos 3'],
    args: ['--test-config'],
    ready: 'never',
  },
];
