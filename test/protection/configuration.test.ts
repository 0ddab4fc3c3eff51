// Protection as a configuration file turns it on: what its options mean, and what the broker's log says then.
import { userInfo } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/config/read-configuration.js';
import { completeOptions, type EngineOptions } from '../../src/core/options.js';
import { engineOptions } from '../../src/server/settings.js';
import { host, passwordLine, Scene } from '../server/scene.js';

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.close());

/** What a configuration means for the engine, or what is wrong with it. */
function optionsOf(text: string): EngineOptions | string[] {
  const said: string[] = [];
  const path = scene.file('read.conf', `user ${userInfo().username}\n${text}\n`);
  const config = readConfiguration([path], (_level, line) => said.push(line));
  return config === undefined ? said : completeOptions(engineOptions(config));
}

describe('the options of protection', () => {
  it('are off when the file does not have them, and this machine is never banned', () => {
    expect(optionsOf('')).toMatchObject({
      ...{ maxConnectionsPerAddress: 0, connectionRatePerAddress: 0, messageRateLimit: 0, byteRateLimit: 0 },
      ...{ maxFailedLogins: 0, maxClientConnects: 0, banSeconds: 300, neverBan: '127.0.0.0/8,::1' },
    });
  });

  it('are those of the engine', () => {
    const text = `max_connections_per_address 10
      connection_rate_per_address 20
      message_rate_limit 30
      byte_rate_limit 40000
      max_failed_logins 5 60
      max_client_connects 6 70
      ban_duration 80
      never_ban 192.0.2.0/24
      never_ban 2001:db8::1`;
    expect(optionsOf(text)).toMatchObject({
      ...{ maxConnectionsPerAddress: 10, connectionRatePerAddress: 20 },
      ...{ messageRateLimit: 30, byteRateLimit: 40_000 },
      ...{ maxFailedLogins: 5, failedLoginSeconds: 60, maxClientConnects: 6, clientConnectSeconds: 70 },
      ...{ banSeconds: 80, neverBan: '192.0.2.0/24,2001:db8::1' },
    });
  });

  it.each([
    ['max_failed_logins', "Empty 'max_failed_logins' value"],
    ['max_failed_logins 5', "Empty 'max_failed_logins' value"],
    ['max_failed_logins 5 0', "'max_failed_logins' needs seconds from 1 to 86400"],
    ['max_failed_logins -5 10', "Invalid 'max_failed_logins' value (-5)"],
    ['max_client_connects 5 x', "'max_client_connects' value not a number"],
    ['ban_duration 0', "Invalid 'ban_duration' value (0)"],
    ['never_ban localhost', "Invalid 'never_ban' value (localhost). Write an address or a network"],
    ['never_ban 192.0.2.0/33', "Invalid 'never_ban' value (192.0.2.0/33)"],
    ['never_ban ::/0/0', "Invalid 'never_ban' value (::/0/0)"],
  ])('say what is wrong with: %s', (text, wrong) => {
    expect(optionsOf(text)).toEqual(expect.arrayContaining([expect.stringContaining(wrong)]));
  });
});

describe('pondhawk with max_failed_logins', () => {
  it('bans, says so in its log, and forgets the ban when this machine becomes one that is never banned', async () => {
    const port = await scene.port();
    const passwords = scene.file('passwords', passwordLine('u', 'right'));
    const common = `listener ${port} ${host}\npassword_file ${passwords}\nmax_failed_logins 2 60\nban_duration 600`;
    const broker = await scene.start(`${common}\nnever_ban 192.0.2.1`);
    for (const reason of [0x87, 0x87, 0x8a])
      await scene.refused(port, reason, { username: 'u', password: 'wrong' });
    await broker.logged(/: Address 127\.0\.0\.1 banned for 600 seconds: 2 failed logins in 60 seconds\.\n/);
    await broker.logged(/: Connection from 127\.0\.0\.1 refused: banned\.\n/);
    await scene.refused(port, 0x8a, { username: 'u', password: 'right' });
    await broker.reload(common);
    await scene.connect(port, { username: 'u', password: 'right' });
    expect(broker.log).not.toContain('Protocol error');
  });
});
