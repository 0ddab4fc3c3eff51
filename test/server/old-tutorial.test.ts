// The configuration file of old tutorials (Mosquitto 1.x) with every option line uncommented, in the order of the
// file: a drop-in replacement starts with it and serves. Needs the built program.
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeClientOptions } from '../../src/client/index.js';
import type { Program } from '../interop/program.js';
import { type Certificates, makeCertificates } from '../tools/certificates.js';
import { messagesOf, passwordLine, Scene } from './scene.js';

const sections = {
  general: `
retry_interval 20
sys_interval 10
store_clean_interval 10
pid_file {dir}/mosquitto.pid
user {user}
max_inflight_messages 10
max_queued_messages 100
persistent_client_expiration 14d
allow_duplicate_messages true`,
  'default listener': `
bind_address 127.0.0.1
port {port}
max_connections -1
cafile {dir}/ca.crt
capath {dir}/authorities
certfile {dir}/server.crt
keyfile {dir}/server.key
require_certificate false
use_identity_as_username false
psk_hint hint
ciphers DEFAULT`,
  persistence: `
autosave_interval 1800
autosave_on_changes false
persistence true
persistence_file mosquitto.db
persistence_location {dir}/`,
  logging: `
log_dest none
log_type error
log_type warning
log_type notice
log_type information
connection_messages true
log_timestamp true`,
  security: `
clientid_prefixes dev-
allow_anonymous true
password_file {dir}/pwfile
psk_file {dir}/pskfile
acl_file {dir}/aclfile`,
  bridges: `
connection name
address 127.0.0.1:{remote}
topic x/# both 0
clientid c
cleansession false
notifications true
notification_topic t
keepalive_interval 60
start_type automatic
restart_timeout 30
idle_timeout 60
username u
password p
bridge_cafile {dir}/ca.crt
bridge_capath {dir}/authorities
bridge_certfile {dir}/client.crt
bridge_keyfile {dir}/client.key
bridge_insecure false`,
  'external config files': `
include_dir {dir}/conf.d`,
};

const ACL = 'topic read $SYS/#\nuser ann\ntopic readwrite y/#\npattern readwrite x/#\n';

let scene: Scene;
let certificates: Certificates;
let program: Program;
let port: number;
let tls: { ca: Buffer };

beforeAll(async () => {
  scene = new Scene();
  certificates = makeCertificates();
  for (const name of ['ca.crt', 'server.crt', 'server.key', 'client.crt', 'client.key'])
    copyFileSync(join(certificates.folder, name), scene.path(name));
  mkdirSync(scene.path('authorities'));
  mkdirSync(scene.path('conf.d'));
  scene.file('conf.d/more.conf', '# nothing\nmax_packet_size 5000\n');
  scene.file('pwfile', passwordLine('ann', 'secret') + passwordLine('bob', 'other'));
  scene.file('pskfile', 'device:0123456789abcdef\n');
  scene.file('aclfile', ACL);
  const [own, remote] = await scene.ports(2);
  port = own!;
  const text = Object.entries(sections)
    .map(([name, lines]) => `# ====\n# ${name}\n# ====\n${lines}\n`)
    .join('\n')
    .replaceAll('{dir}', scene.folder)
    .replaceAll('{user}', userInfo().username)
    .replace('{port}', String(port))
    .replace('{remote}', String(remote));
  program = scene.program(['-c', scene.file('mosquitto.conf', text)], { limit: 60_000 });
  tls = { ca: readFileSync(scene.path('ca.crt')) };
  // log_dest none: only a client can tell that it serves
  const early = await scene.patient(port, { protocol: 'mqtts', tls, clientId: 'dev-first' });
  await early.disconnect();
});

afterAll(async () => {
  await scene.close();
  certificates.remove();
});

const secure = (clientId: string, more: NodeClientOptions = {}) =>
  scene.connect(port, { protocol: 'mqtts', tls, clientId, ...more });

describe('the configuration file of old tutorials, with every option', () => {
  it('starts: the pid file has the number of the process', () => {
    expect(readFileSync(scene.path('mosquitto.pid'), 'utf8').trim()).toBe(String(program.pid));
  });

  it('lets users log in over TLS and talk', async () => {
    const ann = await secure('dev-ann', { username: 'ann', password: 'secret' });
    const bob = await secure('dev-bob', { username: 'bob', password: 'other', version: 4 });
    const seen = await messagesOf(ann, 'x/#');
    await bob.publish('x/1', 'hello', { qos: 1 });
    await expect.poll(() => seen).toEqual([['x/1', 'hello']]);
  });

  it('refuses a wrong password, an unknown user and a client id without the prefix', async () => {
    const more = { protocol: 'mqtts', tls } as const;
    await scene.refused(port, 0x87, { ...more, clientId: 'dev-x', username: 'ann', password: 'wrong' });
    await scene.refused(port, 0x87, { ...more, clientId: 'dev-x', username: 'eve', password: 'secret' });
    await scene.refused(port, 0x87, { ...more, clientId: 'other', username: 'ann', password: 'secret' });
  });

  it('takes clients without a name, as allow_anonymous says', async () => {
    expect((await secure('dev-nobody')).connected).toBe(true);
  });

  it('does what its ACL file says', async () => {
    const ann = await secure('dev-ann-2', { username: 'ann', password: 'secret' });
    const nobody = await secure('dev-anybody');
    const seen = await messagesOf(ann, 'y/#');
    await expect(nobody.publish('y/1', 'not allowed', { qos: 1 })).rejects.toMatchObject({ reason: 0x87 });
    await ann.publish('y/2', 'allowed', { qos: 1 });
    await expect.poll(() => seen).toEqual([['y/2', 'allowed']]);
  });

  it('reads the files of include_dir, and tells clients its limits', async () => {
    const { properties } = await scene.connack(port, { protocol: 'mqtts', tls, clientId: 'dev-limits' });
    expect(properties).toMatchObject({ maximumPacketSize: 5000, receiveMaximum: 10 });
  });

  it('speaks TLS on this port only', async () => {
    await expect(scene.connect(port, { clientId: 'dev-plain', connectTimeout: 5000 })).rejects.toThrow();
  });

  it('says nothing with log_dest none, ends with 0, and takes its pid file away', async () => {
    program.kill('SIGTERM');
    expect(await program.exited).toMatchObject({ code: 0, stdout: '' });
    expect(existsSync(scene.path('mosquitto.pid'))).toBe(false);
  });
});
