// SCRAM (RFC 5802) over AUTH, with a client that is written here: the two sides share no code.
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { describe, expect } from 'vitest';
import { type ScramCredentials, type ScramMechanism, scram, scramCredentials } from '../../src/index.js';
import { ReasonCode } from '../../src/protocol/index.js';
import { bytes, connectPacket, type TestClient } from './client.js';
import { testOurs, useServer } from './server.js';

const digests = { 'SCRAM-SHA-256': ['sha256', 32], 'SCRAM-SHA-512': ['sha512', 64] } as const;
const users = new Map<string, ScramCredentials>();

const server = useServer({
  plugins: [
    scram({
      find: async (username, mechanism) => {
        const key = `${mechanism} ${username}`;
        if (username === 'nobody') return undefined;
        const known = users.get(key) ?? (await scramCredentials('pencil', { mechanism }));
        users.set(key, known);
        return known;
      },
    }),
  ],
});

function said(packet: { properties?: { authenticationData?: Uint8Array | undefined } | undefined }): string {
  return Buffer.from(packet.properties!.authenticationData!).toString();
}

interface Challenge {
  readonly clientFirst: string;
  readonly serverFirst: string;
  readonly nonce: string;
}

/** The proof of a password, and the signature that the server must answer with. */
function prove(mechanism: ScramMechanism, password: string, { clientFirst, serverFirst }: Challenge) {
  const [digest, length] = digests[mechanism];
  const [, nonce, salt, iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst)!;
  const hmac = (key: Uint8Array, text: string) => createHmac(digest, key).update(text).digest();
  const salted = pbkdf2Sync(password, Buffer.from(salt!, 'base64'), Number(iterations), length, digest);
  const withoutProof = `c=biws,r=${nonce}`;
  const message = `${clientFirst},${serverFirst},${withoutProof}`;
  const clientKey = hmac(salted, 'Client Key');
  const signature = hmac(createHash(digest).update(clientKey).digest(), message);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!));
  return {
    final: `${withoutProof},p=${proof.toString('base64')}`,
    serverFinal: `v=${hmac(hmac(salted, 'Server Key'), message).toString('base64')}`,
  };
}

async function challenged(client: TestClient, clientFirst: string, nonce: string): Promise<Challenge> {
  const challenge = await client.next('auth');
  expect(challenge.reason).toBe(ReasonCode.ContinueAuthentication);
  const serverFirst = said(challenge);
  expect(serverFirst.startsWith(`r=${nonce}`)).toBe(true);
  return { clientFirst, serverFirst, nonce };
}

/** Sends CONNECT with the first message and takes the challenge. */
async function begin(mechanism: ScramMechanism, user: string): Promise<[TestClient, Challenge]> {
  const client = await server.open();
  const nonce = randomBytes(12).toString('base64');
  const clientFirst = `n=${user},r=${nonce}`;
  const properties = { authenticationMethod: mechanism, authenticationData: bytes(`n,,${clientFirst}`) };
  client.send(connectPacket({ properties }));
  return [client, await challenged(client, clientFirst, nonce)];
}

function answer(client: TestClient, mechanism: ScramMechanism, data: string, reason = 0x18): void {
  const properties = { authenticationMethod: mechanism, authenticationData: bytes(data) };
  client.send({ type: 'auth', reason, properties });
}

async function authenticated(mechanism: ScramMechanism, user: string): Promise<TestClient> {
  const [client, challenge] = await begin(mechanism, user);
  const { final, serverFinal } = prove(mechanism, 'pencil', challenge);
  answer(client, mechanism, final);
  const connack = await client.next('connack');
  expect(connack).toMatchObject({ reason: 0, properties: { authenticationMethod: mechanism } });
  expect(said(connack)).toBe(serverFinal);
  return client;
}

describe.each(['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)('%s', (mechanism) => {
  testOurs(
    '[MQTT-4.12.0-2] [MQTT-4.12.0-5] the right password is let in, and the server proves that it knows it too',
    async () => {
      await (await authenticated(mechanism, 'user')).nothing();
    },
  );

  testOurs('user names may have a comma and an equals sign', async () => {
    await (await authenticated(mechanism, 'a=2Cb=3D')).nothing();
    expect(users.has(`${mechanism} a,b=`)).toBe(true);
  });

  testOurs('[MQTT-4.12.0-4] a wrong password is refused', async () => {
    const [client, challenge] = await begin(mechanism, 'user');
    answer(client, mechanism, prove(mechanism, 'pen', challenge).final);
    expect(await client.next('connack')).toMatchObject({ reason: ReasonCode.NotAuthorized });
    await client.closed();
  });

  testOurs(
    '[MQTT-4.12.0-4] an unknown user gets a challenge like anyone, the same each time, and is refused',
    async () => {
      const salts = [];
      for (let i = 0; i < 2; i++) {
        const [client, challenge] = await begin(mechanism, 'nobody');
        salts.push(/s=[^,]+/.exec(challenge.serverFirst)![0]);
        answer(client, mechanism, prove(mechanism, 'pencil', challenge).final);
        expect(await client.next('connack')).toMatchObject({ reason: ReasonCode.NotAuthorized });
        await client.closed();
      }
      expect(salts[0]).toBe(salts[1]);
    },
  );

  testOurs('[MQTT-4.12.0-4] a proof for another nonce is refused', async () => {
    const [, other] = await begin(mechanism, 'user');
    const [client] = await begin(mechanism, 'user');
    answer(client, mechanism, prove(mechanism, 'pencil', other).final);
    expect(await client.next('connack')).toMatchObject({ reason: ReasonCode.NotAuthorized });
    await client.closed();
  });

  testOurs('a client may authenticate again on the open connection', async () => {
    const client = await authenticated(mechanism, 'user');
    const nonce = randomBytes(12).toString('base64');
    const clientFirst = `n=user,r=${nonce}`;
    answer(client, mechanism, `n,,${clientFirst}`, ReasonCode.ReAuthenticate);
    const { final, serverFinal } = prove(mechanism, 'pencil', await challenged(client, clientFirst, nonce));
    answer(client, mechanism, final);
    const success = await client.next('auth');
    expect(success.reason).toBe(ReasonCode.Success);
    expect(said(success)).toBe(serverFinal);
    await client.nothing();
  });
});

testOurs('[MQTT-4.12.0-4] messages that are no SCRAM are refused', async () => {
  for (const first of [
    '',
    'n',
    'n,,',
    'n,,n=user',
    'n,,r=abc',
    'p=tls-unique,,n=user,r=abc',
    'n,,n=us=er,r=abc',
    '\u0000',
  ]) {
    const client = await server.open();
    const properties = { authenticationMethod: 'SCRAM-SHA-256', authenticationData: bytes(first) };
    client.send(connectPacket({ properties }));
    expect(await client.next('connack')).toMatchObject({ reason: ReasonCode.NotAuthorized });
    await client.closed();
  }
});
