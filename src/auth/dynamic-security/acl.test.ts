import { describe, expect, it } from 'vitest';
import type { ClientInfo } from '../../core/plugin.js';
import { AclList, aclsFrom, aclsToJson, aclTypeOf, filterMatch, topicMatch } from './acl.js';

function client(clientId: string, username?: string): ClientInfo {
  return {
    clientId,
    username,
    version: 5,
    remoteAddress: '',
    remotePort: 0,
    listener: '',
    keepAlive: 0,
    cleanStart: true,
  };
}

const joe = client('id', 'joe');

describe('an ACL for topics', () => {
  it.each<[acl: string, topic: string, ClientInfo, boolean]>([
    ['a/b', 'a/b', joe, true],
    ['a/b', 'a', joe, false],
    ['a', 'a/b', joe, false],
    ['a/+', 'a/', joe, true],
    ['a/+', 'a', joe, false],
    ['a/#', 'a', joe, true],
    ['a/#', 'a/b/c', joe, true],
    ['#', 'a/b', joe, true],
    ['#', '$SYS/a', joe, false],
    ['+/a', '$SYS/a', joe, false],
    ['$SYS/#', '$SYS/a', joe, true],
    ['%c/x', 'id/x', joe, true],
    ['%c/x', 'idx/x', joe, false],
    ['%u', 'joe', joe, true],
    ['%u/#', 'joe', joe, true],
    ['x%u', 'xjoe', joe, false],
    ['x%u', 'x%u', joe, true],
    ['%u', '%u', joe, false],
    ['%u', '', client('id'), false],
    ['%u/a', '/a', client('id', ''), false],
    ['%u/a', 'a/b/a', client('id', 'a/b'), false],
  ])('%s is about %s: for %o %s', (acl, topic, who, expected) => {
    expect(topicMatch(acl.split('/'), topic.split('/'), who)).toBe(expected);
  });
});

describe('an ACL for filters', () => {
  it.each<[acl: string, filter: string, ClientInfo, boolean]>([
    ['a/+', 'a/+', joe, true],
    ['a/+', 'a/#', joe, false],
    ['a/#', 'a/#', joe, true],
    ['a/#', 'a/+/b', joe, true],
    ['a/b', 'a/+', joe, false],
    ['#', '#', joe, true],
    ['+', '#', joe, false],
    ['#', '$share/g/a', joe, false],
    ['%u/x', 'joe/x', joe, true],
    ['%u/x', '+/x', joe, false],
    ['%u/x', '+/x', client('id', '+'), false],
    ['%c', '#', client('#'), false],
  ])('%s covers %s: for %o %s', (acl, filter, who, expected) => {
    expect(filterMatch(acl.split('/'), filter.split('/'), who)).toBe(expected);
  });
});

describe('a list of ACLs', () => {
  const list = (...acls: [topic: string, priority: number, allow: boolean][]): AclList => {
    const made = new AclList();
    for (const [topic, priority, allow] of acls) made.add({ topic, priority, allow });
    return made;
  };

  it('answers with the first that matches, by priority and then as they came', () => {
    expect(list(['a', 0, true], ['#', 1, false]).first(topicMatch, ['a'], joe)).toBe(false);
    expect(list(['a', 0, true], ['#', 0, false]).first(topicMatch, ['a'], joe)).toBe(true);
    expect(list(['b', 0, true]).first(topicMatch, ['a'], joe)).toBeUndefined();
  });

  it('denies everything from one that is no filter', () => {
    expect(list(['a/#/b', 1, true], ['#', 0, true]).first(topicMatch, ['x'], joe)).toBe(false);
  });

  it('forgets one that is taken out', () => {
    const acls = list(['a', 0, true]);
    expect(acls.delete('a')).toBe(true);
    expect(acls.delete('a')).toBe(false);
    expect(acls.exactly('a')).toBeUndefined();
    expect([...acls]).toEqual([]);
  });
});

it('types of ACLs are known without case', () => {
  expect(aclTypeOf('PUBLISHclientsend')).toBe('publishClientSend');
  expect(aclTypeOf('subscribe')).toBeUndefined();
});

it('ACLs of a file leave out what makes no sense', () => {
  const good = { acltype: 'subscribeLiteral', topic: 'a', priority: 3, allow: true };
  const acls = aclsFrom([7, {}, { acltype: 'nope', topic: 'a' }, good, { ...good, allow: false }]);
  expect(aclsToJson(acls)).toEqual([good]);
});
