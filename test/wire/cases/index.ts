// All wire cases.
import type { WireCase } from '../steps.js';
import { acknowledgementCases } from './acknowledgements.js';
import { connectCases } from './connect.js';
import { connect5Cases } from './connect5.js';
import { forwardingCases } from './forwarding.js';
import { optionCases } from './options.js';
import { otherCases } from './others.js';
import { pluginCases } from './plugins.js';
import { propertyCases } from './properties.js';
import { propertyValueCases } from './property-values.js';
import { publishCases } from './publish.js';
import { sessionCases } from './sessions.js';
import { subscribeCases } from './subscribe.js';
import { unsubscribeCases } from './unsubscribe.js';

export const groups: Readonly<Record<string, readonly WireCase[]>> = {
  CONNECT: connectCases,
  'CONNECT of MQTT 5': connect5Cases,
  PUBLISH: publishCases,
  'PUBACK, PUBREC, PUBREL and PUBCOMP': acknowledgementCases,
  SUBSCRIBE: subscribeCases,
  UNSUBSCRIBE: unsubscribeCases,
  'PINGREQ, DISCONNECT, AUTH and wrong packets': otherCases,
  properties: propertyCases,
  'values of properties': propertyValueCases,
  'forwarded messages': forwardingCases,
  sessions: sessionCases,
  'other limits': optionCases,
  plugins: pluginCases,
};
