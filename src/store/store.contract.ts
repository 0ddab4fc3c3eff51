// What every Store promises, as tests. An implementation calls this from its own test file, with a function that
// makes an empty store; one that survives a restart also says how to open it again.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store, StoreOperation } from '../core/store.js';

/** Fixed, so that every run is the same. */
const seed = 1_883;

type Make = (partitions: number) => Store | Promise<Store>;
/** Opens what a closed store left behind, with the same number of partitions. */
type Reopen = (closed: Store) => Store | Promise<Store>;

const HIGHEST = '\u{10ffff}';

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function text(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : new TextDecoder('utf-8', { ignoreBOM: true }).decode(value);
}

/** The order of the UTF-8 bytes. */
function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function put(key: string, value = key, partition = 0): StoreOperation {
  return { partition, key, value: bytes(value) };
}

function remove(key: string, partition = 0): StoreOperation {
  return { partition, key, value: null };
}

function keys(store: Store, from = '', to = HIGHEST, limit?: number, partition = 0): string[] {
  return Array.from(store.range(partition, from, to, limit), ({ key }) => key);
}

function entries(store: Store, partition = 0): [string, string | undefined][] {
  return Array.from(store.range(partition, '', HIGHEST), ({ key, value }) => [key, text(value)]);
}

/** Keys that are ordered differently by UTF-8 bytes, by UTF-16 units and by locale; and the ends of ranges. */
const TRICKY = [
  ...[
    'a',
    'a\0',
    'a\0\0',
    'a\0b',
    'a\u0001',
    'aa',
    'a ',
    'A',
    'b',
    'B',
    'ab',
    'é',
    'e\u0301',
    'z',
    'ß',
    'ss',
  ],
  ...['\u007f', '\u0080', '\u07ff', '\u0800', '\ud7ff', '\ue000', '\ufeff', '\ufffd', '\uffff'],
  ...[
    '\u{10000}',
    '\u{1f600}',
    '\u{1f600}a',
    '\u{1f601}',
    '\u{10fffe}',
    '\ue000\u{10000}',
    '\u{10000}\ue000',
  ],
  ...['x\uffff', 'x\u{10000}', 'x\u{1f600}\uffff', 'x\uffff\u{1f600}', '0', '10', '2', '-', '_'],
];

export function storeContract(name: string, make: Make, reopen?: Reopen): void {
  describe(`${name} as a store`, () => {
    let store: Store;

    beforeEach(async () => {
      store = await make(1);
      await store.open();
    });

    afterEach(() => store.close());

    describe('one key', () => {
      it('has no value before it is put and after it is deleted', async () => {
        expect(store.get(0, 'a')).toBeUndefined();
        await store.commit([put('a', '1')]);
        expect(text(store.get(0, 'a'))).toBe('1');
        await store.commit([remove('a')]);
        expect(store.get(0, 'a')).toBeUndefined();
        expect(keys(store)).toEqual([]);
      });

      it('has the value that was put last', async () => {
        await store.commit([put('a', '1')]);
        await store.commit([put('a', 'longer than before')]);
        await store.commit([put('a', '3')]);
        expect(entries(store)).toEqual([['a', '3']]);
      });

      it('can be deleted without being there', async () => {
        await store.commit([remove('a'), put('b'), remove('c')]);
        expect(keys(store)).toEqual(['b']);
      });

      it.each([0, 1, 255, 65_536, 3_000_000])('can have a value of %i bytes', async (size) => {
        const value = Uint8Array.from({ length: size }, (_, i) => i % 251);
        await store.commit([{ partition: 0, key: 'a', value }]);
        expect(Buffer.from(store.get(0, 'a')!).equals(Buffer.from(value))).toBe(true);
        const [entry] = store.range(0, 'a', 'b');
        expect(Buffer.from(entry!.value).equals(Buffer.from(value))).toBe(true);
      });

      it('has the bytes of a view, not those around them', async () => {
        const around = bytes('xxxvaluexxx');
        await store.commit([{ partition: 0, key: 'a', value: around.subarray(3, 8) }]);
        expect(text(store.get(0, 'a'))).toBe('value');
      });

      it('keeps the value that was read of it, whatever is committed later', async () => {
        await store.commit([put('a', 'before'), put('b', 'before')]);
        const read = store.get(0, 'a')!;
        const [, ranged] = store.range(0, 'a', 'c');
        await store.commit([put('a', 'after!'), remove('b'), ...TRICKY.map((key) => put(`c${key}`))]);
        for (let i = 0; i < 20; i++) await store.commit([put('a', `other ${i}`)]);
        expect(text(read)).toBe('before');
        expect(text(ranged!.value)).toBe('before');
      });
    });

    describe('a commit', () => {
      it('may be empty', async () => {
        await store.commit([]);
        expect(keys(store)).toEqual([]);
      });

      it('is applied in the order of its operations', async () => {
        await store.commit([
          ...[put('a', '1'), remove('a'), put('a', '2')],
          ...[put('b', '1'), put('b', '2'), remove('b')],
          ...[remove('c'), put('c', '1')],
        ]);
        expect(entries(store)).toEqual([
          ['a', '2'],
          ['c', '1'],
        ]);
      });

      it('is applied after those before it, without waiting for them', async () => {
        const commits = Array.from({ length: 50 }, (_, i) =>
          store.commit([put('a', `${i}`), put(`k${i}`), remove(`k${i - 1}`)]),
        );
        await Promise.all(commits);
        expect(entries(store)).toEqual([
          ['a', '49'],
          ['k49', 'k49'],
        ]);
      });

      it('says at once that it is safe, or promises it; then everybody sees it', async () => {
        const answer = store.commit([put('a')]);
        expect(answer === undefined || answer instanceof Promise).toBe(true);
        await answer;
        expect(keys(store)).toEqual(['a']);
      });

      it('may have tens of thousands of operations', async () => {
        const all = Array.from({ length: 30_000 }, (_, i) => put(`k${String(i).padStart(6, '0')}`, `${i}`));
        await store.commit(all);
        expect(keys(store)).toEqual(all.map(({ key }) => key));
        await store.commit(all.filter((_, i) => i % 2 === 0).map(({ key }) => remove(key)));
        expect(keys(store)).toHaveLength(15_000);
        expect(text(store.get(0, 'k000001'))).toBe('1');
      });
    });

    describe('a range', () => {
      beforeEach(() => store.commit(['d', 'b', 'a', 'e', 'c', 'ba', 'b\0'].map((key) => put(key))));

      it('begins with its first key and ends before its last', () => {
        expect(keys(store, 'b', 'd')).toEqual(['b', 'b\0', 'ba', 'c']);
        expect(keys(store, 'aa', 'bb')).toEqual(['b', 'b\0', 'ba']);
        expect(keys(store, 'e')).toEqual(['e']);
        expect(keys(store, '', 'b')).toEqual(['a']);
      });

      it.each([
        ['f', HIGHEST],
        ['b', 'b'],
        ['d', 'b'],
        ['', ''],
        ['ab', 'ac'],
      ])('has nothing from %j to %j', (from, to) => {
        expect(keys(store, from, to)).toEqual([]);
      });

      it('has no more entries than it may have', () => {
        expect(keys(store, 'b', HIGHEST, 3)).toEqual(['b', 'b\0', 'ba']);
        expect(keys(store, 'b', HIGHEST, 1)).toEqual(['b']);
        expect(keys(store, 'b', HIGHEST, 0)).toEqual([]);
        expect(keys(store, 'b', HIGHEST, 99)).toHaveLength(6);
      });

      it('need not be read to its end', () => {
        for (const { key } of store.range(0, '', HIGHEST)) if (key === 'b') break;
        expect(keys(store)).toHaveLength(7);
      });

      it('may be read while others are, and while commits are made', async () => {
        const seen: string[] = [];
        for (const { key } of store.range(0, '', HIGHEST)) {
          seen.push(key);
          for (const inner of store.range(0, key, HIGHEST, 2)) expect(inner.key >= key).toBe(true);
          if (key === 'b') await store.commit([remove('c'), put('bb'), put('0')]);
        }
        // what came or went meanwhile may be there or not; the rest is there once and in order
        expect(seen.filter((key) => !['c', 'bb', '0'].includes(key))).toEqual([
          'a',
          'b',
          'b\0',
          'ba',
          'd',
          'e',
        ]);
        expect(new Set(seen).size).toBe(seen.length);
        expect(keys(store)).toEqual(['0', 'a', 'b', 'b\0', 'ba', 'bb', 'd', 'e']);
      });
    });

    describe('keys', () => {
      it('are ordered by their UTF-8 bytes: neither by UTF-16 units nor as people do', async () => {
        await store.commit(TRICKY.map((key) => put(key)));
        const ordered = [...TRICKY].sort(compare);
        expect(keys(store)).toEqual(ordered);
        for (const from of TRICKY) {
          expect(text(store.get(0, from))).toBe(from);
          expect(keys(store, from)).toEqual(ordered.slice(ordered.indexOf(from)));
          expect(keys(store, '', from)).toEqual(ordered.slice(0, ordered.indexOf(from)));
        }
      });

      it('may be as long as a client id and a topic filter together, 131 072 bytes and more, and are still in order', async () => {
        const long = (letter: string, end: string) =>
          `${letter}${'é'.repeat(32_767)}\0${'x'.repeat(65_536)}${end}`;
        const all = [
          long('u', 'a'),
          long('u', 'b'),
          long('u', ''),
          long('t', 'z'),
          'u',
          'uz',
          long('u', '\u{1f600}'),
        ];
        await store.commit(all.map((key, i) => put(key, `${i}`)));
        expect(keys(store).map((key) => all.indexOf(key))).toEqual(
          [...all].sort(compare).map((key) => all.indexOf(key)),
        );
        expect(keys(store, long('u', 'a'), long('u', 'b'))).toHaveLength(1);
        for (const [i, key] of all.entries()) expect(text(store.get(0, key))).toBe(`${i}`);
        await store.commit(all.map((key) => remove(key)));
        expect(keys(store)).toEqual([]);
      });
    });

    describe('partitions', () => {
      let parted: Store;

      beforeEach(async () => {
        parted = await make(4);
        await parted.open();
      });

      afterEach(() => parted.close());

      it('are as many as were asked for', () => {
        expect([store.partitions, parted.partitions]).toEqual([1, 4]);
      });

      it('know nothing of each other', async () => {
        await parted.commit(
          [0, 1, 2, 3].flatMap((partition) => [
            put('a', `${partition}`, partition),
            put(`k${partition}`, 'x', partition),
          ]),
        );
        await parted.commit([remove('a', 2), put('a', 'new', 3)]);
        expect([0, 1, 2, 3].map((partition) => entries(parted, partition))).toEqual([
          [
            ['a', '0'],
            ['k0', 'x'],
          ],
          [
            ['a', '1'],
            ['k1', 'x'],
          ],
          [['k2', 'x']],
          [
            ['a', 'new'],
            ['k3', 'x'],
          ],
        ]);
        expect(parted.get(2, 'a')).toBeUndefined();
        expect(parted.get(0, 'k1')).toBeUndefined();
      });
    });

    it('agrees with a sorted map, whatever is put, deleted and read', async () => {
      const key = fc.oneof(
        fc.constantFrom(...TRICKY),
        fc.string({
          unit: fc.constantFrom('a', 'b', '\0', 'é', '\uffff', '\u{1f600}'),
          minLength: 1,
          maxLength: 4,
        }),
      );
      const operation = fc.record({ key, value: fc.option(fc.string({ maxLength: 5 })) });
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(operation, { maxLength: 20 }), { maxLength: 8 }),
          fc.array(fc.tuple(key, key, fc.nat(10)), { minLength: 1, maxLength: 5 }),
          async (commits, ranges) => {
            const fresh = await make(1);
            await fresh.open();
            const model = new Map<string, string>();
            for (const commit of commits) {
              await fresh.commit(
                commit.map(({ key: name, value }) => (value === null ? remove(name) : put(name, value))),
              );
              for (const { key: name, value } of commit) {
                if (value === null) model.delete(name);
                else model.set(name, value);
              }
            }
            const sorted = [...model].sort(([a], [b]) => compare(a, b));
            expect(entries(fresh)).toEqual(sorted);
            for (const [from, to, limit] of ranges) {
              const inside = sorted.filter(([name]) => compare(name, from) >= 0 && compare(name, to) < 0);
              expect(keys(fresh, from, to, limit)).toEqual(inside.slice(0, limit).map(([name]) => name));
              expect(text(fresh.get(0, from))).toBe(model.get(from));
            }
            await fresh.close();
          },
        ),
        { seed, numRuns: 50 },
      );
    });

    describe.runIf(reopen !== undefined)('after it was closed and opened again', () => {
      it('has what was committed, in order and in its partitions', async () => {
        let parted = await make(3);
        await parted.open();
        await parted.commit(TRICKY.map((key, i) => put(key, `${i}`, i % 3)));
        await parted.commit([remove('a', TRICKY.indexOf('a') % 3)]);
        const before = [0, 1, 2].map((partition) => entries(parted, partition));
        await parted.close();
        parted = await reopen!(parted);
        await parted.open();
        expect(parted.partitions).toBe(3);
        expect([0, 1, 2].map((partition) => entries(parted, partition))).toEqual(before);
        await parted.commit([put('new', 'x', 1)]);
        expect(text(parted.get(1, 'new'))).toBe('x');
        await parted.close();
      });
    });
  });
}
