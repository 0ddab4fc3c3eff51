// Starts Aedes, the broker most used in Node, as a peer for compare.mjs: default options, persistence in memory,
// plain node:net, Nagle off as for the other brokers. Aedes is no dependency of this project, so the folder that
// it was installed into comes on the command line.
//
//   node bench/aedes.mjs FOLDER PORT
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, port] = process.argv.slice(2);
const found = createRequire(join(folder, 'package.json')).resolve('aedes');
const { Aedes } = await import(pathToFileURL(found).href);
const aedes = await Aedes.createBroker();
const server = createServer((socket) => {
  socket.setNoDelay(true);
  aedes.handle(socket);
});
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });
process.on('SIGTERM', () => process.exit(0));
