// What to do with each packet type. A handler returns false to stop reading: it closed the connection, or it
// waits for somebody and goes on with `connection.later`.
import { protocolError } from '../../protocol/index.js';
import type { Connection } from '../connection.js';
import { auth } from './auth.js';
import { connect } from './connect.js';
import { disconnect } from './disconnect.js';
import { pingreq } from './pingreq.js';
import { puback } from './puback.js';
import { pubcomp } from './pubcomp.js';
import { publish } from './publish.js';
import { pubrec } from './pubrec.js';
import { pubrel } from './pubrel.js';
import { subscribe } from './subscribe.js';
import { unsubscribe } from './unsubscribe.js';

export type Handler = (
  connection: Connection,
  bytes: Uint8Array,
  start: number,
  body: number,
  end: number,
  owned: boolean,
) => boolean;

/** A packet that only servers send. */
const refuse: Handler = () => {
  throw protocolError('packet that only a server may send');
};

/** By packet type number. */
export const handlers: readonly Handler[] = [
  refuse, // 0 is reserved
  connect,
  refuse, // CONNACK
  publish,
  puback,
  pubrec,
  pubrel,
  pubcomp,
  subscribe,
  refuse, // SUBACK
  unsubscribe,
  refuse, // UNSUBACK
  pingreq,
  refuse, // PINGRESP
  disconnect,
  auth,
];
