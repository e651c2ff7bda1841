// What this telephone keeps where there is no network: under the account that did it, sent by no other, and, of what was
// refused once sent, said on the page until it was read. A telephone that believes it has a network is asked to prove
// it: in a valley it often has not; whoever leaves the page meanwhile loses nothing either.
"use strict";

const REFUSED_FOR_GOOD = [403, 404, 409, 410, 422]; // sending it again would change nothing
const PROOF_MS = 4000; // a network that takes longer is none
const HELD_MS = PROOF_MS + 1000; // what is kept while the network is asked is not sent from another page
const TWICE_MS = 8000; // what an impatient finger presses again meanwhile is the same
const AGAIN_MS = 60_000; // a network that was only believed in comes back without a word
const OURS = document.currentScript.src; // something of ours to ask for

const reached = async () => {
  if (!navigator.onLine) return false;
  try {
    return (await fetch(OURS, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout?.(PROOF_MS) })).ok;
  } catch {
    return false;
  }
};

/** A list of this browser; `whose` tells accounts apart. */
const keptList = (name, whose = "") => {
  const all = () => {
    try {
      return JSON.parse(localStorage.getItem(name) || "[]");
    } catch {
      return []; // nothing that we wrote
    }
  };
  const write = (things) => localStorage.setItem(name, JSON.stringify(things));
  const mine = () => all().filter((each) => each.whose === whose);
  return {
    mine,
    add: (thing) => write([...all(), { whose, ...thing }]),
    drop: (gone) => write(all().filter((each) => each.whose !== whose || !gone(each))),
  };
};

/** Whether something kept may be sent: nobody is asking the network about it. */
const ready = (each) => !(each.until > Date.now());

/** A form as it is kept: what it is called, where it goes, what was typed, when; under a name of its own. */
const ofForm = (form, at) => ({
  name: [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  what: form.getAttribute("aria-label") || "",
  action: form.action,
  fields: Object.fromEntries(new FormData(form)),
  at,
});

/** A form was pressed: it is kept, and sent by itself once the network has proved to be there, unless it must not go
 * `straight`. "gone", "kept", or "lost" where this telephone keeps nothing. */
const pressed = async (list, form, made, straight) => {
  const same = (each) => each.name === made.name;
  let stored = true;
  try {
    list.add({ ...made, until: Date.now() + HELD_MS });
  } catch {
    stored = false; // no room, or a browser that keeps nothing
  }
  const gone = straight && (await reached());
  if (gone && stored && !list.mine().some(same)) {
    location.reload(); // it took so long that another page sent it
    return "gone";
  }
  if (stored) list.drop(same);
  if (gone) form.submit();
  else if (stored) list.add(made);
  return gone ? "gone" : stored ? "kept" : "lost";
};

/** What became of something kept, sent now: "sent" with where to see it, "refused" with why, or "kept". Throws without a
 * network. */
const sendKept = async (each) => {
  // This page as it is now: signed out, or in as somebody else, what was kept waits for its account.
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  const { whose, token } = page.querySelector("[data-whose]")?.dataset ?? {};
  if (whose !== each.whose) return { became: "kept" };
  const body = new URLSearchParams({ ...each.fields, csrf_token: token });
  const answer = await fetch(each.action, { method: "POST", headers: { Accept: "application/json" }, body });
  // Where it was not us, a portal of somebody's network answers pages.
  const said = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : null;
  if (said?.ok) return { became: "sent", address: said.address };
  return said && REFUSED_FOR_GOOD.includes(answer.status) ? { became: "refused", why: said.detail } : { became: "kept" };
};

/** Calls `send` while `list` holds something and there may be a network; two pages open side by side send each thing
 * once. A function that tries at once. */
const sendingAgain = (name, list, send) => {
  const alone = () => (navigator.locks ? navigator.locks.request(name, send) : send());
  const tried = () => navigator.onLine && list.mine().length && alone();
  addEventListener("online", tried);
  setInterval(tried, AGAIN_MS);
  setTimeout(tried, HELD_MS);
  tried();
  return tried;
};

/** An instant as pages say it: "28 novembre 2026, 5 h 05". */
const instant = (at) => {
  const english = document.documentElement.lang === "en";
  const moment = new Date(at);
  const minutes = String(moment.getMinutes()).padStart(2, "0");
  const hour = english ? `${moment.getHours()}:${minutes}` : `${moment.getHours()}\u00a0h\u00a0${minutes}`;
  const day = moment.toLocaleDateString(english ? "en-GB" : "fr", { dateStyle: "long" });
  return `${english ? day : day.replace(/^1 /, "1er ")}, ${hour}`;
};

/** Shows the acts kept under `name` that were refused; a function that adds one. */
const refusedLater = (name, whose = "") => {
  const box = document.querySelector("[data-refused]");
  const list = keptList(name, whose);
  const show = () => {
    box.hidden = !list.mine().length;
    box.querySelector("ul").replaceChildren(...list.mine().map(({ what, at, why }) => {
      const line = document.createElement("li");
      line.textContent = [what, at && instant(at), why].filter(Boolean).join(" · ");
      return line;
    }));
  };
  box.querySelector("[data-refused-read]").addEventListener("click", () => {
    list.drop(() => true);
    show();
  });
  show();
  return ({ what, at }, why) => {
    list.add({ what, at, why });
    show();
  };
};
