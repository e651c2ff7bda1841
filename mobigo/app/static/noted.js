// A page that a driver notes on, kept by a worker: without a network, what is noted waits in this telephone with its
// hour, and is sent in order by the account that noted it (see kept.js).
"use strict";

(() => {
  const line = document.querySelector("[data-noted]");
  if (!line) return;
  const { noted: name, whose } = line.dataset;
  const upToDate = line.textContent;
  const list = keptList(name, whose);
  const refuse = refusedLater(`${name}-refused`, whose);

  const close = (form) => (form.closest("[data-once]") ?? form).querySelectorAll("button").forEach((each) => { each.disabled = true; });
  /** What waits is not noted again on the same page, opened anew. */
  for (const form of document.querySelectorAll("main form")) {
    const { fields } = ofForm(form, 0);
    const same = (each) => each.action === form.action && Object.keys(fields).every((key) => key === "csrf_token" || each.fields[key] === fields[key]);
    if (list.mine().some(same)) close(form);
  }

  const say = (words) => {
    const waiting = list.mine().length;
    line.textContent = words ?? (navigator.onLine && !waiting ? upToDate : line.dataset.offline);
    if (waiting) line.textContent += ` ${line.dataset.waiting}\u00a0${waiting}`;
    // The stops further on too, once no answer will show the next one.
    for (const each of document.querySelectorAll("[data-ahead]")) each.hidden = navigator.onLine && !waiting;
  };

  async function sendAll() {
    let sent = 0;
    try {
      for (let [first] = list.mine(); first && ready(first); [first] = list.mine()) {
        const { became, why } = await sendKept(first);
        if (became === "kept") break; // what was noted after it waits for its turn
        if (became === "refused") refuse(first, why);
        list.drop((other) => other.name === first.name);
        sent += 1;
      }
    } catch { /* the network is gone again */ }
    say();
    if (sent && !list.mine().length) location.reload();
  }

  let busy = false;
  document.querySelector("main").addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    const made = ofForm(form, Date.now());
    const became = await pressed(list, form, { ...made, fields: { ...made.fields, at: made.at } }, !list.mine().length);
    if (became === "lost") say(line.dataset.lost);
    if (became === "kept") {
      close(form);
      say();
      tried();
    }
    setTimeout(() => { busy = false; }, became === "gone" ? TWICE_MS : 0);
  });
  addEventListener("offline", () => say());
  if ("serviceWorker" in navigator) navigator.serviceWorker.register(line.dataset.worker).catch(() => {});
  const tried = sendingAgain(name, list, sendAll);
  say();
})();
