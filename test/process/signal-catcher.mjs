// Stands for any process: takes the title it is given, says when it can be signalled, and at SIGTERM what signals
// have come before. The system may give two signals to two threads, and then the second can be seen first: hence the
// pause.
const [title] = process.argv.slice(2);
const caught = [];

for (const signal of ['SIGHUP', 'SIGINT', 'SIGUSR2']) process.on(signal, () => caught.push(signal));
process.on('SIGTERM', () => {
  setTimeout(() => process.stdout.write(`${JSON.stringify(caught)}\n`, () => process.exit()), 400);
});
if (title?.startsWith('title=')) process.title = title.slice('title='.length);
setInterval(() => {}, 60_000);
process.stdout.write('ready\n');
