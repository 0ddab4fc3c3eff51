// Stands for the broker where its process is tested: does what the broker does around its start and its end, in the
// order of Mosquitto. Needs the built program.
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { nameBrokerProcess } from '../../dist/cli/process/broker-processes.js';
import {
  daemonize,
  isBackground,
  reportFailure,
  reportLine,
  reportReady,
} from '../../dist/cli/process/daemon.js';
import { PidFile } from '../../dist/cli/process/pid-file.js';
import { dropPrivileges } from '../../dist/cli/process/privileges.js';
import { activatedSockets } from '../../dist/cli/process/socket-activation.js';
import { SystemdNotifier } from '../../dist/cli/process/systemd.js';
import { setUmask } from '../../dist/cli/process/umask.js';
import { ServerProblem } from '../../dist/server/server-problem.js';

const { values: flags } = parseArgs({
  options: {
    daemon: { type: 'boolean', short: 'd' },
    user: { type: 'string' },
    port: { type: 'string', default: '0' },
    'pid-file': { type: 'string' },
    crash: { type: 'boolean' },
    hang: { type: 'boolean' },
  },
});

async function say(text) {
  process.stderr.write(`${text}\n`);
  await reportLine(text);
}

async function fail(text, code) {
  process.stderr.write(`${text}\n`);
  await reportFailure(text, code);
  process.exit(code);
}

function becomeProcess() {
  dropPrivileges({ user: flags.user ?? 'root', log: (_level, text) => void say(text) });
  setUmask();
  return flags['pid-file'] === undefined ? undefined : PidFile.write(flags['pid-file']);
}

async function serve() {
  let pidFile;
  try {
    pidFile = becomeProcess();
  } catch (error) {
    if (error instanceof ServerProblem) return fail(error.message, error.exitCode);
    throw error;
  }
  if (flags.crash) throw new TypeError('a mistake in the program');
  const notifier = SystemdNotifier.from({ warn: say });
  const sockets = activatedSockets();
  const server = createServer((socket) => socket.end(`${process.cwd()}\n`));
  server.on('error', (error) => {
    pidFile?.remove();
    fail(`Error: ${error.code}`, 1);
  });
  if (flags.hang) return void setInterval(() => {}, 60_000);
  server.listen(sockets[0] ?? { port: Number(flags.port), host: '127.0.0.1' }, async () => {
    process.on('SIGHUP', async () => {
      await notifier?.reloading();
      await notifier?.ready();
    });
    process.on('SIGTERM', async () => {
      server.close();
      pidFile?.remove();
      await notifier?.stopping();
      process.exit();
    });
    nameBrokerProcess('pondhawk');
    process.stdout.write(`${JSON.stringify({ ...server.address(), sockets, umask: process.umask() })}\n`);
    await notifier?.ready('serving');
    await reportReady();
  });
}

if (flags.daemon && !isBackground()) process.exit(await daemonize());
await serve();
