// Shared subscriptions: who gets a message, and who gets it instead when that one goes (MQTT 5 section 4.8.2).
import { describe, expect, it } from 'vitest';
import type { Peer } from '../../test/engine/peer.js';
import { World, type WorldOptions } from '../../test/engine/world.js';
import type { QoS } from '../protocol/index.js';
import { State } from './connection-state.js';

const FILTER = '$share/g/job';

function member(
  world: World,
  clientId: string,
  { expiry, qos = 2 as QoS }: { expiry?: number; qos?: QoS } = {},
): Peer {
  const options = expiry === undefined ? { clientId } : { clientId, expiry };
  return world.connect(options).accepted().subscribe(FILTER, { qos });
}

function group(
  count: number,
  options: WorldOptions = {},
): { world: World; members: Peer[]; publisher: Peer } {
  const world = new World(options);
  const members = Array.from({ length: count }, (_, i) => member(world, `m${i}`));
  return { world, members, publisher: world.connect({ clientId: 'publisher' }).accepted() };
}

function publishMany(publisher: Peer, count: number, qos: QoS = 0): void {
  for (let i = 0; i < count; i++) publisher.publish('job', `${i}`, { qos });
  publisher.take();
}

/** Takes what came, acknowledging QoS 1 and 2 up to the end. */
function work(peer: Peer): string[] {
  const done: string[] = [];
  for (let packets = peer.take(); packets.length > 0; packets = peer.take()) {
    for (const packet of packets) {
      if (packet.type === 'publish') {
        done.push(new TextDecoder().decode(packet.payload));
        if (packet.qos === 1) peer.acknowledge('puback', packet.packetId!);
        else if (packet.qos === 2) peer.acknowledge('pubrec', packet.packetId!);
      } else if (packet.type === 'pubrel') peer.acknowledge('pubcomp', packet.packetId);
    }
  }
  return done;
}

describe('a message for a shared subscription', () => {
  it.each([0, 1, 2] as const)('goes to one member, each in its turn: QoS %i', (qos) => {
    const { members, publisher } = group(3);
    publishMany(publisher, 6, qos);
    expect(members.map(work)).toEqual([
      ['0', '3'],
      ['1', '4'],
      ['2', '5'],
    ]);
  });

  it('goes to one member of each group, and to ordinary subscribers besides', () => {
    const { world, members, publisher } = group(1);
    const other = world.connect().accepted().subscribe('$share/h/job');
    const ordinary = world.connect().accepted().subscribe('job');
    publishMany(publisher, 2);
    expect([...members, other, ordinary].map(work)).toEqual([
      ['0', '1'],
      ['0', '1'],
      ['0', '1'],
    ]);
  });

  it('has the QoS that the chosen member asked for, at most', () => {
    const world = new World();
    const [low, high] = [member(world, 'low', { qos: 0 }), member(world, 'high', { qos: 2 })];
    publishMany(world.connect().accepted(), 2, 1);
    expect(low.messages()).toMatchObject([{ qos: 0 }]);
    expect(high.messages()).toMatchObject([{ qos: 1 }]);
  });

  it('passes over a member whose window is full, as long as another has room', () => {
    const { world, members, publisher } = group(1, { maxInflightMessages: 2 });
    publishMany(publisher, 2, 1);
    const second = member(world, 'second');
    publishMany(publisher, 2, 1);
    const sent = second.messages();
    expect(sent).toHaveLength(2);
    publishMany(publisher, 2, 1);
    // now both have to wait: nothing is lost
    for (const { packetId } of sent) second.acknowledge('puback', packetId!);
    expect([...work(members[0]!), ...work(second)].sort()).toEqual(['0', '0', '1', '1']);
  });

  it('waits for a member that is away only when no other is there', () => {
    const world = new World();
    const away = member(world, 'away', { expiry: 100 });
    const here = member(world, 'here', { expiry: 100 });
    away.drop();
    const publisher = world.connect().accepted();
    publishMany(publisher, 3, 1);
    expect(work(here)).toEqual(['0', '1', '2']);
    here.drop();
    publishMany(publisher, 4, 1);
    const back = [
      world.connect({ clientId: 'away', expiry: 100 }),
      world.connect({ clientId: 'here', expiry: 100 }),
    ];
    expect(back.flatMap(work).sort()).toEqual(['0', '1', '2', '3']);
  });

  it('with QoS 0 is not given to a member that is away', () => {
    const world = new World();
    member(world, 'away', { expiry: 100 }).drop();
    const here = member(world, 'here');
    publishMany(world.connect().accepted(), 3);
    expect(work(here)).toEqual(['0', '1', '2']);
  });

  it('with QoS 0 is not given to a member whose CONNACK has not gone yet', () => {
    const world = new World();
    const here = member(world, 'here');
    const away = member(world, 'away', { expiry: 100 });
    const session = world.engine.sessions.get('away')!;
    // as it is between CONNECT and CONNACK while a store takes its time
    session.connection!.state = State.CONNECTING;
    publishMany(world.connect().accepted(), 4);
    expect(work(here)).toEqual(['0', '1', '2', '3']);
    expect(away.take()).toEqual([]);
  });
});

describe('with the strategy sticky', () => {
  it('the messages of a publisher go to one member, those of all publishers to many', () => {
    const { world, members } = group(4, { sharedSubscriptionStrategy: 'sticky' });
    const publishers = Array.from({ length: 30 }, (_, i) => world.connect({ clientId: `p${i}` }).accepted());
    for (const [i, publisher] of publishers.entries())
      for (let n = 0; n < 3; n++) publisher.publish('job', `${i}`, { qos: 1 });
    const got = members.map(work);
    expect(got.flat()).toHaveLength(90);
    for (let i = 0; i < publishers.length; i++)
      expect(got.filter((payloads) => payloads.includes(`${i}`))).toHaveLength(1);
    expect(got.filter((payloads) => payloads.length > 0).length).toBeGreaterThan(1);
  });

  it('another member takes over when the one that was chosen goes', () => {
    const { members, publisher } = group(3, { sharedSubscriptionStrategy: 'sticky' });
    publishMany(publisher, 2, 1);
    const chosen = members.find((one) => work(one).length === 2)!;
    chosen.leave();
    publishMany(publisher, 2, 1);
    expect(
      members
        .filter((one) => one !== chosen)
        .map(work)
        .filter((got) => got.length === 2),
    ).toHaveLength(1);
  });
});

describe('when the session of a member ends', () => {
  it('what it had not acknowledged with QoS 1 goes to the others, and what still waited', () => {
    const { world, members, publisher } = group(1, { maxInflightMessages: 2 });
    publishMany(publisher, 5, 1);
    expect(members[0]!.messages()).toHaveLength(2);
    const heir = member(world, 'heir');
    members[0]!.drop();
    expect(work(heir)).toEqual(['0', '1', '2', '3', '4']);
    expect(world.engine.metrics.droppedSessionEnded).toBe(0);
  });

  it('a QoS 2 message that was sent to it goes to nobody else, one that waited does [MQTT-4.8.2-5]', () => {
    const { world, members, publisher } = group(1, { maxInflightMessages: 1 });
    publishMany(publisher, 1, 2);
    publisher.acknowledge('pubrel', 1);
    publisher.publish('job', 'waits', { qos: 2 });
    const heir = member(world, 'heir');
    members[0]!.drop();
    expect(work(heir)).toEqual(['waits']);
  });

  it('a QoS 2 message that was sent to it is finished with it when it comes back [MQTT-4.8.2-4]', () => {
    const world = new World();
    const first = member(world, 'first', { expiry: 100 });
    publishMany(world.connect().accepted(), 1, 2);
    expect(first.messages()).toHaveLength(1);
    first.drop();
    const heir = member(world, 'heir');
    expect(heir.take()).toEqual([]);
    expect(work(world.connect({ clientId: 'first', expiry: 100 }))).toEqual(['0']);
    expect(heir.take()).toEqual([]);
  });

  it('by its expiry, the others get what waited for it', () => {
    const world = new World();
    member(world, 'first', { expiry: 10 }).drop();
    publishMany(world.connect().accepted(), 3, 1);
    const heir = member(world, 'heir');
    world.pass(10_300);
    expect(work(heir)).toEqual(['0', '1', '2']);
  });

  it('what nobody can take is counted as dropped', () => {
    const { world, members, publisher } = group(1);
    publishMany(publisher, 3, 1);
    members[0]!.drop();
    expect(world.engine.metrics.droppedSessionEnded).toBe(3);
  });
});

describe('when a member unsubscribes', () => {
  it('what waited for it goes to the others; what was sent to it stays its own', () => {
    const { world, members, publisher } = group(1, { maxInflightMessages: 2 });
    publishMany(publisher, 4, 1);
    const heir = member(world, 'heir');
    const first = members[0]!;
    const sent = first.messages();
    first.unsubscribe(FILTER);
    expect(first.take()).toMatchObject([{ type: 'unsuback', reasons: [0] }]);
    expect(work(heir)).toEqual(['2', '3']);
    for (const { packetId } of sent) first.acknowledge('puback', packetId!);
    expect(first.take()).toEqual([]);
    publishMany(publisher, 1, 1);
    expect(work(heir)).toEqual(['0']);
  });
});
