// The signed lists that a device carries, as `billettique.rules.keys` writes them: checked, read, and never replaced by an
// older one. Instants become milliseconds since 1970.

import { isSigned, keyring, octetsOf, publicKeyOf } from "./verify.mjs";

const KEYS = "mobigo seller keys 1\n";
const REVOCATIONS = "mobigo revoked tickets 1\n";
const CLOCK_AHEAD_MAX = 600_000;

export class BadList extends Error {}

const octetsOfBase64 = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));

async function opened(purpose, sealedText, roots, newest, now) {
  let sealed;
  try {
    sealed = JSON.parse(sealedText);
  } catch {
    throw new BadList("malformed");
  }
  if (!roots.includes(sealed.by)) throw new BadList("not signed");
  const root = await publicKeyOf(octetsOf(sealed.by));
  const said = new TextEncoder().encode(purpose + sealed.list);
  if (!root || !(await isSigned(root, said, octetsOfBase64(sealed.signature)))) throw new BadList("not signed");
  const list = JSON.parse(sealed.list);
  if (list.sequence < newest) throw new BadList("older");
  if (Date.parse(list.issued) > now + CLOCK_AHEAD_MAX) throw new BadList("from the future");
  if (now > Date.parse(list.expires)) throw new BadList("expired");
  return list;
}

/** What the signed lists say: {keys, revocations}, ready for `verify`. Throws BadList. `newest`: the numbers of the lists
 * held before, {keys, revocations}. */
export async function readLists(carried, newest = { keys: 0, revocations: 0 }, now = Date.now()) {
  const keys = await opened(KEYS, carried.keys, carried.roots, newest.keys, now);
  const revoked = await opened(REVOCATIONS, carried.revocations, carried.roots, newest.revocations, now);
  return { ...(await ready(keys, revoked)), sequences: { keys: keys.sequence, revocations: revoked.sequence } };
}

/** The same of lists that were checked when they came: their age is told, and `verify` refuses keys that are over. */
export async function reopenLists(carried) {
  return ready(JSON.parse(JSON.parse(carried.keys).list), JSON.parse(JSON.parse(carried.revocations).list));
}

async function ready(keys, revoked) {
  const at = (text) => (text === null ? null : Date.parse(text));
  return {
    keys: await keyring({
      issuedAt: at(keys.issued),
      expiresAt: at(keys.expires),
      keys: keys.keys.map((each) => ({
        ...each, first: at(each.first), last: at(each.last), accepted: at(each.accepted), revoked: at(each.revoked),
      })),
    }),
    revocations: {
      issuedAt: at(revoked.issued),
      expiresAt: at(revoked.expires),
      marks: new Set(marksOf(revoked.marks)),
    },
  };
}

/** Marks of eight octets packed one behind the other, each in hexadecimal. */
export function marksOf(packed) {
  const octets = octetsOfBase64(packed);
  const marks = [];
  for (let at = 0; at + 8 <= octets.length; at += 8) {
    let mark = "";
    for (let place = at; place < at + 8; place += 1) mark += octets[place].toString(16).padStart(2, "0");
    marks.push(mark);
  }
  return marks;
}
