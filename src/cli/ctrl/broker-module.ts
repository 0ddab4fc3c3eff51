// The module broker of `pondhawk ctrl`: what listeners and plugins a broker has.

import { field, listField, textValue } from '../../auth/control/json-fields.js';
import type { AnswerOutput, CtrlModule } from './ctrl-module.js';
import { INVALID_RESPONSE } from './ctrl-module.js';

type Row = readonly [label: string, key: string];

const listenerRows: readonly Row[] = [
  ['Protocol:', 'protocol'],
  ['Socket path:', 'socket-path'],
  ['Bind address:', 'bind-address'],
];
const LABEL_WIDTH = 18;

function row(label: string, value: string): string {
  return `  ${label.padEnd(LABEL_WIDTH)} ${value}\n`;
}

function listenerText(listener: unknown, number: number): string {
  const port = field(listener, 'port');
  const texts = listenerRows.map(([label, key]) => [label, textValue(listener, key)] as const);
  return [
    `Listener ${number}:\n`,
    typeof port === 'number' ? row('Port:', String(Math.trunc(port))) : '',
    ...texts.map(([label, value]) => (value === undefined ? '' : row(label, value))),
    row('TLS:', String(field(listener, 'tls') === true)),
    '\n',
  ].join('');
}

function showListeners(response: unknown, { print, complain }: AnswerOutput): void {
  const listeners = listField(field(response, 'data'), 'listeners');
  if (listeners === undefined) return complain(INVALID_RESPONSE);
  for (const [at, listener] of listeners.entries()) print(listenerText(listener, at + 1));
}

function endpointLines(plugin: unknown): string {
  const endpoints = listField(plugin, 'control-endpoints') ?? [];
  const texts = endpoints.filter((one) => typeof one === 'string');
  return texts.map((one, at) => `${(at === 0 ? 'Control endpoints:' : '').padEnd(18)} ${one}\n`).join('');
}

function showPlugins(response: unknown, { print, complain }: AnswerOutput): void {
  const plugins = listField(field(response, 'data'), 'plugins');
  if (plugins === undefined) return complain(INVALID_RESPONSE);
  for (const plugin of plugins) {
    const name = textValue(plugin, 'name');
    if (name === undefined) return complain(INVALID_RESPONSE);
    const version = textValue(plugin, 'version');
    print(`Plugin:            ${name}\n`);
    if (version !== undefined) print(`Version:           ${version}\n`);
    print(endpointLines(plugin));
  }
}

const shows: ReadonlyMap<string, typeof showPlugins> = new Map([
  ['listplugins', showPlugins],
  ['listlisteners', showListeners],
]);

const usage = `
Broker Control module
=======================
List plugins    :          listPlugins
List listeners  :          listListeners
`;

export const brokerModule: CtrlModule = {
  requestTopic: '$CONTROL/broker/v1',
  usage: () => usage,
  commands: new Map([
    ['listplugins', () => ({ command: 'listPlugins' })],
    ['listlisteners', () => ({ command: 'listListeners' })],
  ]),
  show: (command, response, output) => shows.get(command.toLowerCase())?.(response, output),
};
