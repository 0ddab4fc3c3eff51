// The plugin_opt_http_ lines of a configuration file, as the options of the plugin. What is sent unless they say
// otherwise is what servers for mosquitto-go-auth expect.
import type { HttpAuthOptions } from '../http-plugin.js';
import { PluginOptionError, PluginOptions } from '../plugin-options.js';
import type { RequestTemplate } from './template.js';

type Kind = 'user' | 'acl' | 'superuser';

const defaultBodies: Readonly<Record<Kind, string>> = {
  user: 'username=%u&password=%P&clientid=%c',
  acl: 'username=%u&clientid=%c&topic=%t&acc=%A',
  superuser: 'username=%u',
};

/** `name=value&name=value`; a value may have = in it, but no &. */
function fieldsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split('&').map((field) => {
      const end = field.indexOf('=');
      if (end < 1) throw new PluginOptionError('The body of a request has to be NAME=VALUE&NAME=VALUE….');
      return [field.slice(0, end), field.slice(end + 1)];
    }),
  );
}

function readTemplate(
  options: PluginOptions,
  kind: Kind,
  shared: Pick<RequestTemplate, 'format' | 'headers'>,
): RequestTemplate | undefined {
  const url = options.text(`http_${kind}_url`);
  const method = options.choice(`http_${kind}_method`, ['GET', 'POST', 'PUT']);
  const body = options.text(`http_${kind}_body`) ?? defaultBodies[kind];
  return url === undefined ? undefined : { url, method, fields: fieldsOf(body), ...shared };
}

/** Throws PluginOptionError. `given`: names without plugin_opt_ to their values. */
export async function readHttpSettings(given: Readonly<Record<string, string>>): Promise<HttpAuthOptions> {
  const options = new PluginOptions(given);
  const shared = {
    format: options.choice('http_format', ['json', 'form']),
    headers: Object.fromEntries(options.family('http_header_')),
  };
  const settings: HttpAuthOptions = {
    user: readTemplate(options, 'user', shared),
    acl: readTemplate(options, 'acl', shared),
    superuser: readTemplate(options, 'superuser', shared),
    answer: options.choice('http_answer', ['status', 'json']),
    timeout: options.number('http_timeout', { min: 0.1, max: 60 }),
    cacheSeconds: options.number('http_cache_seconds', { min: 0, max: 86_400 }),
    cacheSize: options.number('http_cache_size', { min: 0, max: 10_000_000 }),
    concurrency: options.number('http_concurrency', { min: 1, max: 1000 }),
    queue: options.number('http_queue', { min: 0, max: 100_000 }),
    ca: (await options.file('http_ca_file'))?.toString('latin1'),
  };
  options.finish();
  return settings;
}
