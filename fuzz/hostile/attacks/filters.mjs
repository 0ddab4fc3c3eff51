// Subscribing by the thousand, and filters that are made to be many or to match much.
import { until } from '../client.mjs';
import { subscribe, Type } from '../wire.mjs';

/** Sends filters in packets of many, reading the SUBACKs as they come; counts the codes. */
export async function subscribeAll(client, count, perPacket, filterOf, check) {
  const codes = { granted: 0, quota: 0, other: 0 };
  let answered = 0;
  let packets = 0;
  client.onPacket = (first, bytes, start, end) => {
    if (first >> 4 !== Type.SUBACK) return false;
    answered++;
    // the properties (a reason string when something was refused) are shorter than 16,384 bytes
    const length = bytes[start + 2] & 0x7f;
    const codesAt =
      bytes[start + 2] < 0x80 ? start + 3 + length : start + 4 + length + bytes[start + 3] * 128;
    for (let at = codesAt; at < end; at++) {
      if (bytes[at] <= 2) codes.granted++;
      else if (bytes[at] === 0x97) codes.quota++;
      else codes.other++;
    }
    return true;
  };
  for (let from = 0; from < count && !client.isClosed; from += perPacket) {
    const filters = [];
    for (let i = from; i < Math.min(from + perPacket, count); i++) filters.push(filterOf(i));
    packets++;
    await client.sendAll(subscribe({ id: (packets % 65_535) + 1, filters, qos: 0 }));
    if (packets - answered > 20) await until(() => packets - answered <= 10 || client.isClosed, 60_000, 1);
  }
  await until(() => answered === packets || client.isClosed, 120_000);
  client.onPacket = () => false;
  check(answered === packets || client.isClosed, `${answered} SUBACKs for ${packets} packets`);
  return codes;
}

/** What subscribeAll counted, in words. */
export function told(codes, client) {
  const end = client.isClosed ? `, closed (reason 0x${client.reason?.toString(16)})` : '';
  return `${codes.granted} granted, ${codes.quota} × 0x97${codes.other > 0 ? `, ${codes.other} refused otherwise` : ''}${end}`;
}

/** Every filter of `a` and `+` over so many levels: one topic matches all of them. */
export function combination(number, levels, last) {
  let text = '';
  for (let level = 0; level < levels; level++) text += ((number >> level) & 1) === 1 ? '+/' : 'a/';
  return text + last;
}
