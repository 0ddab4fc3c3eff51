// The examples are run as their readers would run them, and do what they say.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { TestClient } from '../test/behaviour/client.js';

const ADA = { username: 'ada', password: 'difference engine' };
const programs: ChildProcess[] = [];

/** A program of this folder, with what it has printed so far. */
class Program {
  readonly #child: ChildProcess;
  output = '';
  errors = '';

  constructor(name: string) {
    const script = fileURLToPath(new URL(name, import.meta.url));
    this.#child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'pipe'] });
    programs.push(this.#child);
    this.#child.stdout!.on('data', (chunk: Buffer) => {
      this.output += chunk.toString();
    });
    this.#child.stderr!.on('data', (chunk: Buffer) => {
      this.errors += chunk.toString();
    });
  }

  async printed(wanted: RegExp): Promise<RegExpExecArray> {
    for (let i = 0; i < 500; i++) {
      const found = wanted.exec(this.output);
      if (found !== null) return found;
      if (this.#child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`no ${wanted} in: ${this.output}\n${this.errors}`);
  }

  async client(): Promise<TestClient> {
    const [, port] = await this.printed(/listening on 127\.0\.0\.1:(\d+)/);
    const socket = connect({ port: Number(port), host: '127.0.0.1' });
    await once(socket, 'connect');
    return new TestClient(socket);
  }

  /** Asks it to stop; returns its exit code. */
  async stop(): Promise<number | null> {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGINT');
    await exited;
    return this.#child.exitCode;
  }
}

afterEach(() => {
  for (const program of programs.splice(0)) program.kill('SIGKILL');
});

describe('embed.js', () => {
  it('raises an alarm when it is too hot, and closes when it is told to', async () => {
    const program = new Program('embed.js');
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
    expect(program.output).not.toContain('cellar');
    const code = program.stop();
    await client.disconnected(0x8b);
    expect(await code).toBe(0);
    expect(program.output).toMatch(/closed after 2 messages in and 2 out/);
  });
});

describe('quota-broker.js and its plugin', () => {
  it('lets in who has the password', async () => {
    const program = new Program('quota-broker.js');
    await (await program.client()).handshake(ADA);
    await (await program.client()).handshake({ ...ADA, password: 'wrong' }, 0x86);
    await (await program.client()).handshake({ ...ADA, username: 'nobody' }, 0x86);
    await (await program.client()).handshake({ username: 'a/#', password: 'x' }, 0x86);
    await (await program.client()).handshake({}, 0x87);
    expect(await program.stop()).toBe(0);
    expect(program.errors).toContain('wrong password for ada');
  });

  it('keeps users in their branch, and to their quota', async () => {
    const program = new Program('quota-broker.js');
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
