// Serves browser.html and the client for browsers, and a broker that the page reaches by WebSocket. Build the
// package first (npm run build), then: node examples/browser-server.js [port], and open the address it prints.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { Broker } from 'pondhawk';
import { createWebSocketStream, WebSocketServer } from 'ws';

/** The page, and the files of the client for browsers; nothing else. */
function fileOf(url) {
  if (url === '/') return { file: 'browser.html', type: 'text/html; charset=utf-8' };
  const [, name] = /^\/pondhawk\/([\w-]+\.js)$/.exec(url) ?? [];
  return name && { file: `../dist/browser/${name}`, type: 'text/javascript; charset=utf-8' };
}

const server = createServer(async ({ method, url }, response) => {
  const found = fileOf(url);
  try {
    if (!found || method !== 'GET') throw new Error(`${method} ${url} is not served`);
    const content = await readFile(new URL(found.file, import.meta.url));
    response.writeHead(200, { 'content-type': found.type }).end(content);
  } catch (error) {
    response.writeHead(404).end(`${error.message}\n`);
  }
});

const broker = new Broker();

// MQTT over WebSocket: the subprotocol is called mqtt, and the bytes are those of any other connection
const webSockets = new WebSocketServer({
  server,
  path: '/mqtt',
  handleProtocols: (offered) => offered.has('mqtt') && 'mqtt',
});
webSockets.on('connection', (socket) => broker.accept(createWebSocketStream(socket)));

server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  console.log(`open http://127.0.0.1:${server.address().port}/`);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await broker.close();
    server.close();
    server.closeAllConnections();
  });
}
