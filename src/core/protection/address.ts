// IP addresses as protection counts them: an IPv4 address, or the /64 that one IPv6 customer has. Whoever has a
// whole /64 must not look like 2^64 strangers.

/** 16 bits each; an IPv4 address is the IPv6 address that it is mapped to. */
type Groups = readonly number[];

/** Addresses that share their first bits. */
export interface Network {
  readonly groups: Groups;
  /** Of 128. */
  readonly bits: number;
}

/** No address is longer: 8 groups, or 6 and an IPv4 address. */
const LONGEST = 45;
const MAPPED: Groups = [0, 0, 0, 0, 0, 0xffff];
const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const GROUP = /^[0-9a-f]{1,4}$/i;

function ipv4Groups(text: string): Groups | undefined {
  const bytes = IPV4.exec(text)?.slice(1).map(Number);
  if (bytes === undefined || bytes.some((byte) => byte > 255)) return undefined;
  const [a, b, c, d] = bytes as [number, number, number, number];
  return [(a << 8) | b, (c << 8) | d];
}

/** The groups of one side of `::`. */
function groupsOf(text: string): Groups | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const last = parts.at(-1)!;
  const tail = last.includes('.') ? ipv4Groups(last) : undefined;
  const plain = tail === undefined ? parts : parts.slice(0, -1);
  if (!plain.every((part) => GROUP.test(part))) return undefined;
  return [...plain.map((part) => Number.parseInt(part, 16)), ...(tail ?? [])];
}

function ipv6Groups(text: string): Groups | undefined {
  const sides = text.split('::').map(groupsOf);
  const [left, right] = sides;
  if (left === undefined || sides.includes(undefined)) return undefined;
  // an IPv4 address may stand at the end only
  if (right !== undefined && text.split('::')[0]!.includes('.')) return undefined;
  if (right === undefined) return left.length === 8 ? left : undefined;
  const missing = 8 - left.length - right.length;
  if (sides.length > 2 || missing < 1) return undefined;
  return [...left, ...new Array<number>(missing).fill(0), ...right];
}

/** Undefined for what is no address: a path, a name. */
function parseAddress(text: string): Groups | undefined {
  const zone = text.indexOf('%');
  const bare = zone === -1 ? text : text.slice(0, zone);
  if (bare.length > LONGEST) return undefined;
  if (bare.includes(':')) return ipv6Groups(bare);
  const groups = ipv4Groups(bare);
  return groups && [...MAPPED, ...groups];
}

function isMapped(groups: Groups): boolean {
  return MAPPED.every((group, i) => groups[i] === group);
}

/**
 * What an address is counted as: `192.0.2.7`, also when it is written as IPv6, or `2001:db8:0:1::/64`. Undefined for
 * what is no address. A `/64` itself is taken too, so that what this returns means the same again.
 */
export function addressKey(text: string): string | undefined {
  const groups = parseAddress(text.endsWith('::/64') ? text.slice(0, -3) : text);
  if (groups === undefined) return undefined;
  if (isMapped(groups))
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 255])
      .join('.');
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** `192.0.2.0/24`, `2001:db8::/32`, or one address. */
function parseNetwork(text: string): Network | undefined {
  const [address, length, ...more] = text.split('/');
  const groups = parseAddress(address!);
  if (groups === undefined || more.length > 0 || !/^\d{1,3}$/.test(length ?? '0')) return undefined;
  const offset = address!.includes(':') ? 0 : 96;
  const bits = length === undefined ? 128 : offset + Number(length);
  return bits > 128 ? undefined : { groups, bits };
}

function namesOf(list: string): string[] {
  return list.split(/[\s,]+/).filter((name) => name !== '');
}

/** What is wrong with a list of addresses and networks; undefined when nothing is. */
export function networksProblem(list: string): string | undefined {
  const wrong = namesOf(list).find((name) => parseNetwork(name) === undefined);
  if (wrong === undefined) return undefined;
  return `${JSON.stringify(wrong)} is no address and no network: write for example 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32`;
}

/** Those of a list with commas or blanks between them; what is none is left out. */
export function parseNetworks(list: string): Network[] {
  return namesOf(list).flatMap((name) => parseNetwork(name) ?? []);
}

/** The bits of group `i` that count in a network of so many bits. */
function mask(bits: number, i: number): number {
  const here = Math.min(16, Math.max(0, bits - 16 * i));
  return (0xffff << (16 - here)) & 0xffff;
}

/** Whether an address is in one of these networks. */
export function isWithin(networks: readonly Network[], address: string): boolean {
  if (networks.length === 0) return false;
  const groups = parseAddress(address);
  if (groups === undefined) return false;
  return networks.some((network) =>
    groups.every((group, i) => ((group ^ network.groups[i]!) & mask(network.bits, i)) === 0),
  );
}
