// What is said of a TLS connection that fails, with Node's errors as they are.
import { describe, expect, test } from 'vitest';
import { ClientError } from '../client/errors.js';
import type { ToolConfig } from './client-config.js';
import { connectProblem, unreachable } from './connect-problem.js';

function failed(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

const untrusted = failed('self-signed certificate in certificate chain', 'SELF_SIGNED_CERT_IN_CHAIN');
const alert = failed(
  '80FC437FD47F0000:error:0A000410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:a.c:1601:SSL alert number 40\n',
  'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
);
const cut = failed(
  'Client network socket disconnected before secure TLS connection was established',
  'ECONNRESET',
);
const certificateRequired = failed(
  '807C2E23B87F0000:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:a.c:1601:SSL alert number 116\n',
  'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
);

describe('a handshake that fails', () => {
  test.each([
    [untrusted, 'certificate verify failed: self-signed certificate in certificate chain'],
    [alert, 'ssl/tls alert handshake failure'],
    [cut, 'unexpected eof while reading'],
  ])('is a protocol error, and the reason is said: %s', (error, reason) => {
    expect(unreachable(error)).toMatchObject({ code: 14, text: `Error: Protocol error: ${reason}\n` });
  });

  test.each([
    [untrusted, 'error:0A000086:SSL routines::certificate verify failed'],
    [alert, 'error:0A000410:SSL routines::ssl/tls alert handshake failure'],
    [cut, 'error:0A000126:SSL routines::unexpected eof while reading'],
  ])('has a line of OpenSSL with -d instead: %s', (error, tls) => {
    expect(unreachable(error, true)).toEqual({ code: 14, text: 'Error: Protocol error\n', tls });
  });
});

describe('a connection that was lost', () => {
  const config = { debug: true } as ToolConfig;

  test('has the line of OpenSSL when TLS has ended it', () => {
    const error = new ClientError('lost', 'the connection broke', { cause: certificateRequired });
    expect(connectProblem(config, error)).toEqual({
      code: 7,
      text: 'Error: The connection was lost\n',
      tls: 'error:0A00045C:SSL routines::tlsv13 alert certificate required',
    });
  });

  test('has none when the network has ended it', () => {
    const error = new ClientError('lost', 'the connection broke', {
      cause: failed('read ECONNRESET', 'ECONNRESET'),
    });
    expect(connectProblem(config, error)).toEqual({ code: 7, text: 'Error: The connection was lost\n' });
  });
});
