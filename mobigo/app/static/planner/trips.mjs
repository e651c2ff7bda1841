// The journeys that this device keeps, and what it knows of one without a network. The list is in this browser alone; a
// journey leaves it the day after it is over.
const LIST = "mobigo-trips";

function kept() {
  try {
    const all = JSON.parse(localStorage.getItem(LIST) ?? "[]");
    return all.filter((each) => each.until > Date.now());
  } catch {
    return [];
  }
}

function keep(all) {
  localStorage.setItem(LIST, JSON.stringify(all));
}

// "45 min", "1 h 05"; in English "1 h 5 min": as the server writes it
function lasted(minutes) {
  const hours = Math.floor(minutes / 60), rest = minutes % 60;
  if (!hours) return `${minutes}\u00a0min`;
  if (!rest) return `${hours}\u00a0h`;
  const french = document.documentElement.lang === "fr";
  return `${hours}\u00a0h\u00a0${french ? String(rest).padStart(2, "0") : `${rest}\u00a0min`}`;
}

// ---- the list

const list = document.querySelector("[data-trips]");
if (list) {
  const show = () => {
    const all = kept();
    keep(all);
    list.hidden = !all.length;
    document.querySelector("[data-trips-none]").hidden = all.length > 0;
    list.replaceChildren(...all.map((each) => {
      const row = document.createElement("li");
      const link = document.createElement("a");
      link.href = list.dataset.trips.replace(/-$/, each.trip);
      const name = document.createElement("b");
      name.textContent = each.name;
      const day = document.createElement("span");
      day.className = "quiet";
      day.textContent = ` ${each.day}`;
      link.append(name, day);
      const forget = document.createElement("button");
      forget.className = "plain";
      forget.textContent = list.dataset.forget;
      const of = document.createElement("span");
      of.className = "unseen";
      of.textContent = ` ${each.name}`;
      forget.append(of);
      forget.addEventListener("click", () => {
        keep(kept().filter((other) => other.trip !== each.trip));
        show();
      });
      row.append(link, forget);
      return row;
    }));
  };
  show();
}

// ---- one journey

const asked = document.querySelector("[data-trip-keep]");
if (asked) {
  const button = asked.querySelector("[data-keep]");
  const share = asked.querySelector("[data-share]");
  const words = [button.textContent, button.dataset.kept];
  const trip = asked.dataset.tripKeep;
  const isKept = () => kept().some((each) => each.trip === trip);
  const say = () => { button.textContent = words[Number(isKept())]; };
  button.hidden = false;
  button.addEventListener("click", () => {
    const others = kept().filter((each) => each.trip !== trip);
    const { name, day, until } = asked.dataset;
    keep(isKept() ? others : [{ trip, name, day, until: Number(until) }, ...others].slice(0, 50));
    say();
  });
  say();
  if (navigator.share) {
    share.hidden = false;
    share.addEventListener("click", () => navigator.share({ title: asked.dataset.name, url: location.href }).catch(() => {}));
  }

  const age = document.querySelector("[data-trip-age]");
  const part = document.querySelector("[data-made]");
  let lost = !navigator.onLine;
  const tell = () => {
    const minutes = Math.floor((Date.now() - Number(part.dataset.made)) / 60_000);
    const template = minutes < 1 ? age.dataset.wordsNow : age.dataset.words;
    age.textContent = template.replace("{}", lasted(minutes));
    age.hidden = !lost;
  };
  const isLost = (value) => () => { lost = value; tell(); };
  addEventListener("live:lost", isLost(true));
  addEventListener("live:fresh", isLost(false));
  addEventListener("offline", isLost(true));
  setInterval(tell, 15_000);
  // a page that the browser kept is told by its age: it may come up without any network
  if (Date.now() - Number(part.dataset.made) > 120_000) lost = true;
  tell();

  const said = document.querySelector("[data-trip-said]");
  let before = part.querySelector("[data-trip-state]").textContent;
  new MutationObserver(() => {
    const state = part.querySelector("[data-trip-state]")?.textContent ?? "";
    const meaning = state.replace(/\d+/g, "");
    if (meaning !== before.replace(/\d+/g, "")) said.textContent = state;
    before = state;
  }).observe(part, { childList: true });
}

const here = document.querySelector("script[data-worker]");
if (here && "serviceWorker" in navigator) navigator.serviceWorker.register(here.dataset.worker).catch(() => {});
