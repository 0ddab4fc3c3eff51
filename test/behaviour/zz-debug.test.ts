import { test } from 'vitest';
import { useServer } from './server.js';
const server = useServer();
test('debug', async () => {
  const publisher = await server.connect();
  const s = await server.connect({ acknowledge: false });
  await s.subscribe('order', { qos: 2 });
  for (let j = 1; j <= 10; j++) publisher.send(publisher.message('order', `${j}`, { qos: 2, packetId: j }));
  for (let j = 1; j <= 10; j++) await publisher.next('pubrec');
  const ids = [];
  for (let j = 1; j <= 10; j++) ids.push((await s.next('publish')).packetId!);
  for (const id of ids) s.acknowledge('pubrec', id);
  for (let j = 1; j <= 10; j++) console.log(await s.any(500).catch((e) => e.message));
});
