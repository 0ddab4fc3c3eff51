// What signals make the broker write.
import { client, type LogCase } from '../log-case.js';
import { connect, subscribe } from '../packets.js';
import { secured } from './start.js';

const a = client('a');
const b = client('b');

export const signalCases: readonly LogCase[] = [
  {
    name: 'SIGHUP reads the configuration again',
    steps: [
      a.send(connect('one')),
      { do: 'signal', signal: 'SIGHUP' },
      { do: 'write', file: 'mosquitto.conf', text: 'connection_messages false\n' },
      { do: 'signal', signal: 'SIGHUP' },
      b.send(connect('two')),
    ],
  },
  {
    name: 'SIGHUP reads the files of users and rights again',
    ...secured,
    steps: [{ do: 'signal', signal: 'SIGHUP' }],
  },
  {
    name: 'SIGHUP finds a wrong configuration',
    steps: [
      { do: 'write', file: 'mosquitto.conf', text: 'bogus\n' },
      { do: 'signal', signal: 'SIGHUP' },
      a.send(connect('one')),
    ],
  },
  {
    name: 'SIGHUP takes over other log settings',
    steps: [
      { do: 'write', file: 'mosquitto.conf', text: 'log_timestamp false\n' },
      { do: 'signal', signal: 'SIGHUP' },
      a.send(connect('one')),
    ],
  },
  {
    name: 'SIGHUP opens the log file again',
    base: ['listener {port} 127.0.0.1', 'allow_anonymous true', 'user {user}', 'log_dest file {dir}/log.txt'],
    ready: 'probe',
    also: 'file',
    steps: [
      a.send(connect('one')),
      { do: 'rename', file: 'log.txt', to: 'old.txt' },
      { do: 'signal', signal: 'SIGHUP' },
      b.send(connect('two')),
    ],
  },
  {
    name: 'SIGUSR1 without persistence writes nothing',
    steps: [{ do: 'signal', signal: 'SIGUSR1' }, a.send(connect('one'))],
  },
  {
    name: 'SIGUSR2 prints the tree of subscriptions to standard output',
    also: 'stdout',
    steps: [
      a.send(connect('one'), subscribe(['a/b', 1], ['a/+/c', 2], ['#', 0], ['$share/g/a/b', 1])),
      b.send(connect('two'), subscribe(['a/b', 0], ['$SYS/x', 0], ['/', 1])),
      { do: 'signal', signal: 'SIGUSR2' },
    ],
  },
  { name: 'SIGINT ends the broker', steps: [{ do: 'signal', signal: 'SIGINT' }] },
];
