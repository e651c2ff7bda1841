// The position of a driver's coach: sent by choice, while the run lasts and the page is open.
const line = document.querySelector("[data-run]");
const SHARED = "coach-run-position";
const EVERY_MS = 20_000;

const share = document.querySelector("[data-share]");
if (share && "geolocation" in navigator) {
  const [on, off] = ["[data-share-on]", "[data-share-off]"].map((each) => share.querySelector(each));
  const { course, day, position, token } = line.dataset;
  const here = `${course} ${day}`;
  let watch = null;
  let last = 0;
  const seen = ({ coords, timestamp }) => {
    if (Date.now() - last < EVERY_MS || !navigator.onLine) return; // where it was is of no use later
    last = Date.now();
    const where = { lat: coords.latitude.toFixed(5), lon: coords.longitude.toFixed(5), at: Math.round(timestamp) };
    const body = new URLSearchParams({ course, jour: day, ...where, csrf_token: token });
    fetch(position, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => {});
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
