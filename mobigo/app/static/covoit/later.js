// What a passenger or a driver presses without a network is kept with its hour, and sent when the network is back; what
// is refused then is said (see kept.js).
"use strict";

(() => {
  const box = document.querySelector("[data-later-box]");
  if (!box) return;
  const KEPT = "covoit.kept";
  const { whose } = box.dataset;
  const refuse = refusedLater("covoit.refused", whose);
  const list = keptList(KEPT, whose);
  const part = (name) => box.querySelector(`[data-later-${name}]`);
  const forms = [...document.querySelectorAll("form")].filter((form) => form.querySelector("[data-later]"));
  /** The same thing is kept once: what would send it again is closed, until something else is typed or read. */
  const close = (form, off) => form.querySelectorAll("button:not([type=button])").forEach((each) => { each.disabled = off; });

  function keep(form) {
    const made = ofForm(form, Date.now());
    const say = (which) => {
      part(which).hidden = false;
      part(which).scrollIntoView({ block: "center" });
    };
    try {
      list.add(made);
    } catch {
      return say("lost"); // no room, or a browser that keeps nothing
    }
    close(form, true);
    say(part("typed") && /^[\d\s]*$/.test(made.fields.code ?? "-") ? "typed" : "kept");
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

  async function sendAll() {
    let seen = null;
    for (const each of list.mine()) {
      try {
        const { became, why, address } = await sendKept(each);
        if (became === "kept") continue;
        if (became === "refused") refuse(each, why);
        else seen = address;
        list.drop((other) => other.name === each.name);
      } catch {
        break; // the network is gone again
      }
    }
    if (!list.mine().length) {
      forms.forEach((form) => close(form, false));
      for (const each of box.querySelectorAll("[data-later-kept], [data-later-typed]")) each.hidden = true;
    }
    if (seen) location.assign(seen);
  }
  sendingAgain(KEPT, list, sendAll);
})();
