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

  function say(which) {
    part(which).hidden = false;
    part(which).scrollIntoView({ block: "center" });
  }

  for (const form of forms) {
    let busy = false;
    form.addEventListener("input", () => close(form, false));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (busy) return;
      busy = true;
      const made = ofForm(form, Date.now());
      const became = await pressed(list, form, made, true);
      if (became === "lost") say("lost");
      if (became === "kept") {
        close(form, true);
        say(part("typed") && /^[\d\s]*$/.test(made.fields.code ?? "-") ? "typed" : "kept");
      }
      setTimeout(() => { busy = false; }, became === "gone" ? TWICE_MS : 0);
    });
  }

  // What cannot wait is not done either on a page that the browser would replace by its own: the codes would be gone.
  for (const form of document.querySelectorAll("main form[method=post]")) {
    if (forms.includes(form)) continue;
    let asking = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (asking) return;
      asking = true;
      const there = await reached();
      part("needs").hidden = there;
      if (there) form.submit();
      else part("needs").scrollIntoView({ block: "center" });
      setTimeout(() => { asking = false; }, there ? TWICE_MS : 0);
    });
  }

  async function sendAll() {
    let seen = null;
    for (const each of list.mine().filter(ready)) {
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
