import { describe, expect, it } from 'vitest';
import { World } from '../../test/engine/world.js';
import { MemoryStore } from '../store/memory.js';
import type { Store } from './store.js';

class Later extends MemoryStore {
  pending: (() => void)[] = [];
  override commit(ops: Parameters<Store['commit']>[0]) {
    super.commit(ops);
    return new Promise<void>((resolve) => this.pending.push(resolve));
  }
}
it('alias restore', async () => {
  const store = new MemoryStore();
  const w = new World({ store });
  const sub = w.connect({ clientId: 's', expiry: 100 });
  await w.settle(); sub.accepted().subscribe('a');
  sub.drop();
  const p = w.connect({ clientId: 'p' }); await w.settle(); p.accepted();
  p.publish('a', 'hello', { qos: 1, properties: { topicAlias: 1 } });
  expect(p.take().map((x) => x.type)).toEqual(['puback']);
  const w2 = new World({ store });
  const again = w2.connect({ clientId: 's', expiry: 100 });
  await w2.settle(); expect(again.texts()).toEqual(['(connack)', 'hello']);
});
it('publish before connack', async () => {
  const store = new Later();
  const w = new World({ store });
  const sub = w.connect({ clientId: 's', expiry: 100 });
  store.pending.shift()!(); await w.settle();
  sub.accepted();
  sub.send({ type: 'subscribe', packetId: 1, subscriptions: [{ filter: 'a', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 }] });
  store.pending.shift()!(); await w.settle();
  sub.drop();
  store.pending.shift()!(); await w.settle();
  const p = w.connect({ clientId: 'p' });
  await w.settle();
  p.accepted();
  const s2 = w.connect({ clientId: 's', expiry: 100 });
  p.publish('a', 'hello');
  expect(s2.texts()).toEqual([]);
});
it('drain', () => {
  const w = new World();
  w.engine.redirectAll({ serverReference: 'x' });
  const a = w.connect({ clientId: 'a' });
  expect(a.take()).toMatchObject([{ type: 'connack', reason: 0x9c }]);
  expect(w.engine.sessions.size).toBe(0);
});
it('maxInflightBytes resend', () => {
  const w = new World({ maxInflightBytes: 10 });
  const s = w.connect({ clientId: 's', expiry: 100 }).accepted().subscribe('a');
  w.engine.publishRequest({ topic: 'a', payload: 'x'.repeat(30), qos: 1 });
  w.turn();
  expect(s.messages().length).toBe(1);
  s.drop();
  const s2 = w.connect({ clientId: 's', expiry: 100 });
  expect(s2.texts()).toEqual(['(connack)', 'x'.repeat(30)]);
});
it('retained large stall', () => {
  const w = new World();
  for (let i = 0; i < 40; i++) w.engine.publishRequest({ topic: `r/${i}`, payload: new Uint8Array(20_000), retain: true });
  const s = w.connect().accepted().subscribe('r/#', { qos: 0 });
  expect(s.take().length).toBe(40);
});
it('qos1 behind large qos0 stall', () => {
  const w = new World();
  const s = w.connect({}).accepted().subscribe('a');
  for (let i = 0; i < 20; i++) w.engine.publishRequest({ topic: `a`, payload: new Uint8Array(20_000) });
  w.engine.publishRequest({ topic: 'a', payload: 'one', qos: 1 });
  w.turn();
  expect(s.take().length).toBe(21);
});
it('reading paused for ever', () => {
  const w = new World({ maxOutputBytes: 65536 });
  const s = w.connect({}).accepted();
  for (let i = 0; i < 10; i++) s.subscribe('a' + '/#'.repeat(i % 2) , {});
  s.subscribe('+', {}).subscribe('+/#').subscribe('#');
  s.publish('a', new Uint8Array(30000));
  expect(s.take().length).toBeGreaterThan(2);
  expect(s.line.paused).toBe(false);
});
it('deliver hook offline', () => {
  const w = new World({ plugins: [{ name: 'x', deliver: () => false }] });
  const s = w.connect({ clientId: 's', expiry: 100 }).accepted().subscribe('a');
  w.engine.publishRequest({ topic: 'a', payload: 'one', qos: 1 });
  w.turn();
  expect(s.texts()).toEqual([]);
  s.drop();
  w.engine.publishRequest({ topic: 'a', payload: 'two', qos: 1 });
  expect(w.connect({ clientId: 's', expiry: 100 }).texts()).toEqual(['(connack)']);
});
it('plugin adds expiry', () => {
  const w = new World({ plugins: [{ name: 'x', publish: () => ({ properties: { messageExpiryInterval: 60 } }) }] });
  const s = w.connect({ clientId: 's' }).accepted().subscribe('a');
  w.connect().publish('a', 'x');
  expect(s.messages()).toMatchObject([{ properties: { messageExpiryInterval: 60 } }]);
});
it('disconnect expiry clamp', () => {
  const w = new World({ maxSessionExpiry: 60 });
  const s = w.connect({ clientId: 's', expiry: 30 });
  s.leave(0, { sessionExpiryInterval: 0xffffffff });
  expect(w.engine.sessions.get('s')!.expiryInterval).toBe(60);
});
it('will no local', () => {
  const w = new World();
  const s = w.connect({ clientId: 's', expiry: 30, will: { topic: 'w', payload: new Uint8Array(1), qos: 1, retain: false } }).accepted().subscribe('w', { noLocal: true });
  s.drop();
  expect(w.connect({ clientId: 's', expiry: 30 }).texts()).toEqual(['(connack)']);
});
it('bytes metric', () => {
  const w = new World();
  w.connect().publish('a', '0123456789');
  expect(w.engine.metrics.publishBytesReceived).toBe(10);
});
it('keep alive while a hook thinks', async () => {
  const w = new World({ plugins: [{ name: 'x', authorize: () => new Promise(() => {}) }] });
  const s = w.connect({ keepAlive: 1 }).accepted();
  s.publish('a', '0123456789');
  w.pass(3000);
  expect(s.isClosed).toBe(false);
});
it('retained qos 1 of a dropped client', () => {
  const w = new World();
  for (let i = 0; i < 40; i++) w.engine.publishRequest({ topic: `r/${i}`, payload: String(i), qos: 1, retain: true });
  const s = w.connect({ clientId: 's', expiry: 100 }).accepted().subscribe('r/#');
  expect(s.take().length).toBe(20);
  s.drop();
  const s2 = w.connect({ clientId: 's', expiry: 100 });
  let n = 0;
  for (;;) { const got = s2.take(); if (got.length === 0) break; for (const p of got) if (p.type === 'publish') { n++; s2.acknowledge('puback', p.packetId!); } }
  expect(n).toBe(40);
});
it('paused2', () => {
  const w = new World({ maxOutputBytes: 65536, allowDuplicateMessages: true });
  const s = w.connect({}).accepted();
  s.subscribe('a').subscribe('+').subscribe('#').subscribe('a/#').subscribe('+/#');
  s.publish('a', new Uint8Array(30000), { retain: true });
  console.log(s.take().map((x) => x.type), w.engine.metrics.droppedSlowSubscriber);
  expect(s.line.paused).toBe(false);
});
it('clock forward', () => {
  const w = new World();
  const s = w.connect({ keepAlive: 10 }).accepted();
  const d = w.connect({ clientId: 'x', expiry: 1000 }).accepted();
  d.drop();
  w.time += 3600_000 * 24 * 365;
  w.pass(100);
  expect([s.isClosed, w.engine.sessions.has('x')]).toEqual([false, true]);
});
it('bad topic by plugin', () => {
  const w = new World({ plugins: [{ name: 'x', publish: () => ({ topic: 'a/#' }) }] });
  const s = w.connect().accepted();
  s.publish('a', 'x', { qos: 1 });
  console.log(s.take(), s.isClosed, w.logged);
});
it('pubrel before commit', async () => {
  const store = new Later();
  const w = new World({ store });
  const s = w.connect({ clientId: 's', expiry: 100 });
  store.pending.shift()!(); await w.settle();
  s.accepted();
  s.send({ type: 'subscribe', packetId: 1, subscriptions: [{ filter: 'a', qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 }] });
  store.pending.shift()!(); await w.settle(); s.take();
  w.engine.publishRequest({ topic: 'a', payload: 'x', qos: 2 }); w.turn();
  console.log('before commit', s.texts());
  store.pending.shift()!(); await w.settle();
  s.acknowledge('pubrec', 1);
  console.log('before commit', s.texts());
});
it('refused overtakes', async () => {
  const store = new Later();
  const w = new World({ store, maxRetainedMessages: 1 });
  const s = w.connect({ clientId: 's', expiry: 100 });
  store.pending.shift()!(); await w.settle();
  s.accepted();
  s.send(s.message('a', 'x', { qos: 1, retain: true, packetId: 10 }), s.message('b', 'x', { qos: 1, retain: true, packetId: 11 }));
  await w.settle();
  console.log(s.take());
});
it('async listening hook', async () => {
  const w = new World({ plugins: [{ name: 'x', connected: async () => { throw new Error('oh') } }] });
  w.connect().accepted();
  await w.settle();
});
it('scram wrong', async () => {
  const { scram } = await import('../auth/scram.js');
  const w = new World({ plugins: [scram({ find: () => undefined })] });
  const p = w.connect({ properties: { authenticationMethod: 'SCRAM-SHA-256', authenticationData: new TextEncoder().encode('rubbish') } });
  await w.settle(); await w.settle();
  console.log(p.take(), w.logged, w.engine.metrics.hookFailures);
});
it('sync auth with store, pipelined', async () => {
  const store = new Later();
  const w = new World({ store, plugins: [{ name: 'x', authenticationMethods: { M: () => ({ next: () => ({ done: true }) }) } }] });
  const p = w.connect({ clientId: 'k', expiry: 10, properties: { authenticationMethod: 'M' } });
  p.send({ type: 'pingreq' });
  store.pending.shift()!(); await w.settle();
  console.log(p.take());
  const store2 = new Later();
  const w2 = new World({ store: store2, plugins: [{ name: 'x', authenticationMethods: { M: () => ({ next: () => ({ done: true }) }) } }] });
  const { Peer } = await import('../../test/engine/peer.js');
  const q = new Peer(w2, 5);
  q.send({ type: 'connect', version: 5, clientId: 'k', keepAlive: 0, cleanStart: false, properties: { sessionExpiryInterval: 10, authenticationMethod: 'M' } }, { type: 'pingreq' });
  store2.pending.shift()?.(); await w2.settle();
  console.log(q.take());
});
it('retry clock', async () => {
  let fail = true;
  class Failing extends MemoryStore { override commit(o: Parameters<Store['commit']>[0]) { if (fail) return Promise.reject(new Error('full')); return super.commit(o); } }
  const w = new World({ store: new Failing() });
  const p = w.connect({ clientId: 'k', expiry: 10 });
  await w.settle();
  fail = false;
  w.time -= 5000; // NTP
  const alarm = w;
  w.pass(3000); await w.settle();
  w.pass(3000); await w.settle();
  expect(p.take().length).toBe(1);
});
it('clock back', () => {
  const w = new World();
  const s = w.connect({ keepAlive: 1 }).accepted();
  w.time -= 3600_000;
  // alarms relative
  w.pass(3600_000 + 3000);
  expect(s.isClosed).toBe(true);
});
