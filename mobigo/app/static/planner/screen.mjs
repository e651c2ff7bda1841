// A screen on a wall: its clock goes by the server's, and when no news comes it says since when.
const clock = document.querySelector("[data-clock]");
const part = document.querySelector("[data-made]");
const old = document.querySelector("[data-old]");
const began = { at: Number(clock.dataset.clock), ticks: performance.now() };
const offset = Number(clock.dataset.offset) * 1000;
const hour = (at) => new Date(at + offset).toISOString().slice(11, 16);
const now = () => began.at + performance.now() - began.ticks;

setInterval(() => { clock.textContent = hour(now()); }, 1000);

const OLD_MS = 90_000;
const tell = () => {
  const made = Number(part.dataset.made);
  old.hidden = now() - made < OLD_MS;
  if (!old.hidden) old.textContent = old.dataset.old.replace("{}", hour(made));
};
addEventListener("live:lost", tell);
addEventListener("live:fresh", () => {
  began.at = Number(part.dataset.made);
  began.ticks = performance.now();
  tell();
});
setInterval(tell, 15_000);

const leave = document.querySelector("[data-leave]");
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.fullscreenElement) location.assign(leave.href);
});
const full = document.querySelector("[data-full]");
if (document.fullscreenEnabled) {
  full.hidden = false;
  full.addEventListener("click", () => document.documentElement.requestFullscreen());
  document.addEventListener("fullscreenchange", () => { full.hidden = document.fullscreenElement !== null; });
}
