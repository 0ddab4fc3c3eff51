// Request and response: answers, several at once, and every way in which there is none.
import { describe, expect, it } from 'vitest';
import { FakeServer, failure, pause, useBroker, within } from './help.js';

describe('requests', () => {
  const here = useBroker();

  it('get the answer of the responder', async () => {
    const server = await here.connect();
    await server.respond('double', (request) => `${Number(request.text()) * 2}`);
    const client = await here.connect();
    expect((await within(client.request('double', '21'), 'the answer')).text()).toBe('42');
  });

  it('several at once each get their own, whatever their order', async () => {
    const server = await here.connect();
    await server.respond('echo', async (request) => {
      await pause(30 - Number(request.text()));
      return request.payload;
    });
    const client = await here.connect();
    const answers = Array.from({ length: 30 }, (_, i) => client.request('echo', `${i}`));
    const texts = (await within(Promise.all(answers), 'the answers')).map((message) => message.text());
    expect(texts).toEqual(Array.from({ length: 30 }, (_, i) => `${i}`));
    expect(
      [...here.broker.clients()].find(({ clientId }) => clientId === client.clientId)!.subscriptions.length,
    ).toBe(1);
  });

  it('say at once that nobody is there', async () => {
    const client = await here.connect();
    const error = await failure(client.request('nobody', 'x', { timeout: 3000 }), 'rejected');
    expect(error.reason).toBe(0x10);
  });

  it('have a limit', async () => {
    const server = await here.connect();
    await server.respond('mute', () => undefined);
    const client = await here.connect();
    await failure(client.request('mute', 'x', { timeout: 30 }), 'timeout');
  });

  it('can be aborted', async () => {
    const server = await here.connect();
    await server.respond('mute', () => undefined);
    const client = await here.connect();
    const controller = new AbortController();
    const waits = client.request('mute', 'x', { signal: controller.signal });
    await pause(20);
    controller.abort(new Error('no longer'));
    await expect(within(waits, 'the abort')).rejects.toThrow('no longer');
    await expect(client.request('mute', 'x', { signal: controller.signal })).rejects.toThrow('no longer');
  });

  it('end when the client does', async () => {
    const server = await here.connect();
    await server.respond('mute', () => undefined);
    for (const how of ['destroy', 'disconnect'] as const) {
      const client = await here.connect();
      const waits = failure(client.request('mute', 'x'), 'ended');
      await pause(30);
      await client[how]();
      await waits;
    }
  });

  it('exist only in MQTT 5', async () => {
    const client = await here.connect({ version: 4 });
    await failure(client.request('a', 'x'), 'invalid');
  });

  it('to a topic that is none are `invalid`', async () => {
    const client = await here.connect();
    await failure(client.request('a/#', 'x'), 'invalid');
  });

  it('whose responder fails are reported there, and the others go on', async () => {
    const server = await here.connect();
    await server.respond('maybe', (request) => {
      if (request.text() === 'bad') throw new Error('cannot');
      return 'ok';
    });
    const client = await here.connect();
    await failure(client.request('maybe', 'bad', { timeout: 50 }), 'timeout');
    expect((await client.request('maybe', 'good')).text()).toBe('ok');
    expect(server.errors.map(({ message }) => message)).toEqual(['cannot']);
  });

  it('that want no answer get none, and harm nobody', async () => {
    const server = await here.connect();
    let count = 0;
    await server.respond('count', () => `${++count}`);
    const client = await here.connect();
    await client.publish('count', 'x', { qos: 1 });
    expect((await client.request('count', 'x')).text()).toBe('2');
    expect(server.errors).toEqual([]);
  });

  it('are not answered with what was meant for an earlier run of the program', async () => {
    const server = await here.connect();
    await server.respond('slow', async (request) => {
      if (request.text() === 'old') await pause(60);
      else await pause(150);
      return `answer to ${request.text()}`;
    });
    const options = { clientId: 'again' };
    const first = await here.connect(options);
    first.request('slow', 'old').catch(() => {});
    await pause(20);
    first.destroy();
    const second = await here.connect(options);
    expect((await within(second.request('slow', 'new'), 'the answer')).text()).toBe('answer to new');
  });

  it('use the response information of the server', async () => {
    const server = await FakeServer.start();
    const [client, peer] = await server.serve({ clientId: 'me' }, { responseInformation: 'answers/here' });
    const answer = client.request('q', 'x');
    const { packetId, subscriptions } = await peer.next('subscribe');
    expect(subscriptions[0]!.filter).toMatch(/^answers\/here\//);
    peer.send({ type: 'suback', packetId, reasons: [1] });
    const { properties, packetId: id } = await peer.next('publish');
    peer.acknowledge('puback', id!);
    const { responseTopic, correlationData } = properties!;
    peer.send(peer.message(responseTopic!, 'wrong', { properties: { correlationData: Uint8Array.of(1) } }));
    peer.send(peer.message(responseTopic!, 'none'));
    peer.send(peer.message(responseTopic!, 'right', { properties: { correlationData } }));
    expect((await within(answer, 'the answer')).text()).toBe('right');
  });

  it('leave nothing behind, however they end', async () => {
    const client = await here.connect();
    const [set, clear] = [globalThis.setTimeout, globalThis.clearTimeout];
    const running = new Set<unknown>();
    globalThis.setTimeout = ((run: () => void, ms: number) => {
      const timer = set(run, ms);
      if (ms === 61_234) running.add(timer);
      return timer;
    }) as typeof set;
    globalThis.clearTimeout = ((timer: NodeJS.Timeout) => {
      running.delete(timer);
      clear(timer);
    }) as typeof clear;
    try {
      const timeout = 61_234;
      await failure(client.request('nobody', 'x', { timeout }), 'rejected');
      await client.request('a/#', 'x', { timeout }).catch(() => {});
      await client.request('nobody', new Uint8Array(3_000_000), { timeout }).catch(() => {});
    } finally {
      globalThis.setTimeout = set;
      globalThis.clearTimeout = clear;
    }
    expect(running.size).toBe(0);
    for (const timer of running) clear(timer as NodeJS.Timeout);
  });
});
