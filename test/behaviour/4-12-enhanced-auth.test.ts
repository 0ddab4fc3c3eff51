// Enhanced authentication (MQTT 5 sections 3.15 and 4.12): a method of two steps, made here, plays its part.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import type { Plugin } from '../../src/index.js';
import { type AuthPacket, ReasonCode } from '../../src/protocol/index.js';
import { bytes, type ConnectOptions, connectPacket, freshId, type TestClient } from './client.js';
import { testOurs, useServer } from './server.js';

/** Asks for a name, then for the name backwards. */
const mirror: Plugin = {
  name: 'mirror',
  authenticate: () => undefined,
  authenticationMethods: {
    MIRROR: () => {
      let name: string | undefined;
      return {
        next(data) {
          const said = Buffer.from(data ?? []).toString();
          if (name === undefined) {
            name = said;
            return { done: false, data: bytes(`mirror ${name}`) };
          }
          if (said !== [...name].reverse().join('')) throw new Error('not in the mirror');
          return { done: true, data: bytes(`welcome ${name}`), username: name };
        },
      };
    },
    SLOW: () => ({
      async next(data) {
        await delay(30);
        return { done: data !== undefined };
      },
    }),
  },
};

const seen: string[] = [];
const witness: Plugin = {
  name: 'witness',
  publish(client, message) {
    seen.push(`${client.username} ${message.topic}`);
    return undefined;
  },
};

const server = useServer({ plugins: [mirror, witness] });

function said(packet: { properties?: { authenticationData?: Uint8Array | undefined } | undefined }): string {
  return Buffer.from(packet.properties?.authenticationData ?? []).toString();
}

function authPacket(
  data: string | undefined,
  reason: number = ReasonCode.ContinueAuthentication,
  method = 'MIRROR',
): AuthPacket {
  const properties = {
    authenticationMethod: method,
    authenticationData: data === undefined ? undefined : bytes(data),
  };
  return { type: 'auth', reason, properties };
}

/** A client that sent CONNECT with the method, and its first data. */
async function begin(options: ConnectOptions = {}, data = 'anna b', method = 'MIRROR'): Promise<TestClient> {
  const client = await server.open();
  const properties = { ...options.properties, authenticationMethod: method, authenticationData: bytes(data) };
  client.send(connectPacket({ ...options, properties }));
  return client;
}

async function authenticated(options: ConnectOptions = {}): Promise<TestClient> {
  const client = await begin(options);
  await client.next('auth');
  client.send(authPacket('b anna'));
  client.connack = await client.next('connack');
  expect(client.connack.reason).toBe(0);
  return client;
}

describe('in CONNECT', () => {
  testOurs(
    '[MQTT-4.12.0-2] [MQTT-4.12.0-5] [MQTT-3.15.2-1] AUTH 0x18 asks for more, and the CONNACK ends it, all with the method',
    async () => {
      const client = await begin();
      const challenge = await client.next('auth');
      expect(challenge).toMatchObject({
        reason: ReasonCode.ContinueAuthentication,
        properties: { authenticationMethod: 'MIRROR' },
      });
      expect(said(challenge)).toBe('mirror anna b');
      client.send(authPacket('b anna'));
      const connack = await client.next('connack');
      expect(connack).toMatchObject({ reason: 0, properties: { authenticationMethod: 'MIRROR' } });
      expect(said(connack)).toBe('welcome anna b');
      await client.nothing();
    },
  );

  testOurs('the user is the one that was authenticated', async () => {
    const client = await authenticated();
    seen.length = 0;
    await client.publish('who');
    expect(seen).toEqual(['anna b who']);
  });

  testOurs('[MQTT-4.12.0-4] [MQTT-3.14.0-1] wrong data is refused with a CONNACK', async () => {
    const client = await begin();
    await client.next('auth');
    client.send(authPacket('anna b'));
    expect(await client.next('connack')).toMatchObject({
      reason: ReasonCode.NotAuthorized,
      sessionPresent: false,
    });
    await client.closed();
  });

  testOurs('[MQTT-4.12.0-1] a method that nobody knows is refused with 0x8C', async () => {
    const client = await begin({}, '', 'TELEPATHY');
    expect(await client.next('connack')).toMatchObject({ reason: ReasonCode.BadAuthenticationMethod });
    await client.closed();
  });

  testOurs('[MQTT-4.12.0-5] AUTH with another method is refused', async () => {
    const client = await begin();
    await client.next('auth');
    client.send(authPacket('b anna', ReasonCode.ContinueAuthentication, 'SLOW'));
    expect((await client.next('connack')).reason).toBeGreaterThanOrEqual(0x80);
    await client.closed();
  });

  testOurs('[MQTT-4.12.0-3] AUTH with another reason code than 0x18 is refused', async () => {
    for (const reason of [ReasonCode.Success, ReasonCode.ReAuthenticate]) {
      const client = await begin();
      await client.next('auth');
      client.send(authPacket('b anna', reason));
      expect(await client.next('connack')).toMatchObject({ reason: ReasonCode.ProtocolError });
      await client.closed();
    }
  });

  testOurs('[MQTT-3.1.2-30] any other packet but DISCONNECT is refused', async () => {
    const observer = await authenticated();
    await observer.subscribe('#');
    const client = await begin({ will: { topic: 'will' } });
    await client.next('auth');
    client.send(client.message('too/early', 'x'));
    expect(await client.next('connack')).toMatchObject({ reason: ReasonCode.ProtocolError });
    await client.closed();
    const other = await begin({ will: { topic: 'will' } });
    await other.next('auth');
    await other.disconnect();
    await observer.nothing();
  });

  testOurs('[MQTT-3.1.4-3] the old connection of that name stays until the new one is in', async () => {
    const clientId = freshId();
    const holder = await authenticated({ clientId });
    const intruder = await begin({ clientId });
    await intruder.next('auth');
    await holder.nothing();
    intruder.send(authPacket('wrong'));
    await intruder.next('connack');
    await holder.nothing();
  });

  testOurs(
    '[MQTT-3.15.2-2] [MQTT-3.15.2-3] AUTH and CONNACK have nothing that a small Maximum Packet Size leaves no room for',
    async () => {
      const client = await begin({ properties: { maximumPacketSize: 60 } });
      expect(Object.keys((await client.next('auth')).properties!).sort()).toEqual([
        'authenticationData',
        'authenticationMethod',
      ]);
      client.send(authPacket('wrong'));
      expect(await client.next('connack')).toMatchObject({ reason: ReasonCode.NotAuthorized });
      expect(client.largestPacket).toBeLessThanOrEqual(60);
    },
  );

  testOurs('a method may take its time; what comes meanwhile waits', async () => {
    const client = await begin({}, 'x', 'SLOW');
    expect(await client.next('connack')).toMatchObject({
      reason: 0,
      properties: { authenticationMethod: 'SLOW' },
    });
    client.send(authPacket('again', ReasonCode.ReAuthenticate, 'SLOW'), client.message('a', 'x', { qos: 1 }));
    expect(await client.next('auth')).toMatchObject({ reason: ReasonCode.Success });
    await client.next('puback');
  });
});

describe('again, on an open connection', () => {
  testOurs(
    '[MQTT-4.12.0-5] [MQTT-3.15.2-1] AUTH 0x19 starts it, AUTH 0x00 ends it, and the connection goes on',
    async () => {
      const client = await authenticated();
      client.send(authPacket('anna b', ReasonCode.ReAuthenticate));
      const challenge = await client.next('auth');
      expect(challenge).toMatchObject({
        reason: ReasonCode.ContinueAuthentication,
        properties: { authenticationMethod: 'MIRROR' },
      });
      expect(said(challenge)).toBe('mirror anna b');
      await client.publish('meanwhile', 'x', { qos: 1 }); // everything else goes on
      client.send(authPacket('b anna'));
      const success = await client.next('auth');
      expect(success).toMatchObject({
        reason: ReasonCode.Success,
        properties: { authenticationMethod: 'MIRROR' },
      });
      expect(said(success)).toBe('welcome anna b');
      seen.length = 0;
      await client.publish('who');
      expect(seen).toEqual(['anna b who']);
    },
  );

  testOurs('nobody becomes another user: what a client may do was decided for the first one', async () => {
    const client = await authenticated();
    client.send(authPacket('otto', ReasonCode.ReAuthenticate));
    await client.next('auth');
    client.send(authPacket('otto'));
    await client.disconnected(ReasonCode.NotAuthorized);
  });

  testOurs(
    '[MQTT-4.12.1-2] a failure ends the connection with a DISCONNECT, and publishes the will',
    async () => {
      const observer = await authenticated();
      await observer.subscribe('will');
      const client = await authenticated({ will: { topic: 'will', payload: 'failed' } });
      client.send(authPacket('otto', ReasonCode.ReAuthenticate));
      await client.next('auth');
      client.send(authPacket('nobody'));
      await client.disconnected(ReasonCode.NotAuthorized);
      expect(await observer.texts(1)).toEqual(['failed']);
    },
  );

  testOurs('[MQTT-4.12.1-1] another method than that of CONNECT ends the connection', async () => {
    const client = await authenticated();
    client.send(authPacket('x', ReasonCode.ReAuthenticate, 'SLOW'));
    expect((await client.next('disconnect')).reason).toBeGreaterThanOrEqual(0x80);
    await client.closed();
  });

  testOurs('[MQTT-4.13.1-1] AUTH 0x18 that nobody asked for ends the connection with 0x82', async () => {
    const client = await authenticated();
    client.send(authPacket('x'));
    await client.disconnected(ReasonCode.ProtocolError);
  });
});

describe('without a method in CONNECT', () => {
  const open = useServer({
    plugins: [{ name: 'methods', authenticationMethods: mirror.authenticationMethods! }],
  });

  testOurs('[MQTT-4.12.0-6] there is no AUTH and no method in the CONNACK', async () => {
    const client = await open.connect({ username: 'x' });
    expect(client.connack.properties).not.toHaveProperty('authenticationMethod');
    await client.nothing();
  });

  testOurs('[MQTT-4.12.0-7] AUTH from the client ends the connection with 0x82', async () => {
    for (const reason of [ReasonCode.ContinueAuthentication, ReasonCode.ReAuthenticate]) {
      const client = await open.connect();
      client.send(authPacket('x', reason));
      await client.disconnected(ReasonCode.ProtocolError);
    }
  });
});
