// How brokers are told from other processes by their names.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findBrokerProcesses, nameBrokerProcess } from './broker-processes.js';

let proc: string;

beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'proc-'));
});

afterEach(() => rmSync(proc, { recursive: true }));

function add(pid: string, cmdline: string, comm: string): void {
  mkdirSync(join(proc, pid));
  writeFileSync(join(proc, pid, 'cmdline'), cmdline);
  writeFileSync(join(proc, pid, 'comm'), `${comm}\n`);
}

function isFound(cmdline: string, comm: string): boolean {
  add('7', cmdline, comm);
  return findBrokerProcesses(proc).length === 1;
}

describe('a broker', () => {
  it.each([
    ['Mosquitto', '/usr/sbin/mosquitto\0-c\0/etc/mosquitto.conf\0', 'mosquitto'],
    ['Mosquitto in a folder with a blank', '/opt/my broker/mosquitto\0-d\0', 'mosquitto'],
    ['Mosquitto that a wrapper has started', '/opt/mosquitto\0', '.mosquitto-wrap'],
    ['ours', `pondhawk${'\0'.repeat(100)}`, 'pondhawk'],
    ['ours by the name of Mosquitto', `mosquitto${'\0'.repeat(100)}`, 'mosquitto'],
  ])('is found: %s', (_what, cmdline, comm) => {
    expect(isFound(cmdline, comm)).toBe(true);
  });

  it.each([
    ['a tool of ours', 'node\0/usr/bin/pondhawk\0sub\0-t\0#\0', 'node'],
    ['a program that somebody called pondhawk', 'pondhawk\0sub\0', 'pondhawk'],
    ['a program in a folder', '/usr/bin/pondhawk\0', 'pondhawk'],
    ['a process that only calls itself so', 'pondhawk\0', 'sleep'],
    ['a shell with our name in its arguments', 'sh\0-c\0pondhawk; mosquitto\0', 'sh'],
    ['a script', '/bin/sh\0/etc/init.d/mosquitto\0start\0', 'mosquitto'],
    ['a title that ends with the path of a file', 'worker: /var/lib/mosquitto\0', 'worker: /var/li'],
    ['a kernel thread', '', 'mosquitto'],
    ['a part of the name', '/usr/sbin/mosquitto-broker\0', 'mosquitto-broke'],
    ['a property of every object', 'toString\0', 'toString'],
  ])('is not taken for one: %s', (_what, cmdline, comm) => {
    expect(isFound(cmdline, comm)).toBe(false);
  });
});

describe('the processes of the machine', () => {
  it('are looked at in the order of their numbers, without this one and what is no process', () => {
    for (const pid of ['30', '4', '200', 'self', '0', String(process.pid)])
      add(pid, 'mosquitto\0', 'mosquitto');
    writeFileSync(join(proc, '5'), '');
    mkdirSync(join(proc, '6'));
    expect(findBrokerProcesses(proc)).toEqual([4, 30, 200]);
  });

  it('may have a command line without end', () => {
    add('7', `mosquitto\0${'x'.repeat(5_000_000)}`, 'mosquitto');
    add('8', 'm'.repeat(5_000_000), 'm');
    expect(findBrokerProcesses(proc)).toEqual([7]);
  });

  it('cannot be read where the system does not show them', () => {
    expect(() => findBrokerProcesses(join(proc, 'missing'))).toThrow(/ENOENT/);
  });
});

describe('the broker', () => {
  it.each([
    ['pondhawk', 'pondhawk'],
    ['mosquitto', 'mosquitto'],
    ['anything', 'pondhawk'],
  ])('called as %s names its process %s', (program, title) => {
    const before = process.title;
    nameBrokerProcess(program);
    const after = process.title;
    process.title = before;
    expect(after).toBe(title);
  });
});
