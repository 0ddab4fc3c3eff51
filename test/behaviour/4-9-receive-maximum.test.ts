// Flow control over connections (MQTT 5 section 4.9): the send quota belongs to a connection, not to the session.
import { expect } from 'vitest';
import { testOurs, useServer } from './server.js';

const server = useServer({ maxInflightMessages: 3 });

testOurs(
  'QoS 2 messages that an earlier connection left without PUBREL do not count against the receive maximum',
  async () => {
    const session = { clientId: 'left', cleanStart: false, properties: { sessionExpiryInterval: 100 } };
    const first = await server.connect({ ...session, acknowledge: false });
    for (let packetId = 1; packetId <= 3; packetId++) {
      first.send(first.message('t', 'x', { qos: 2, packetId }));
      await first.next('pubrec');
    }
    first.send({ type: 'disconnect', reason: 0 });
    await first.closed();
    // a program that was started anew knows nothing of them
    const second = await server.connect({ ...session, acknowledge: false });
    expect(second.connack.sessionPresent).toBe(true);
    second.send(second.message('t', 'x', { qos: 2, packetId: 9 }));
    expect(await second.next('pubrec')).toMatchObject({ packetId: 9 });
  },
);
