// What an inspector's telephone keeps without a network: lists, the shift, tickets used, records and constats that were
// not sent yet. Everything that was sent is forgotten; nothing is kept here beyond 48 hours.

const NAME = "mobigo-controle";
const KEPT_MS = 48 * 3_600_000;

function wait(request) {
  return new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}

export async function openKeep() {
  const asked = indexedDB.open(NAME, 1);
  asked.onupgradeneeded = () => {
    asked.result.createObjectStore("things");
    asked.result.createObjectStore("used");
    asked.result.createObjectStore("records", { keyPath: "nonce" });
    asked.result.createObjectStore("constats", { keyPath: "id" });
  };
  const base = await wait(asked);
  const store = (name, mode = "readonly") => base.transaction(name, mode).objectStore(name);
  return {
    thing: (name) => wait(store("things").get(name)),
    setThing: (name, value) => wait(store("things", "readwrite").put(value, name)),

    /** A Map of instants by mark. */
    async used() {
      const [marks, instants] = await Promise.all([wait(store("used").getAllKeys()), wait(store("used").getAll())]);
      return new Map(marks.map((mark, place) => [mark, instants[place]]));
    },
    use: (mark, at) => wait(store("used", "readwrite").put(at, mark)),

    records: () => wait(store("records").getAll()),
    addRecord: (record) => wait(store("records", "readwrite").put(record)),
    dropRecords: (nonces) => drop(base, "records", nonces),

    constats: () => wait(store("constats").getAll()),
    addConstat: (constat) => wait(store("constats", "readwrite").put(constat)),
    /** Change the round (`change`: the round and the constats kept here → the round after, and a constat more or null)
     * in one transaction, so that no number is given twice; the round after. */
    changeRound: (change) =>
      new Promise((done, failed) => {
        const transaction = base.transaction(["constats", "things"], "readwrite");
        const [things, constats] = ["things", "constats"].map((name) => transaction.objectStore(name));
        let after = null;
        things.get("round").onsuccess = ({ target: { result: round } }) => {
          constats.getAll().onsuccess = ({ target: { result: waiting } }) => {
            const changed = change(round ?? null, waiting);
            after = changed.round;
            things.put(after, "round");
            if (changed.constat) constats.put(changed.constat);
          };
        };
        transaction.oncomplete = () => done(after);
        transaction.onabort = transaction.onerror = () => failed(transaction.error);
      }),
    dropConstats: (ids) => drop(base, "constats", ids),

    /** Forget the tickets used that are older than may be remembered here. */
    async forget(now) {
      const used = await this.used();
      await drop(base, "used", [...used].filter(([, at]) => at < now - KEPT_MS).map(([mark]) => mark));
    },
  };
}

function drop(base, name, keys) {
  return new Promise((done, failed) => {
    const transaction = base.transaction(name, "readwrite");
    for (const key of keys) transaction.objectStore(name).delete(key);
    transaction.oncomplete = () => done();
    transaction.onerror = () => failed(transaction.error);
  });
}

/** A form that the page keeps to itself, handled one sending after the other: a second touch meanwhile is none. */
export function oneAtATime(handle) {
  let busy = false;
  return async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    try {
      await handle();
    } finally {
      busy = false;
    }
  };
}

/** So many random octets in hexadecimal. */
export const random = (octets) =>
  [...crypto.getRandomValues(new Uint8Array(octets))].map((each) => each.toString(16).padStart(2, "0")).join("");

const LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/** So many letters that nobody reads for others, five bits each. */
export const letters = (count) =>
  [...crypto.getRandomValues(new Uint8Array(count))].map((each) => LETTERS[each & 31]).join("");
