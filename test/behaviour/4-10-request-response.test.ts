// Request and response (MQTT 5 section 4.10).
import { expect } from 'vitest';
import { bytes, text } from './client.js';
import { testOurs, useServer } from './server.js';

const server = useServer({ responseInformation: 'answers/' });

testOurs(
  '[MQTT-3.3.2-15] [MQTT-3.3.2-16] a response finds its way back by response topic and correlation data',
  async () => {
    const requester = await server.connect();
    const responder = await server.connect();
    await requester.subscribe('answers/me', { qos: 1 });
    await responder.subscribe('questions', { qos: 1 });
    const properties = { responseTopic: 'answers/me', correlationData: bytes('q1') };
    await requester.publish('questions', '6 x 7?', { qos: 1, properties });
    const request = (await responder.next('publish')).properties!;
    await responder.publish(request.responseTopic!, '42', {
      qos: 1,
      properties: { correlationData: request.correlationData },
    });
    const response = await requester.next('publish');
    expect(text(response)).toBe('42');
    expect(Buffer.from(response.properties!.correlationData!).toString()).toBe('q1');
  },
);

testOurs('[MQTT-3.1.2-28] Response Information comes to those who ask, and to nobody else', async () => {
  const asks = await server.connect({ properties: { requestResponseInformation: 1 } });
  expect(asks.connack.properties).toMatchObject({ responseInformation: 'answers/' });
  for (const properties of [{}, { requestResponseInformation: 0 }]) {
    const { connack } = await server.connect({ properties });
    expect(connack.properties).not.toHaveProperty('responseInformation');
  }
});
