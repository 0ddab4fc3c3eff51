// Our ACL files against what Mosquitto decided: recorded.json, which record.ts makes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { AclFileError, parseAclFile } from '../../src/auth/acl-file.js';
import { aclFilePlugin } from '../../src/auth/acl-plugin.js';
import { Broker } from '../../src/broker.js';
import type { RecordedWorld } from './acl-case.js';
import { AclClient } from './acl-client.js';
import { differenceOf, fileDifferences, probeDifferences } from './differences.js';
import { fileCases } from './file-cases.js';
import { aclFileOf, playWorld } from './play-world.js';
import { described, readRecording } from './recording.js';
import { worlds } from './worlds.js';

const recording = readRecording();
const folder = mkdtempSync(join(tmpdir(), 'acl-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function playHere(world: RecordedWorld): Promise<string[]> {
  const file = join(folder, 'acl');
  writeFileSync(file, aclFileOf(world), { mode: 0o600 });
  const broker = new Broker({ plugins: [aclFilePlugin({ file })] });
  try {
    const { port } = await broker.listen({ host: '127.0.0.1', port: 0 });
    broker.publish({ topic: '$SYS/broker/version', payload: 'x', retain: true });
    return await playWorld(port, world);
  } finally {
    await broker.close();
  }
}

describe('an ACL file decides like Mosquitto', () => {
  it.each(recording.worlds)('$name', async (world) => {
    const decisions = await playHere(world);
    const line = (at: number, decision: string): string =>
      `${described(world.probes[at]!)} -> ${decision.replace('\n', ' ')}`;
    expect(decisions.map((decision, at) => line(at, decision))).toEqual(
      world.probes.map((probe, at) => line(at, differenceOf(world.name, probe)?.ours ?? probe.decision)),
    );
  });

  it('has recorded exactly the cases that there are', () => {
    const inputs = recording.worlds.map(({ name, acl, probes }) => ({
      name,
      acl,
      probes: probes.map(({ as, tries }) => ({ as, tries })),
    }));
    expect(inputs).toEqual(worlds);
    expect(inputs.flatMap(({ probes }) => probes).length).toBeGreaterThan(1000);
  });

  it('differs only where Mosquitto really decided otherwise', () => {
    for (const { world, probe, ours } of probeDifferences) {
      const recorded = recording.worlds.find(({ name }) => name === world)?.probes;
      const mosquitto = recorded?.find((one) => described(one) === described(probe))?.decision;
      expect([undefined, ours], described(probe)).not.toContain(mosquitto);
    }
  });
});

describe('a reload', () => {
  it('holds for subscriptions and retained messages that are there already', async () => {
    const file = join(folder, 'reloaded');
    const write = (...lines: string[]): void => writeFileSync(file, lines.join('\n'), { mode: 0o600 });
    write('topic read a/#');
    const acl = aclFilePlugin({ file });
    const broker = new Broker({ plugins: [acl] });
    const { port } = await broker.listen({ host: '127.0.0.1', port: 0 });
    const client = await AclClient.connect(port, { id: 'c' });
    await client.subscribe('#', 1);
    const publish = async (): Promise<void> => {
      for (const topic of ['a/1', 'b/1']) broker.publish({ topic, payload: 'x', qos: 1, retain: true });
      await client.ping();
    };
    await publish();
    write('topic read b/#');
    await acl.reload();
    await publish();
    await client.subscribe('+/1', 0);
    await client.ping();
    await client.leave();
    await broker.close();
    expect(client.received).toEqual(['a/1', 'b/1', 'b/1']);
  });

  // Mosquitto 2.1.2 ends with exit code 3 here
  it('with a broken file leaves the broker running with the rules that it has', async () => {
    const file = join(folder, 'broken');
    writeFileSync(file, 'topic write a\n', { mode: 0o600 });
    const acl = aclFilePlugin({ file });
    const broker = new Broker({ plugins: [acl] });
    const { port } = await broker.listen({ host: '127.0.0.1', port: 0 });
    writeFileSync(file, 'topic write b\nnonsense\n');
    await expect(acl.reload()).rejects.toThrow(AclFileError);
    const client = await AclClient.connect(port, { id: 'c' });
    const answers = [await client.publish('a', 1), await client.publish('b', 1)];
    await client.leave();
    await broker.close();
    expect(answers).toEqual(['PUBACK 0x10', 'PUBACK 0x87']);
  });
});

describe('a broken file at the start', () => {
  it('keeps the broker from starting', async () => {
    const file = join(folder, 'nonsense');
    writeFileSync(file, 'nonsense\n', { mode: 0o600 });
    const broker = new Broker({ plugins: [aclFilePlugin({ file })] });
    await expect(broker.listen({ host: '127.0.0.1', port: 0 })).rejects.toMatchObject({ file, line: 1 });
    await broker.close();
  });
});

/** What is said of a file, in the order in which Mosquitto says it. */
function saidOf(bytes: string): { exit: number | 'runs'; said: readonly string[] } {
  try {
    return { exit: 'runs', said: parseAclFile(Buffer.from(bytes, 'latin1'), '{file}').warnings };
  } catch (error) {
    if (!(error instanceof AclFileError)) throw error;
    return { exit: 3, said: [error.text.slice(0, 400), 'Error opening acl file "{file}".'] };
  }
}

describe('an ACL file is taken or not like Mosquitto takes it', () => {
  it.each(recording.files)('$name', ({ name, exit, said }) => {
    const ours = saidOf(fileCases.find((one) => one.name === name)!.bytes);
    const difference = fileDifferences[name];
    if (difference === undefined) expect(ours).toEqual({ exit, said });
    else {
      expect(ours.said[0]).toBe(difference.ours);
      expect(ours).not.toEqual({ exit, said });
    }
  });

  it('has recorded exactly the files that there are', () => {
    expect(recording.files.map(({ name }) => name)).toEqual(fileCases.map(({ name }) => name));
    expect(recording.files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(Object.keys(fileDifferences)),
    );
  });
});
