// A broker with the plugin of topic-quota-plugin.js and one user. Build the package first (npm ci does), then:
// node examples/quota-broker.js [port]
import { createHash } from 'node:crypto';
import { Broker } from 'pondhawk';
import { topicQuota } from './topic-quota-plugin.js';

/** For passwords that people choose use scrypt or Argon2 instead, with a salt for each. @param {Uint8Array} password */
const hash = async (password) => createHash('sha256').update(password).digest();

const users = new Map([['ada', await hash(Buffer.from('difference engine'))]]);

const broker = new Broker({
  plugins: [topicQuota({ hash, findHash: async (username) => users.get(username), messagesPerMinute: 5 })],
  log: (level, text) => console.error(`${level}: ${text}`),
});
const { port } = await broker.listen({ port: Number(process.argv[2] ?? 0), host: '127.0.0.1' });
console.log(`listening on 127.0.0.1:${port}`);
console.log(
  `try: mosquitto_pub -V 5 -p ${port} -u ada -P 'difference engine' -t users/ada/notes -m hello -q 1`,
);

process.once('SIGINT', () => broker.close());
process.once('SIGTERM', () => broker.close());
