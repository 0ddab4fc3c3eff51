// A plugin: users with passwords, a branch of topics for each of them, and so many messages a minute. Looking up
// a password takes time, so that hook is asynchronous; only the client that is asked about waits for it.
import { timingSafeEqual } from 'node:crypto';
import { ReasonCode } from 'pondhawk';

const MINUTE = 60_000;

/**
 * @typedef {object} TopicQuotaOptions
 * @property {(username: string) => Promise<Uint8Array | undefined>} findHash what is kept of a user's password
 * @property {(password: Uint8Array) => Promise<Uint8Array>} hash makes the same of the password that came
 * @property {number} [messagesPerMinute] for each user, over all its connections
 * @property {() => number} [now] milliseconds; a test passes its own
 */

/**
 * @param {TopicQuotaOptions} options
 * @returns {import('pondhawk').Plugin}
 */
export function topicQuota({ findHash, hash, messagesPerMinute = 60, now = Date.now }) {
  /** @type {Map<string, { since: number, messages: number }>} */
  const used = new Map();
  /** @type {import('pondhawk').PluginBroker | undefined} */
  let broker;

  return {
    name: 'topic-quota',

    start(running) {
      broker = running;
    },

    // true lets the client in, a reason code of 0x80 or above tells it why not
    async authenticate({ clientId }, { username, password }) {
      if (username === undefined || password === undefined) return ReasonCode.NotAuthorized;
      if (/[/+#]/.test(username)) return ReasonCode.BadUserNameOrPassword;
      const [expected, actual] = await Promise.all([findHash(username), hash(password)]);
      if (expected?.length === actual.length && timingSafeEqual(expected, actual)) return true;
      broker?.log('notice', `${clientId}: wrong password for ${username}`);
      return ReasonCode.BadUserNameOrPassword;
    },

    // users publish in their own branch, and read that and what is public
    authorize({ username }, { type, topic }) {
      const own = `users/${username}/`;
      const filter = topic.replace(/^\$share\/[^/]+\//, '');
      if (type === 'subscribe') return filter.startsWith(own) || filter.startsWith('public/');
      return topic.startsWith(own) || topic.startsWith(`public/${username}/`);
    },

    // a reason code refuses the message; an object changes it
    publish({ username = '', clientId }, { properties }) {
      let count = used.get(username);
      if (count === undefined || now() - count.since >= MINUTE) {
        count = { since: now(), messages: 0 };
        used.set(username, count);
      }
      if (++count.messages > messagesPerMinute) return ReasonCode.QuotaExceeded;
      const userProperties = [...(properties.userProperties ?? [])];
      userProperties.push(['sender', `${username}@${clientId}`]);
      return { properties: { ...properties, userProperties } };
    },

    // what is not used is forgotten
    disconnected({ username = '' }) {
      const count = used.get(username);
      if (count !== undefined && now() - count.since >= MINUTE) used.delete(username);
    },
  };
}
