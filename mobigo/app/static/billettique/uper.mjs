// Reading canonical unaligned PER (X.691), as `billettique.rules.uper` does: one value has one encoding, and no other is
// read. A kind is a function from a reader to a value; whatever is wrong is a Malformed. Nothing is written here.

export class Malformed extends Error {}

const INTEGER_OCTETS_MAX = 8;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class Reader {
  constructor(octets) {
    this.octets = octets;
    this.at = 0; // in bits
    this.end = octets.length * 8;
  }

  /** The next `width` bits (up to 32) as a number. */
  bits(width) {
    let left = width;
    let value = 0;
    if (this.at + width > this.end) throw new Malformed("it ends too early");
    while (left > 0) {
      const inOctet = 8 - (this.at & 7);
      const taken = Math.min(left, inOctet);
      const octet = this.octets[this.at >> 3];
      value = value * 2 ** taken + ((octet >> (inOctet - taken)) & ((1 << taken) - 1));
      this.at += taken;
      left -= taken;
    }
    return value;
  }

  /** The next `count` octets, wherever they begin. */
  take(count) {
    if (this.at + count * 8 > this.end) throw new Malformed("it ends too early");
    const start = this.at >> 3;
    const shift = this.at & 7;
    this.at += count * 8;
    if (!shift) return this.octets.slice(start, start + count);
    const taken = new Uint8Array(count);
    for (let place = 0; place < count; place += 1) {
      taken[place] = (this.octets[start + place] << shift) | (this.octets[start + place + 1] >> (8 - shift));
    }
    return taken;
  }

  /** The bits from `start` to `end` as octets filled with zeros: what a signature is about. */
  cut(start, end) {
    const count = Math.ceil((end - start) / 8);
    const cut = new Uint8Array(count);
    const shift = start & 7;
    for (let place = 0; place < count; place += 1) {
      const from = (start >> 3) + place;
      cut[place] = (this.octets[from] << shift) | ((this.octets[from + 1] ?? 0) >> (8 - shift));
    }
    const filling = count * 8 - (end - start);
    if (count) cut[count - 1] &= 0xff << filling;
    return cut;
  }

  /** Nothing may be left but the filling of the last octet: fewer than 8 bits, all zeros. */
  finish() {
    const left = this.end - this.at;
    if (left > (this.octets.length > 1 ? 7 : 8) || this.bits(left)) throw new Malformed("something behind the end");
  }
}

export function decode(kind, octets) {
  const reader = new Reader(octets);
  const value = kind(reader);
  reader.finish();
  return value;
}

// ---------------------------------------------------------------- numbers

export function integer(low, high) {
  const span = high - low;
  const width = span ? Math.floor(Math.log2(span)) + 1 : 0;
  return (reader) => {
    const offset = reader.bits(width);
    if (offset > span) throw new Malformed("number out of its range");
    return low + offset;
  };
}

export const boolean = (reader) => reader.bits(1) === 1;

function length(reader) {
  const first = reader.bits(8);
  if (first < 0x80) return first;
  const long = first * 256 + reader.bits(8) - 0x8000;
  if (long < 0x80 || long >= 0x4000) throw new Malformed("length the long way, or in fragments");
  return long;
}

/** A whole number without bounds: a BigInt, for it may have 64 bits. */
export function whole(reader) {
  const octets = length(reader);
  if (octets < 1 || octets > INTEGER_OCTETS_MAX) throw new Malformed("number too long");
  const taken = reader.take(octets);
  if (octets > 1 && ((taken[0] === 0 && taken[1] < 0x80) || (taken[0] === 0xff && taken[1] >= 0x80))) {
    throw new Malformed("number the long way");
  }
  let value = 0n;
  for (const octet of taken) value = value * 256n + BigInt(octet);
  return taken[0] >= 0x80 ? value - (1n << BigInt(octets * 8)) : value;
}

export function enumerated(names, extensible = false) {
  const width = (names.length > 1 ? Math.floor(Math.log2(names.length - 1)) + 1 : 0) + (extensible ? 1 : 0);
  return (reader) => {
    const place = reader.bits(width);
    if (place >= names.length) throw new Malformed("name unknown here");
    return names[place];
  };
}

// ---------------------------------------------------------------- octets and texts

export const octets = (reader) => reader.take(length(reader));

export function utf8(reader) {
  try {
    return UTF8.decode(octets(reader));
  } catch (wrong) {
    throw wrong instanceof Malformed ? wrong : new Malformed("not UTF-8");
  }
}

export function ia5(low = null, high = null) {
  const size = low === null ? length : integer(low, high);
  return (reader) => {
    const count = size(reader);
    let text = "";
    for (let place = 0; place < count; place += 1) text += String.fromCharCode(reader.bits(7));
    return text;
  };
}

// ---------------------------------------------------------------- built from others

export function sequenceOf(kind) {
  return (reader) => {
    const count = length(reader);
    const values = [];
    for (let place = 0; place < count; place += 1) values.push(kind(reader));
    return values;
  };
}

/** One of several, in the order of the specification: [name, kind] pairs; a null kind is one that we do not read. */
export function choice(pairs) {
  const width = (pairs.length > 1 ? Math.floor(Math.log2(pairs.length - 1)) + 1 : 0) + 1;
  return (reader) => {
    const [name, kind] = pairs[reader.bits(width)] ?? [null, null];
    if (!kind) throw new Malformed("alternative unknown here");
    return [name, kind(reader)];
  };
}

export const optional = (kind, byDefault = null) => ({ kind, byDefault, optional: true });

/** Named components in order. What is absent with a default holds it; a default written out is refused. */
export function sequence(components, extensible = false) {
  const order = Object.entries(components).map(([name, each]) =>
    each.optional ? { name, ...each } : { name, kind: each, optional: false, byDefault: null });
  return (reader) => {
    const added = extensible && reader.bits(1) === 1;
    const present = order.map((each) => !each.optional || reader.bits(1) === 1);
    const value = {};
    order.forEach((each, place) => {
      if (!present[place]) {
        if (each.byDefault !== null) value[each.name] = each.byDefault;
        return;
      }
      value[each.name] = each.kind(reader);
      if (each.byDefault !== null && value[each.name] === each.byDefault) throw new Malformed("a default is written out");
    });
    if (added) additions(reader);
    return value;
  };
}

export const openSequence = (components) => sequence(components, true);

/** What a later version added is read over, and has to be in its canonical form as far as that shows. */
function additions(reader) {
  const count = reader.bits(7) + 1;
  if (count > 64) throw new Malformed("too many additions");
  const present = [];
  for (let place = 0; place < count; place += 1) present.push(reader.bits(1) === 1);
  if (!present.includes(true)) throw new Malformed("additions announced, and none there");
  for (const there of present) if (there) octets(reader);
}
