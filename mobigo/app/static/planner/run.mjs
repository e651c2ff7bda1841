// The driver's run: what is noted without a network waits in this telephone, with its hour, and is sent in order; the
// position is sent by choice, while the run lasts and the page is open.
const line = document.querySelector("[data-run]");
const QUEUE = "coach-run";
const SHARED = "coach-run-position";
const EVERY_MS = 20_000;
const kept = () => JSON.parse(localStorage.getItem(QUEUE) ?? "[]");
const keep = (all) => localStorage.setItem(QUEUE, JSON.stringify(all));
const said = line.textContent;
const refuse = refusedLater("coach-run-refused"); // of kept.js
const token = () => document.querySelector("[name=csrf_token]")?.value ?? "";
let sending = false;

function say() {
  const waiting = kept().length;
  line.textContent = navigator.onLine && !waiting ? said : line.dataset.offline;
  if (waiting) line.textContent += ` ${line.dataset.waiting} ${waiting}`;
}

const post = (to, fields) => {
  const body = new URLSearchParams(fields);
  body.set("csrf_token", token());
  return fetch(to, { method: "POST", body, headers: { Accept: "application/json" } });
};

async function send() {
  if (sending) return;
  sending = true;
  let sent = 0;
  try {
    while (kept().length) {
      const [first, ...rest] = kept();
      const answer = await post(first.to, first.fields);
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
  if (event.target.method !== "post" || (navigator.onLine && !kept().length)) return;
  event.preventDefault();
  const fields = [...new FormData(event.target), ["a", new Date().toISOString()]];
  keep([...kept(), { to: event.target.action, fields, what: event.target.getAttribute("aria-label"), at: Date.now() }]);
  event.target.querySelectorAll("button").forEach((each) => { each.disabled = true; });
  say();
});
addEventListener("online", send);
addEventListener("offline", say);
if ("serviceWorker" in navigator) navigator.serviceWorker.register(line.dataset.worker).catch(() => {});
if (kept().length && navigator.onLine) send();
say();

const share = document.querySelector("[data-share]");
if (share && "geolocation" in navigator) {
  const [on, off] = ["[data-share-on]", "[data-share-off]"].map((each) => share.querySelector(each));
  const here = `${line.dataset.course} ${line.dataset.day}`;
  let watch = null;
  let last = 0;
  const seen = ({ coords, timestamp }) => {
    if (Date.now() - last < EVERY_MS || !navigator.onLine) return; // where it was is of no use later
    last = Date.now();
    const a = new Date(timestamp).toISOString();
    const fields = { course: line.dataset.course, jour: line.dataset.day, lat: coords.latitude.toFixed(5), lon: coords.longitude.toFixed(5), a };
    post(line.dataset.position, fields).catch(() => {});
  };
  const set = (wanted) => {
    on.hidden = wanted;
    off.hidden = !wanted;
    if (wanted && watch === null) watch = navigator.geolocation.watchPosition(seen, () => set(false), { enableHighAccuracy: true, maximumAge: 10_000 });
    if (!wanted && watch !== null) { navigator.geolocation.clearWatch(watch); watch = null; }
    if (wanted) sessionStorage.setItem(SHARED, here); else sessionStorage.removeItem(SHARED);
  };
  share.hidden = false;
  on.addEventListener("click", () => set(true));
  off.addEventListener("click", () => set(false));
  if (sessionStorage.getItem(SHARED) === here) set(true);
}
