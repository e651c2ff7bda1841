// Is this code a good ticket, here and now? The same steps in the same order as `billettique.rules.verify`, and no early
// yes: a test holds the two against each other. Nothing here asks the network. Instants are milliseconds since 1970.

import { DYNAMIC, hex, readCode } from "./norm.mjs";
import { classSuffices, fitOf, markOf, markOfCode, readTicket } from "./ticket.mjs";
import { Malformed, decode } from "./uper.mjs";

const CODE_OCTETS_MAX = 1024;
const MINUTE = 60_000;
const DYNAMIC_S = 120;
const HALF_A_YEAR = 183 * 86_400_000;
const PRIME = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const CURVE_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

export const TRIAL = { specimensGood: true, skewMs: 60_000 };
export const PRODUCTION = { specimensGood: false, skewMs: 60_000 };

/** {answer, code, params, ticket, mark, keysS, revocationsS}. `keys`: what `keyring` made; `revocations`:
 * {issuedAt, expiresAt, marks: Set}; `used`: a Map of instants by mark; `here`: see `fitOf`, and `travelClass`. */
export async function verify(octets, { keys, revocations, used, now, here = null, policy = PRODUCTION }) {
  const ages = {
    keysS: Math.max(0, Math.trunc((now - keys.issuedAt) / 1000)),
    revocationsS: Math.max(0, Math.trunc((now - revocations.issuedAt) / 1000)),
  };
  const said = (answer, code, params = {}, ticket = null, mark = null) =>
    ({ answer, code: `billettique.${code}`, params, ticket, mark, ...ages });
  let code;
  let ticket;
  let shownAt;
  try {
    if (octets.length > CODE_OCTETS_MAX) {
      return said("UNREADABLE", "code_too_long", { octets: octets.length, octets_max: CODE_OCTETS_MAX });
    }
    code = readCode(octets);
    ticket = theTicket(code);
    shownAt = shownAtOf(code, now);
  } catch (wrong) {
    if (wrong instanceof Malformed) return said("UNREADABLE", wrong.reason ?? "code_malformed");
    if (wrong.documents !== undefined) return said("UNREADABLE", "not_one_document", { documents: wrong.documents });
    throw wrong;
  }
  const unsigned =
    (await refusalOfSeller(code, ticket, keys, now, policy)) ?? (await refusalOfTelephone(code, shownAt, now, policy));
  if (unsigned) return said(...unsigned);
  const mark = await markOf(ticket);
  const ownMark = await markOfCode(code.signed1);
  const refusal = refusalOfTicket(code, ticket, [mark, ownMark], revocations, used, now, here, policy);
  if (refusal) return said(...refusal, ticket, mark);
  if (here && fitOf(ticket.area, here) === "untold") return said("OK", "ticket_good_place_untold", {}, ticket, mark);
  if (now > revocations.expiresAt) {
    return said("OK", "ticket_good_old_list", { at: revocations.issuedAt }, ticket, mark);
  }
  return said("OK", "ticket_good", {}, ticket, mark);
}

/** Whether checking this ticket uses it up. */
export const usesUp = (ticket) => ticket.kind === "openTicket";

function theTicket(code) {
  const tickets = code.data.filter((each) => each.dataFormat === "FCB3");
  if (tickets.length !== 1) throw { documents: tickets.length };
  const ticket = readTicket(tickets[0].data);
  if (!ticket.issuer) ticket.issuer = code.provider; // then it is whoever signed it
  return ticket;
}

/** The telephone's stamp: its year is not in it, so it is the instant nearest `now`. */
function shownAtOf(code, now) {
  if (!code.dynamic) return null;
  if (code.dynamic.dataFormat !== "FDC1") {
    throw Object.assign(new Malformed("another format"), { reason: "code_of_another_format" });
  }
  const stamp = decode(DYNAMIC, code.dynamic.data).dynamicContentTimeStamp;
  if (!stamp) return null;
  const thisYear = new Date(now).getUTCFullYear();
  for (const year of [thisYear, thisYear - 1, thisYear + 1]) {
    const at = Date.UTC(year, 0, stamp.day) + stamp.time * 1000;
    if (new Date(at).getUTCFullYear() === year && Math.abs(at - now) <= HALF_A_YEAR) return at;
  }
  return null;
}

async function refusalOfSeller(code, ticket, keys, now, policy) {
  const named = { provider: code.provider, key_id: code.keyId };
  if (now > keys.expiresAt) return ["UNKNOWN_KEY", "key_list_expired", { at: keys.expiresAt }];
  const key = keys.byName.get(nameOf(code.provider, code.keyId));
  if (!key) return ["UNKNOWN_KEY", "key_not_listed", named];
  if (key.revokedAt !== null) return ["UNKNOWN_KEY", "key_revoked", { at: key.revokedAt, ...named }];
  if (!(key.firstAt - policy.skewMs <= now && now <= key.acceptedUntil)) {
    return ["UNKNOWN_KEY", "key_not_in_its_time", named];
  }
  if (code.otherAlgorithm) return ["UNKNOWN_KEY", "key_of_another_algorithm", named];
  if (!code.signature1 || !(await isSigned(key.publicKey, code.signed1, code.signature1))) {
    return ["BAD_SIGNATURE", "signature_1_bad", {}];
  }
  if (ticket.issuer !== code.provider) {
    return ["UNKNOWN_KEY", "key_of_another_seller", { issuer: ticket.issuer, ...named }];
  }
  if (!(key.firstAt < ticket.issuedAt + MINUTE && ticket.issuedAt <= key.lastAt)) {
    return ["UNKNOWN_KEY", "key_not_in_its_time", named];
  }
  return null;
}

async function refusalOfTelephone(code, shownAt, now, policy) {
  if (!code.boundKey) {
    return code.dynamic || code.signature2 ? ["BAD_SIGNATURE", "unsigned_part", {}] : null;
  }
  if (!code.dynamic || !code.signature2) return ["BAD_SIGNATURE", "signature_2_missing", {}];
  const telephone = await publicKeyOf(code.boundKey);
  if (!telephone || !(await isSigned(telephone, code.signed2, code.signature2))) {
    return ["BAD_SIGNATURE", "signature_2_bad", {}];
  }
  if (shownAt === null) return ["STALE_DYNAMIC", "dynamic_without_stamp", {}];
  if (shownAt > now + policy.skewMs) return ["STALE_DYNAMIC", "dynamic_from_the_future", { at: shownAt }];
  if (now > shownAt + (code.durationS ?? DYNAMIC_S) * 1000 + policy.skewMs) {
    return ["STALE_DYNAMIC", "dynamic_too_old", { at: shownAt }];
  }
  return null;
}

function refusalOfTicket(code, ticket, [mark, ownMark], revocations, used, now, here, policy) {
  if (ticket.specimen && !policy.specimensGood) return ["REVOKED", "specimen", {}];
  if (!ticket.activated) return ["NOT_YET", "not_activated", {}];
  if (now < ticket.firstAt) return ["NOT_YET", "good_from", { at: ticket.firstAt }];
  if (now >= ticket.lastAt + MINUTE) return ["EXPIRED", "good_until", { at: ticket.lastAt }];
  if (code.endAt !== null && now >= code.endAt + MINUTE) return ["EXPIRED", "code_to_be_renewed", { at: code.endAt }];
  const fit = here ? fitOf(ticket.area, here) : "good";
  if (fit === "elsewhere") return ["WRONG_AREA", "not_good_here", {}];
  if (fit === "beyond") return ["WRONG_AREA", "not_good_at_this_stop", {}];
  if (here && !classSuffices(ticket.travelClass, here.travelClass)) {
    return ["WRONG_AREA", "not_good_in_first_class", {}];
  }
  if (revocations.marks.has(mark)) return ["REVOKED", "ticket_revoked", {}];
  if (revocations.marks.has(ownMark)) return ["REVOKED", "code_replaced", {}];
  if (used.has(mark)) return ["USED", "ticket_used", { at: used.get(mark) }];
  return null;
}

// ---------------------------------------------------------------- keys

const nameOf = (provider, keyId) => `${provider} ${keyId}`;

/** A key list made ready: {issuedAt, expiresAt, keys: [{provider, key, point, first, last, accepted, revoked}]}, points
 * in hexadecimal, instants as numbers. What is no point of the curve is as if it were not listed. */
export async function keyring(listed) {
  const byName = new Map();
  for (const each of listed.keys) {
    const publicKey = await publicKeyOf(octetsOf(each.point));
    if (!publicKey) continue;
    byName.set(nameOf(each.provider, each.key), {
      publicKey, firstAt: each.first, lastAt: each.last, acceptedUntil: each.accepted, revokedAt: each.revoked,
    });
  }
  return { issuedAt: listed.issuedAt, expiresAt: listed.expiresAt, byName };
}

export const octetsOf = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** The key of a compressed point of P-256; null when it is none. */
export async function publicKeyOf(point) {
  if (point.length !== 33 || (point[0] !== 2 && point[0] !== 3)) return null;
  const x = BigInt(`0x${hex(point.slice(1))}`);
  if (x >= PRIME) return null;
  const square = (((x * x - 3n) * x + CURVE_B) % PRIME + PRIME) % PRIME;
  let y = power(square, (PRIME + 1n) / 4n);
  if ((y * y) % PRIME !== square) return null;
  if ((y & 1n) !== BigInt(point[0] & 1)) y = PRIME - y;
  if (y === PRIME) return null; // zero has one root only, and its compressed form one sign
  const raw = new Uint8Array(65);
  raw[0] = 4;
  raw.set(point.slice(1), 1);
  raw.set(octetsOf(y.toString(16).padStart(64, "0")), 33);
  try {
    return await crypto.subtle.importKey("raw", raw, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  } catch {
    return null;
  }
}

function power(base, exponent) {
  let result = 1n;
  let factor = base;
  for (let left = exponent; left; left >>= 1n) {
    if (left & 1n) result = (result * factor) % PRIME;
    factor = (factor * factor) % PRIME;
  }
  return result;
}

/** Whether the holder of `key` signed `octets`; the signature is DER, and in no other of its forms. */
export async function isSigned(key, octets, signature) {
  const raw = rawSignature(signature);
  return raw !== null && crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, raw, octets);
}

/** (r, s) of a DER signature as 64 octets; null when it is not in the one form (X.690 §10-11). */
export function rawSignature(der) {
  if (der.length < 8 || der[0] !== 0x30 || der[1] !== der.length - 2 || der[1] >= 0x80) return null;
  const raw = new Uint8Array(64);
  let at = 2;
  for (const place of [32, 64]) {
    const octets = der[at + 1];
    if (der[at] !== 2 || !octets || octets > 33 || at + 2 + octets > der.length) return null;
    let number = der.slice(at + 2, at + 2 + octets);
    if (number[0] >= 0x80) return null; // negative
    if (number[0] === 0 && octets > 1) {
      if (number[1] < 0x80) return null; // the long way
      number = number.slice(1);
    }
    if (number.length > 32) return null;
    raw.set(number, place - number.length);
    at += 2 + octets;
  }
  return at === der.length ? raw : null;
}
