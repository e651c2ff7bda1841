// What is pressed without a network is kept on this telephone with its hour, and sent when the network is back: by the
// account that pressed it, and no other. What is refused then is said, until somebody has read it. A telephone that
// believes it has a network is asked to prove it: in a valley it often has not.
"use strict";

(() => {
  const box = document.querySelector("[data-later-box]");
  if (!box) return;
  const script = document.currentScript.src; // something of ours to ask for
  const KEPT = "covoit.kept";
  const PROOF_MS = 4000; // a network that takes longer is none
  const TWICE_MS = 8000; // what an impatient finger presses again meanwhile is the same
  const AGAIN_MS = 60_000; // a network that was only believed in comes back without a word
  const whose = box.dataset.laterBox;
  const refuse = refusedLater("covoit.refused", whose);
  const list = keptList(KEPT, whose);
  const part = (name) => box.querySelector(`[data-later-${name}]`);
  const forms = [...document.querySelectorAll("form")].filter((form) => form.querySelector("[data-later]"));
  /** The same thing is kept once: what would send it again is closed, until something else is typed or read. */
  const close = (form, off) => form.querySelectorAll("button:not([type=button])").forEach((each) => { each.disabled = off; });

  const reached = async () => {
    if (!navigator.onLine) return false;
    try {
      return (await fetch(script, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout?.(PROOF_MS) })).ok;
    } catch {
      return false;
    }
  };

  function keep(form) {
    const fields = Object.fromEntries(new FormData(form));
    const name = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const what = form.getAttribute("aria-label") || "";
    const say = (which) => {
      part(which).hidden = false;
      part(which).scrollIntoView({ block: "center" });
    };
    try {
      list.add({ name, what, action: form.action, at: Date.now(), fields });
    } catch {
      return say("lost"); // no room, or a browser that keeps nothing
    }
    close(form, true);
    say(part("typed") && /^[\d\s]*$/.test(fields.code ?? "-") ? "typed" : "kept");
  }

  for (const form of forms) {
    let busy = false;
    form.addEventListener("input", () => close(form, false));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (busy) return;
      busy = true;
      if (await reached()) {
        form.submit();
        setTimeout(() => { busy = false; }, TWICE_MS);
      } else {
        keep(form);
        busy = false;
      }
    });
  }

  /** "sent", "refused" or "kept", and the page that shows what became of it. */
  async function send(each) {
    // This page as it is now: signed out, or in as somebody else, what was kept waits for its account.
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    const { laterBox, token } = page.querySelector("[data-later-box]")?.dataset ?? {};
    if (laterBox !== whose) return { became: "kept" };
    const answer = await fetch(each.action, { method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams({ ...each.fields, csrf_token: token }) });
    const said = await toldBy(answer);
    if (said?.ok) return { became: "sent", address: said.address };
    return said && REFUSED_FOR_GOOD.includes(answer.status) ? { became: "refused", why: said.detail } : { became: "kept" };
  }

  async function sendAll() {
    let address = null;
    for (const each of list.mine()) {
      try {
        const { became, why, ...rest } = await send(each);
        if (became === "kept") continue;
        if (became === "refused") refuse(each.what, each.at, why);
        else address = rest.address;
        list.drop((other) => other.name === each.name);
      } catch {
        break; // the network is gone again
      }
    }
    if (!list.mine().length) {
      forms.forEach((form) => close(form, false));
      for (const each of box.querySelectorAll("[data-later-kept], [data-later-typed]")) each.hidden = true;
    }
    if (address) location.assign(address);
  }
  // Two pages open side by side send each thing once.
  const sending = () => (navigator.locks ? navigator.locks.request(KEPT, sendAll) : sendAll());

  const tried = () => navigator.onLine && list.mine().length && sending();
  addEventListener("online", tried);
  setInterval(tried, AGAIN_MS);
  tried();
})();
