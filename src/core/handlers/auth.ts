// AUTH (MQTT 5 section 4.12): a step of an enhanced authentication, or the start of a new one on a connection
// that is open already. The methods come from plugins.
import { decodeAuth, MqttError, malformed, protocolError, Reader, ReasonCode } from '../../protocol/index.js';
import type { Connection } from '../connection.js';
import { State } from '../connection-state.js';
import type { AuthenticationStep } from '../plugin.js';

export function auth(
  connection: Connection,
  bytes: Uint8Array,
  _start: number,
  body: number,
  end: number,
): boolean {
  if (connection.version !== 5 || connection.authenticationMethod === undefined) {
    throw protocolError('AUTH without an authentication method in CONNECT'); // [MQTT-4.12.0-6]
  }
  const reader = new Reader(bytes, body, end);
  const { reason, properties } = decodeAuth(reader);
  if (reader.remaining > 0) throw malformed('packet is longer than its content');
  if (properties?.authenticationMethod !== connection.authenticationMethod) {
    throw new MqttError(ReasonCode.BadAuthenticationMethod, 'authentication method is not that of CONNECT'); // [MQTT-4.12.0-5]
  }
  if (connection.state === State.CONNECTED && reason === ReasonCode.ReAuthenticate) {
    connection.exchange = connection.engine.hooks.authenticationMethods.get(connection.authenticationMethod)!(
      connection,
    );
  } else if (reason !== ReasonCode.ContinueAuthentication)
    throw protocolError('AUTH with a reason code that does not fit here'); // [MQTT-4.12.0-3]
  else if (connection.exchange === null) throw protocolError('AUTH without an exchange under way');
  return authenticateNext(connection, properties.authenticationData, (step) => finish(connection, step));
}

/** Takes one step; `done` runs when the client is who it says. Returns whether to go on reading. */
export function authenticateNext(
  connection: Connection,
  data: Uint8Array | undefined,
  done: (step: AuthenticationStep) => boolean,
): boolean {
  const { engine } = connection;
  const answer = (step: AuthenticationStep | null): boolean => {
    if (step === null) {
      engine.metrics.authenticationFailures++;
      // one that was not in yet is counted when its connection has ended
      if (connection.isConnected) engine.protection.notConnected(connection, ReasonCode.NotAuthorized);
      // [MQTT-4.12.0-4] [MQTT-4.12.1-2]
      connection.disconnect(ReasonCode.NotAuthorized, 'authentication failed');
      return false;
    }
    if (step.done) {
      connection.exchange = null;
      return done(step);
    }
    const { authenticationMethod } = connection;
    const properties = { authenticationMethod, authenticationData: step.data };
    // [MQTT-4.12.0-2]
    connection.send({ type: 'auth', reason: ReasonCode.ContinueAuthentication, properties });
    return true;
  };
  const step = engine.decisions.nextAuthenticationStep(connection, data);
  if (!(step instanceof Promise)) return answer(step);
  connection.later(step, answer);
  return false;
}

/** The exchange of CONNECT ends with CONNACK, a later one with AUTH. */
function finish(connection: Connection, step: AuthenticationStep): boolean {
  if (connection.state === State.CONNECTING) return connection.engine.finishAuthentication(connection, step);
  const { authenticationMethod } = connection;
  // what it may do, and what it has, was decided for this name
  if (step.username !== undefined && step.username !== connection.username)
    throw new MqttError(ReasonCode.NotAuthorized, 'a client cannot become another user');
  const properties = { authenticationMethod, authenticationData: step.data };
  connection.send({ type: 'auth', reason: ReasonCode.Success, properties });
  return true;
}
