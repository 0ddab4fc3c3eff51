// A program that uses the client ends by itself: no timer, no socket, no listener holds it. And one that asks for
// more than there are packet identifiers does not hang. Programs of their own, on the compiled client.
import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { FakeServer, useSharedBroker } from './help.js';

const compiled = new URL('../../dist/client/index.js', import.meta.url).href;

interface Ended {
  code: number | null;
  out: string;
  error: string;
}

/** Runs a program until it ends; one that does not is killed, and has the code null. */
function run(program: string, url: string, limit = 5000): Promise<Ended> {
  const text = `
    import { connect, createClient, ClientError } from ${JSON.stringify(compiled)};
    const url = ${JSON.stringify(url)};
    ${program}
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended: Ended = { code: null, out: '', error: '' };
  child.stdout.on('data', (data: Buffer) => {
    ended.out += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    ended.error += data.toString();
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), limit);
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ ...ended, code });
    });
  });
}

describe('a program ends by itself', () => {
  const here = useSharedBroker();

  const programs: [what: string, program: string][] = [
    [
      'that connects, works and disconnects',
      `const client = await connect(url);
       await client.subscribe('a/#', { qos: 2 }, () => {});
       for (const qos of [0, 1, 2]) await client.publish('a/b', 'x', { qos });
       client.messages('b').close();
       await client.disconnect();`,
    ],
    [
      'that destroys its client',
      `const client = await connect(url); void client.publish('a', 'x', { qos: 1 }).catch(() => {}); client.destroy();`,
    ],
    [
      'that aborts its client',
      `const c = new AbortController(); const client = await connect(url, { signal: c.signal }); c.abort();`,
    ],
    ['whose connection is refused', `await connect('mqtt://127.0.0.1:1').catch(() => {});`],
    [
      'whose request has failed',
      `const client = await connect(url);
       await client.request('a/#', 'x').catch(() => {});
       await client.request('nobody', 'x').catch(() => {});
       await client.disconnect();`,
    ],
    [
      'whose client ended while a request waited',
      `const client = await connect(url);
       await client.subscribe('mute', {}, () => {});
       client.request('mute', 'x').catch(() => {});
       await new Promise((resolve) => setTimeout(resolve, 100));
       await client.disconnect();`,
    ],
    [
      'that calls disconnect twice',
      `const client = await connect(url); await Promise.all([client.disconnect(), client.disconnect()]);`,
    ],
    [
      'whose options cannot be sent',
      `await connect(url, { username: 'x'.repeat(70000) }).then(() => console.log('connected'), () => {});`,
    ],
    [
      'that gives up while it waits to connect again',
      `const client = createClient({ url: 'mqtt://127.0.0.1:1', retryFirstConnect: true, reconnect: { minDelay: 60000, jitter: 0 } });
       client.connect().catch(() => {});
       await new Promise((resolve) => client.on('reconnecting', resolve));
       client.destroy();`,
    ],
  ];
  it.concurrent.each(programs)('%s', async (_, program) => {
    const { code, error } = await run(program, here.url, 6000);
    expect({ code, error }).toEqual({ code: 0, error: '' });
  });

  it('and not before: a client that is connected keeps it', async () => {
    const { code } = await run('await connect(url);', here.url, 700);
    expect(code).toBe(null);
  });

  it('more subscriptions at once than there are packet identifiers do not hang it', async () => {
    const { code, out } = await run(
      `const client = await connect(url);
       const filters = Array.from({ length: 66000 }, (_, i) => 'f' + i);
       await client.subscribe(filters).then(() => console.log('answered'), (error) => console.log(error.code));
       client.destroy();`,
      here.url,
      9000,
    );
    expect([code, out !== '']).toEqual([0, true]);
  });
});

describe('a program lives on', () => {
  it('when a server accepts it without the proof that SCRAM wants', async () => {
    const server = await FakeServer.start();
    const served = server.peer().then((peer) => peer.welcome());
    const { code, out, error } = await run(
      `import { scram } from ${JSON.stringify(compiled)};
       await connect(url, { authentication: scram({ username: 'u', password: 'p' }) }).catch((error) => console.log(error.code));`,
      server.url,
    );
    await served;
    expect({ code, out, error }).toEqual({ code: 0, out: 'protocol\n', error: '' });
  });

  it('when the server closes while an authenticator still thinks', async () => {
    const server = await FakeServer.start();
    const served = server.socket().then((socket) => socket.resume().end());
    const { code, out, error } = await run(
      `const slow = () => new Promise((resolve) => setTimeout(resolve, 200));
       const authentication = { method: 'X', start: () => ({ first: slow, next: slow, finish: slow }) };
       await connect(url, { authentication }).catch((error) => console.log(error.name));`,
      server.url,
    );
    await served;
    expect({ code, out, error }).toEqual({ code: 0, out: 'ClientError\n', error: '' });
  });
});
