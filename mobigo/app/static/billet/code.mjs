// The code that a telephone shows: its stamp and its signature around what the seller signed. The same bits as
// `billettique.rules.issuing.show_code`: canonical unaligned PER (X.691), header U2, dynamic part FDC1.

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** Bits behind one another; whole octets at the end, filled with zeros. */
class Bits {
  constructor() {
    this.list = [];
  }

  number(value, width) {
    for (let place = width - 1; place >= 0; place--) this.list.push(Math.floor(value / 2 ** place) % 2);
    return this;
  }

  /** The first `count` bits of octets. */
  some(octets, count) {
    for (let at = 0; at < count; at++) this.list.push((octets[at >> 3] >> (7 - (at & 7))) & 1);
    return this;
  }

  /** Octets of any number, their number before them: 7 bits of it, or 14 bits behind "10". */
  octets(octets) {
    if (octets.length < 0x80) this.number(octets.length, 8);
    else this.number(0x8000 + octets.length, 16);
    return this.some(octets, octets.length * 8);
  }

  /** A text of IA5: 7 bits a letter. */
  text(words) {
    this.number(words.length, 8);
    for (const letter of words) this.number(letter.charCodeAt(0), 7);
    return this;
  }

  whole() {
    const octets = new Uint8Array(Math.ceil(this.list.length / 8));
    this.list.forEach((bit, at) => (octets[at >> 3] |= bit << (7 - (at & 7))));
    return octets;
  }
}

/** The dynamic part: the day of the year and the second, in UTC, and nothing else (a bit for each of five components,
 * one more for those of later versions). */
function stamp(at) {
  const begins = Date.UTC(at.getUTCFullYear(), 0, 1);
  const seconds = Math.floor((at.getTime() - begins) / 1000);
  return new Bits().number(0b001000, 6).number(Math.floor(seconds / 86_400), 9).number(seconds % 86_400, 17).whole();
}

/** The second level: the seller's, the seller's signature, the stamp. */
function level2(parts, dynamic) {
  return new Bits().number(0b11, 2).some(parts.level1, parts.bits).octets(parts.signature1).text("FDC1").octets(dynamic);
}

/** A signature as browsers give it (r and s, 32 octets each) in DER, as codes carry it. */
export function der(raw) {
  const whole = (octets) => {
    let at = 0;
    while (at < octets.length - 1 && octets[at] === 0) at++;
    const short = octets.slice(at);
    const body = short[0] & 0x80 ? [0, ...short] : [...short];
    return [2, body.length, ...body];
  };
  const both = [...whole(raw.slice(0, 32)), ...whole(raw.slice(32, 64))];
  return new Uint8Array([0x30, both.length, ...both]);
}

/** The octets of the code shown at an instant. `parts`: {level1, bits, signature1}; `sign`: octets → raw signature. */
export async function showCode(parts, at, sign) {
  const inner = level2(parts, stamp(at));
  const signature = der(new Uint8Array(await sign(inner.whole())));
  const code = new Bits().number(1, 1).text("U2");
  for (const bit of inner.list) code.list.push(bit);
  return code.octets(signature).whole();
}

/** A key pair whose private half never leaves this telephone, nor this script. */
export const newKeys = () => crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);

export const signer = (keys) => (octets) => crypto.subtle.sign(ALGORITHM, keys.privateKey, octets);

/** The public key as codes carry it: a compressed point, in hexadecimal. */
export async function pointOf(keys) {
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
  return hex([2 + (raw[64] & 1), ...raw.slice(1, 33)]);
}

export const hex = (octets) => [...octets].map((octet) => octet.toString(16).padStart(2, "0")).join("");
export const fromHex = (text) => new Uint8Array((text.match(/../g) ?? []).map((pair) => parseInt(pair, 16)));

/** What the page was told of a bound code, ready for `showCode`. */
export const partsOf = (told) => ({
  level1: fromHex(told.level_1), bits: told.bits, signature1: fromHex(told.signature_1),
});
