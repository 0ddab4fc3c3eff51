// The examples are run as their readers would run them, and do what they say. Those that want a broker get one of
// this process. The page for browsers is served here; test/client drives it.
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer, type Server, type TlsOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../src/client/index.js';
import { Broker, scram, scramCredentials } from '../src/index.js';
import { TestClient } from '../test/behaviour/client.js';
import { killPrograms, Program } from '../test/interop/program.js';
import { type Certificates, makeCertificates } from '../test/tools/certificates.js';

const folder = import.meta.dirname;
const ADA = { username: 'ada', password: 'difference engine' };
const described: string[] = [];
const brokers: Broker[] = [];

/** `describe`, for the files of this folder that the tests are about. */
function describeExample(files: string | readonly string[], tests: () => void): void {
  const names = typeof files === 'string' ? [files] : files;
  described.push(...names);
  describe(names.join(' and '), tests);
}

/** A program of this folder. */
class Example extends Program {
  constructor(name: string, url = '', args: readonly string[] = []) {
    super(process.execPath, [join(folder, name), ...args], { env: { MQTT_URL: url } });
  }

  /** Waits until it has printed something, and returns the match. */
  async printed(wanted: RegExp): Promise<RegExpExecArray> {
    await this.until(String(wanted), ({ stdout }) => wanted.test(stdout));
    return wanted.exec(this.stdout)!;
  }

  /** Connects to the broker that is in it. */
  async client(): Promise<TestClient> {
    const [, port] = await this.printed(/listening on 127\.0\.0\.1:(\d+)/);
    const socket = connectSocket({ port: Number(port), host: '127.0.0.1' });
    await once(socket, 'connect');
    return new TestClient(socket);
  }

  /** Asks it to stop; returns its exit code. */
  async stop(): Promise<number | null> {
    this.kill('SIGINT');
    return (await this.exited).code;
  }

  /** Waits until it has ended by itself, and returns its lines. */
  async ended(code = 0): Promise<string[]> {
    const exit = await this.exited;
    expect({ code: exit.code, stderr: exit.stderr }).toEqual({ code, stderr: '' });
    return this.lines();
  }
}

async function startBroker(options: ConstructorParameters<typeof Broker>[0] = {}, port = 0) {
  const broker = new Broker(options);
  brokers.push(broker);
  const address = await broker.listen({ port, host: '127.0.0.1' });
  return { broker, port: address.port, url: `mqtt://127.0.0.1:${address.port}` };
}

afterEach(async () => {
  await killPrograms();
  await Promise.all(brokers.splice(0).map((broker) => broker.close()));
});

it('every example has a test', () => {
  const files = readdirSync(folder).filter((name) => name !== 'examples.test.ts');
  expect(files.sort()).toEqual(described.sort());
});

describeExample('first-connection.js', () => {
  it('gets what it has published', async () => {
    const { url } = await startBroker();
    const lines = await new Example('first-connection.js', url).ended();
    expect(lines.slice(0, 2)).toEqual([`connected to ${url}`, 'subscribed to greetings/# with QoS 1']);
    // which of the two comes first is the broker's choice
    expect(lines.slice(2, 4).sort()).toEqual(['greetings/first: hello', 'published']);
    expect(lines.slice(4)).toEqual(['goodbye']);
  });
});

describeExample('message-stream.js', () => {
  it('does one job after the other, and leaves', async () => {
    const { broker, url } = await startBroker();
    const jobs = Array.from({ length: 20 }, (_, i) => `jobs/${i + 1} is done, its size was ${i}`);
    const lines = await new Example('message-stream.js', url).ended();
    // the first may be done before the last is published
    expect(lines.filter((line) => line.startsWith('jobs/'))).toEqual(jobs);
    expect(lines).toContain('20 jobs are published');
    expect(lines.at(-1)).toBe('all are done');
    expect(broker.metrics.publishSent).toBe(20);
  });
});

describeExample('request-response.js', () => {
  it('finds the answer to each question, and who is not there', async () => {
    const { url } = await startBroker();
    expect(await new Example('request-response.js', url).ended()).toEqual([
      '1 + 2 is 3',
      'at once: 11, 22, 33',
      'no answer (rejected): nobody is subscribed to calculator/add',
    ]);
  });
});

describeExample('persistent-session.js', () => {
  it('gets in its second run what came meanwhile', async () => {
    const { broker, url } = await startBroker();
    const first = new Example('persistent-session.js', url);
    await first.printed(/waiting for orders/);
    expect(await first.stop()).toBe(0);
    expect(first.lines()).toEqual([
      'this session is new',
      'waiting for orders; Ctrl-C ends',
      'away; the broker keeps what comes',
    ]);
    broker.publish({ topic: 'orders/1', payload: 'two pizzas', qos: 1 });
    broker.publish({ topic: 'orders/2', payload: 'one salad', qos: 1 });
    const second = new Example('persistent-session.js', url);
    await second.printed(/one salad/);
    broker.publish({ topic: 'orders/3', payload: 'coffee', qos: 1 });
    await second.printed(/coffee/);
    await second.printed(/waiting for orders/);
    expect(await second.stop()).toBe(0);
    expect(second.lines()[0]).toBe('the broker has kept the session');
    expect(second.lines().filter((line) => line.startsWith('orders/'))).toEqual([
      'orders/1: two pizzas',
      'orders/2: one salad',
      'orders/3: coffee',
    ]);
  });
});

describeExample('resilient-publisher.js', () => {
  /** A port that nobody listens on. */
  async function freePort(): Promise<number> {
    const { broker, port } = await startBroker();
    await broker.close();
    return port;
  }

  it('begins without a broker, and goes on when it is restarted', async () => {
    const port = await freePort();
    const publisher = new Example('resilient-publisher.js', `mqtt://127.0.0.1:${port}`);
    await publisher.printed(/cannot connect.*\nattempt 2 in \d+ ms/);
    const { broker } = await startBroker({}, port);
    await publisher.printed(/connected\n(.*\n)*reading 1: the broker has it/);
    await broker.close();
    await publisher.printed(/connection lost: the server disconnected: server shutting down.*\nattempt 1 in/);
    await startBroker({}, port);
    await publisher.printed(/attempt(.*\n)*connected\n(.*\n)*reading \d+: the broker has it/);
    expect(await publisher.stop()).toBe(0);
    expect(publisher.lines().at(-1)).toBe('ended');
    expect(publisher.stderr).toBe('');
  });

  it('gives up what cannot be sent, and says why', async () => {
    const publisher = new Example('resilient-publisher.js', `mqtt://127.0.0.1:${await freePort()}`);
    await publisher.printed(/reading \d+: given up, too many wait already/);
    await publisher.printed(/reading 1: given up, it is too old/);
    // what is younger still waits
    await publisher.printed(/reading 2: given up/);
    expect(await publisher.stop()).toBe(0);
    expect(publisher.stdout).toMatch(/given up, the program ends/);
    expect(publisher.stderr).toBe('');
  });

  it('hears what the broker refuses', async () => {
    const plugin = { name: 'none', authorize: () => false };
    const { url } = await startBroker({ plugins: [plugin] });
    const publisher = new Example('resilient-publisher.js', url);
    await publisher.printed(/reading 1: the broker does not want it \(reason 135\)/);
    expect(await publisher.stop()).toBe(0);
  });
});

describeExample('secure-connection.js', () => {
  let certificates: Certificates;
  let server: Server | undefined;
  const file = (name: string) => join(certificates.folder, name);
  const content = (name: string) => readFileSync(file(name));

  beforeAll(() => {
    certificates = makeCertificates();
  });
  afterEach(() => {
    server?.close();
  });
  afterAll(() => certificates.remove());

  /** TLS in front of a broker; returns the URL. */
  async function startTls(options: TlsOptions = {}): Promise<string> {
    const broker = new Broker();
    brokers.push(broker);
    const own = { key: content('server.key'), cert: content('server.crt') };
    server = createTlsServer({ ...own, ...options }, (socket) => broker.accept(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `mqtts://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('says how it is used', async () => {
    expect(await new Example('secure-connection.js').ended(2)).toEqual([
      'usage: node examples/secure-connection.js CA.crt [CLIENT.crt CLIENT.key]',
    ]);
  });

  it('publishes through TLS', async () => {
    const url = await startTls();
    const lines = await new Example('secure-connection.js', url, [file('ca.crt')]).ended();
    expect(lines).toEqual(['connected, encrypted', 'published']);
  });

  it('shows its certificate to a server that wants one', async () => {
    const url = await startTls({ requestCert: true, rejectUnauthorized: true, ca: content('ca.crt') });
    const own = [file('client.crt'), file('client.key')];
    const lines = await new Example('secure-connection.js', url, [file('ca.crt'), ...own]).ended();
    expect(lines).toEqual(['connected, encrypted', 'published']);
  });

  it('does not talk to a server that it cannot trust', async () => {
    const url = await startTls();
    const [line] = await new Example('secure-connection.js', url, [file('other-ca.crt')]).ended(1);
    expect(line).toMatch(/^unreachable: cannot connect: .* \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)$/);
    server?.close();
    const stranger = await startTls({ key: content('stranger.key'), cert: content('stranger.crt') });
    const [other] = await new Example('secure-connection.js', stranger, [file('ca.crt')]).ended(1);
    expect(other).toMatch(/^unreachable: cannot connect: .* \(ERR_TLS_CERT_ALTNAME_INVALID\)$/);
  });
});

describeExample('scram-login.js', () => {
  it('logs in to a broker of its own, and again', async () => {
    const lines = ['logged in as ada', 'logged in again'];
    expect(await new Example('scram-login.js').ended()).toEqual(lines);
  });

  it('logs in to a broker that knows the user', async () => {
    const plugin = scram({ find: async () => scramCredentials('secret') });
    const { url } = await startBroker({ plugins: [plugin] });
    const lines = await new Example('scram-login.js', url, ['bob', 'secret']).ended();
    expect(lines).toEqual(['logged in as bob', 'logged in again']);
  });

  it('says why it was not let in', async () => {
    const [wrong] = await new Example('scram-login.js', '', ['ada', 'wrong']).ended(1);
    expect(wrong).toMatch(/^refused: .*not authorized/);
    const { url } = await startBroker();
    const [unknown] = await new Example('scram-login.js', url).ended(1);
    expect(unknown).toMatch(/^refused: .*bad authentication method/);
  });
});

describeExample('embed-both.js', () => {
  it('talks to itself', async () => {
    expect(await new Example('embed-both.js').ended()).toEqual([
      'the broker sees: switch sets the lamp to on',
      'the client sees: the lamp is on',
      'closed after 1 message from clients',
    ]);
  });
});

describeExample(['browser.html', 'browser-server.js'], () => {
  it('serves the page and what it loads, and nothing else', async () => {
    const server = new Example('browser-server.js');
    const [, address] = await server.printed(/open (http:\S+)\//);
    const get = async (path: string) => {
      const response = await fetch(`${address}${path}`);
      return {
        status: response.status,
        type: response.headers.get('content-type'),
        text: await response.text(),
      };
    };
    const page = await get('/');
    expect(page).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' });
    for (const id of ['url', 'connect', 'topic', 'payload', 'publish', 'log', 'status'])
      expect(page.text).toContain(`id="${id}"`);
    const [, script] = /from '\.(\/[^']+)'/.exec(page.text)!;
    const bundle = await get(script!);
    expect(bundle).toMatchObject({ status: 200, type: 'text/javascript; charset=utf-8' });
    for (const [, chunk] of bundle.text.matchAll(/import\(\W*\.(\/[\w.-]+)\W*\)/g))
      expect(await get(`/pondhawk${chunk}`)).toMatchObject({ status: 200 });
    for (const path of [
      '/nothing',
      '/browser-server.js',
      '/..%2fpackage.json',
      '/pondhawk/none.js',
      '/pondhawk/..%2fclient%2findex.js',
    ])
      expect((await get(path)).status, path).toBe(404);
    expect(await server.stop()).toBe(0);
  });

  it('has a broker that is reached by WebSocket', async () => {
    const server = new Example('browser-server.js');
    const [, host] = await server.printed(/open http:\/\/(\S+)\//);
    const client = await connect(`ws://${host}/mqtt`);
    const messages = client.messages('#');
    await client.publish('greetings/browser', 'hello', { qos: 1 });
    const { value } = await messages.next();
    expect([value?.topic, value?.text()]).toEqual(['greetings/browser', 'hello']);
    await client.disconnect();
    expect(await server.stop()).toBe(0);
    expect(server.stderr).toBe('');
  });
});

describeExample('embed.js', () => {
  it('raises an alarm when it is too hot, and closes when it is told to', async () => {
    const program = new Example('embed.js');
    const client = await program.client();
    await client.handshake({ clientId: 'thermometer' });
    await client.subscribe('house/#', { qos: 1 });
    expect(await client.texts(1)).toEqual(['awake']);
    await client.unsubscribe('house/#');
    await client.subscribe('house/+/alarm', { qos: 1 });
    expect(await client.publish('house/cellar/temperature', '12', { qos: 1 })).toBe(0);
    client.send(client.message('house/kitchen/temperature', '31'));
    expect(await client.next('publish')).toMatchObject({ topic: 'house/kitchen/alarm', qos: 1 });
    await program.printed(/thermometer says that the kitchen has 31 degrees/);
    expect(program.stdout).not.toContain('cellar');
    const code = program.stop();
    await client.disconnected(0x8b);
    expect(await code).toBe(0);
    expect(program.stdout).toMatch(/closed after 2 messages in and 2 out/);
  });
});

describeExample(['quota-broker.js', 'topic-quota-plugin.js'], () => {
  it('lets in who has the password', async () => {
    const program = new Example('quota-broker.js');
    await (await program.client()).handshake(ADA);
    await (await program.client()).handshake({ ...ADA, password: 'wrong' }, 0x86);
    await (await program.client()).handshake({ ...ADA, username: 'nobody' }, 0x86);
    await (await program.client()).handshake({ username: 'a/#', password: 'x' }, 0x86);
    await (await program.client()).handshake({}, 0x87);
    expect(await program.stop()).toBe(0);
    expect(program.stderr).toContain('wrong password for ada');
  });

  it('keeps users in their branch, and to their quota', async () => {
    const program = new Example('quota-broker.js');
    const ada = await program.client();
    await ada.handshake({ ...ADA, clientId: 'desk' });
    const wanted = ['users/ada/#', 'users/+/#', '#', '$share/g/users/bob/x', 'public/+/news'].map(
      (filter) => ({ filter }),
    );
    const { reasons } = await ada.request(wanted);
    expect(reasons).toEqual([0, 0x87, 0x87, 0x87, 0]);
    expect(await ada.publish('users/bob/notes', 'x', { qos: 1 })).toBe(0x87);
    ada.send(ada.message('users/ada/notes', 'hello', { properties: { userProperties: [['mood', 'fine']] } }));
    expect((await ada.next('publish')).properties).toEqual({
      userProperties: [
        ['mood', 'fine'],
        ['sender', 'ada@desk'],
      ],
    });
    const answers: number[] = [];
    for (let i = 0; i < 6; i++) answers.push(await ada.publish('public/ada/other', `${i}`, { qos: 1 }));
    // five a minute, of which one is used
    expect(answers).toEqual([0x10, 0x10, 0x10, 0x10, 0x97, 0x97]);
    expect(await program.stop()).toBe(0);
  });
});
