// `-D COMMAND NAME VALUE`: MQTT 5 properties from the command line, driven by the table of protocol/properties.ts.
// Lists are kept until the end, because Mosquitto looks for repeated properties only when the packet is to be sent.
import { PacketType } from '../protocol/packet-types.js';
import {
  type Properties,
  type PropertyRule,
  type PropertyType,
  propertyRules,
  WILL,
} from '../protocol/properties.js';
import { isPlainText, isPublishTopic, readLong } from './client-values.js';

/** The packets of a client whose properties can be given. */
export type ClientPacket = 'connect' | 'publish' | 'subscribe' | 'unsubscribe' | 'disconnect';
export type PropertyOwner = ClientPacket | 'will';

/** Why libmosquitto refuses a list of properties: a value or place is wrong, one is repeated, it is not MQTT 5. */
export type PropertyProblem = 'protocol' | 'duplicate' | 'unsupported';

type PropertyValue = string | number | Uint8Array | [name: string, value: string];

interface GivenProperty {
  readonly rule: PropertyRule;
  readonly value: PropertyValue;
}

export type PropertyLists = Record<PropertyOwner, GivenProperty[]>;

export function newPropertyLists(): PropertyLists {
  return { connect: [], publish: [], subscribe: [], unsubscribe: [], disconnect: [], will: [] };
}

/** Every command that Mosquitto knows by name. */
const commands: ReadonlyMap<string, number> = new Map([
  ['connect', PacketType.CONNECT],
  ['connack', PacketType.CONNACK],
  ['publish', PacketType.PUBLISH],
  ['puback', PacketType.PUBACK],
  ['pubrec', PacketType.PUBREC],
  ['pubrel', PacketType.PUBREL],
  ['pubcomp', PacketType.PUBCOMP],
  ['subscribe', PacketType.SUBSCRIBE],
  ['suback', PacketType.SUBACK],
  ['unsubscribe', PacketType.UNSUBSCRIBE],
  ['unsuback', PacketType.UNSUBACK],
  ['disconnect', PacketType.DISCONNECT],
  ['auth', PacketType.AUTH],
  ['will', WILL],
]);

const unusualNames: Partial<Record<PropertyRule['name'], string>> = {
  maximumQoS: 'maximum-qos',
  userProperties: 'user-property',
};

function shownName({ name }: PropertyRule): string {
  return unusualNames[name] ?? name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const rules: ReadonlyMap<string, PropertyRule> = new Map(
  propertyRules.map((rule) => [shownName(rule), rule]),
);

function isAllowed(rule: PropertyRule, packet: number): boolean {
  return (rule.packets & (1 << packet)) !== 0;
}

/** The number of a type in Mosquitto, and for numbers what is too large for it. */
const types: Readonly<Record<PropertyType, { number: number; largest?: bigint }>> = {
  byte: { number: 1, largest: 0xffn },
  uint16: { number: 2, largest: 0xffffn },
  uint32: { number: 3, largest: 0xffff_ffffn },
  variableByteInteger: { number: 4, largest: 0xffff_ffffn },
  binary: { number: 5 },
  string: { number: 6 },
  pair: { number: 7 },
};

const LARGEST_VARINT = 268_435_455;
const MAX_STRING_BYTES = 65_535;
const NOT_ENOUGH = 'Error: --property argument given but not enough arguments specified.\n\n';

function fits(text: string): boolean {
  return Buffer.byteLength(text) <= MAX_STRING_BYTES;
}

/** Whether a value that has the right type can be put into a packet. */
function isSendable(value: PropertyValue): boolean {
  if (typeof value === 'number') return value <= LARGEST_VARINT;
  if (typeof value === 'string') return isPlainText(value) && fits(value);
  if (value instanceof Uint8Array) return true;
  return isPlainText(value[0]) && fits(value[0]) && fits(value[1]);
}

/** The value in the type of its property; a string in `error` is what is wrong with it. */
function readValue(
  rule: PropertyRule,
  shown: string,
  texts: readonly string[],
): { value: PropertyValue } | { error: string } {
  const { number, largest } = types[rule.type];
  const text = texts[0]!;
  if (largest !== undefined) {
    const long = readLong(text);
    if (long < 0n || long > largest) {
      return { error: `Error: Property value (${long}) out of range for property ${shown}.\n\n` };
    }
    if (rule.type !== 'variableByteInteger') return { value: Number(long) };
  }
  if (rule.type === 'binary' && !fits(text)) {
    return { error: `Error: Property value too long for property ${shown}.\n\n` };
  }
  const value: PropertyValue =
    rule.type === 'variableByteInteger'
      ? Number(readLong(text))
      : rule.type === 'binary'
        ? new TextEncoder().encode(text)
        : rule.type === 'pair'
          ? [text, texts[1]!]
          : text;
  if (!isSendable(value)) return { error: `Error adding property ${shown} ${number}\n` };
  return { value };
}

/** Reads what follows -D from a position on. Returns how many arguments that were, or what is wrong with them. */
export function addProperty(lists: PropertyLists, args: readonly string[], at: number): number | string {
  const [command, name] = args.slice(at, at + 2) as [string, string];
  if (at + 2 >= args.length) return NOT_ENOUGH;
  const packet = commands.get(command.toLowerCase());
  if (packet === undefined) return `Error: Invalid command ${command} given in --property argument.\n\n`;
  const rule = rules.get(name.toLowerCase());
  if (rule === undefined) return `Error: Invalid property name ${name} given in --property argument.\n\n`;
  // Mosquitto lets a reason string pass for the will, too, and then sends it or not
  if (!isAllowed(rule, packet) && !(packet === WILL && rule.name === 'reasonString')) {
    return `Error: ${name} property not allowed for ${command} in --property argument.\n\n`;
  }
  const length = rule.type === 'pair' ? 4 : 3;
  if (at + length > args.length) return NOT_ENOUGH;
  if (packet === PacketType.CONNACK) return '';
  const list = lists[command.toLowerCase() as PropertyOwner] as GivenProperty[] | undefined;
  if (list === undefined || (packet === PacketType.PUBLISH && rule.name === 'subscriptionIdentifier')) {
    return `Error: ${name} property not supported for ${command} in --property argument.\n\n`;
  }
  const read = readValue(rule, name, args.slice(at + 2, at + length));
  if ('error' in read) return read.error;
  list.push({ rule, value: read.value });
  return length;
}

/** Adds a property that stands for another flag. */
export function appendProperty(list: GivenProperty[], shown: string, value: string | number): void {
  list.push({ rule: rules.get(shown)!, value });
}

/** Numbers that libmosquitto does not send as 0. A subscription identifier of 0 is left to the broker. */
const notZero: readonly string[] = ['receiveMaximum', 'topicAlias', 'maximumPacketSize'];

function isWrong({ rule, value }: GivenProperty, packet: number): boolean {
  if (!isAllowed(rule, packet)) return true;
  if (rule.range === 'boolean') return (value as number) > 1;
  if (rule.name === 'responseTopic') return !isPublishTopic(value as string);
  return value === 0 && notZero.includes(rule.name);
}

/** The first thing that keeps these properties from being sent. */
export function propertyProblem(
  list: readonly GivenProperty[],
  owner: PropertyOwner,
): PropertyProblem | undefined {
  const packet = commands.get(owner)!;
  for (const [at, given] of list.entries()) {
    if (isWrong(given, packet)) return 'protocol';
    const isRepeated = list.some(({ rule }, other) => other > at && rule === given.rule);
    if (isRepeated && given.rule.type !== 'pair') return 'duplicate';
  }
  return undefined;
}

/** The properties as the protocol modules take them; of one that is repeated the last. */
export function toProperties(list: readonly GivenProperty[]): Properties {
  const properties: Record<string, unknown> = {};
  for (const { rule, value } of list) {
    if (rule.type === 'pair')
      properties[rule.name] = [...((properties[rule.name] as unknown[]) ?? []), value];
    else properties[rule.name] = rule.type === 'variableByteInteger' ? [value] : value;
  }
  return properties;
}
