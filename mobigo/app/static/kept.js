// What this telephone keeps where there is no network, and of it what was refused once it came back: said on the page
// until it was read.
"use strict";

const REFUSED_FOR_GOOD = [403, 404, 409, 410, 422]; // sending it again would change nothing

/** What we answered; null where it was not us: a portal of somebody's network answers pages. */
const toldBy = async (answer) => (answer.headers.get("Content-Type")?.includes("json") ? answer.json() : null);

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

/** Shows the acts kept under `name` that were refused; a function that adds one. */
const refusedLater = (name, whose = "") => {
  const box = document.querySelector("[data-refused]");
  const list = keptList(name, whose);
  const show = () => {
    box.hidden = !list.mine().length;
    box.querySelector("ul").replaceChildren(...list.mine().map(({ what, at, why }) => {
      const line = document.createElement("li");
      const when = at && new Date(at).toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
      line.textContent = [what, when, why].filter(Boolean).join(" · ");
      return line;
    }));
  };
  box.querySelector("[data-refused-read]").addEventListener("click", () => {
    list.drop(() => true);
    show();
  });
  show();
  return (what, at, why) => {
    list.add({ what, at, why });
    show();
  };
};
