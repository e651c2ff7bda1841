// The driver's round without a network: the page is kept by a service worker, and what is noted waits in this telephone
// until it can be sent, in order.
(() => {
  const line = document.querySelector("[data-round]");
  if (!line) return;
  const QUEUE = "tad-round";
  const kept = () => JSON.parse(localStorage.getItem(QUEUE) ?? "[]");
  const keep = (all) => localStorage.setItem(QUEUE, JSON.stringify(all));
  const say = () => {
    const waiting = kept().length;
    if (!navigator.onLine || waiting) line.textContent = line.dataset.offline;
    if (waiting) line.textContent += ` ${line.dataset.waiting} ${waiting}`;
  };
  const refuse = refusedLater("tad-round-refused");
  let sending = false;

  async function send() {
    if (sending) return;
    sending = true;
    let sent = 0;
    try {
      while (kept().length) {
        const [first, ...rest] = kept();
        const form = new URLSearchParams(first.fields);
        form.set("csrf_token", document.querySelector("[name=csrf_token]")?.value ?? "");
        const answer = await fetch(first.to, { method: "POST", body: form, headers: { Accept: "application/json" } });
        const said = await toldBy(answer);
        if (said && REFUSED_FOR_GOOD.includes(answer.status)) refuse(first.what, first.at, said.said ?? said.detail);
        else if (!said?.done) break;
        keep(rest);
        sent += 1;
      }
    } catch { /* still no network */ }
    sending = false;
    say();
    if (sent && !kept().length) location.reload();
  }

  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post" || navigator.onLine) return;
    event.preventDefault();
    const what = event.target.getAttribute("aria-label");
    const at = Date.now();
    keep([...kept(), { to: event.target.action, fields: [...new FormData(event.target), ["at", at]], what, at }]);
    event.target.closest(".actions, li")?.querySelectorAll("button").forEach((each) => { each.disabled = true; });
    say();
  });
  addEventListener("online", send);
  addEventListener("offline", say);
  if ("serviceWorker" in navigator) navigator.serviceWorker.register(line.dataset.worker).catch(() => {});
  if (kept().length && navigator.onLine) send();
  say();
})();
