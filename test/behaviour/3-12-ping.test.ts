// PINGREQ and PINGRESP (MQTT 5 sections 3.12 and 3.13).
import { expect, test } from 'vitest';
import { useServer } from './server.js';

const server = useServer();

test('[MQTT-3.12.4-1] every PINGREQ is answered with a PINGRESP', async () => {
  for (const version of [3, 4, 5] as const) {
    const client = await server.connect({ version });
    client.send({ type: 'pingreq' }, { type: 'pingreq' }, { type: 'pingreq' });
    for (let i = 0; i < 3; i++) expect(await client.any()).toEqual({ type: 'pingresp' });
    await client.silence(20);
  }
});

test('[MQTT-4.9.0-3] [MQTT-3.3.4-10] it is, too, while the client’s receive maximum is used up', async () => {
  const client = await server.connect({ acknowledge: false, properties: { receiveMaximum: 1 } });
  await client.subscribe('a', { qos: 1 });
  client.send(client.message('a', '1', { qos: 1 }), client.message('a', '2', { qos: 1 }));
  const seen = [await client.any(), await client.any(), await client.any()].map((packet) => packet.type);
  expect(seen.sort()).toEqual(['puback', 'puback', 'publish']);
  await client.nothing();
});
