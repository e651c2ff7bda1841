// What this telephone kept without a network and was refused once it came back: said on the page until it was read.
"use strict";

const REFUSED_FOR_GOOD = [403, 404, 409, 410, 422]; // sending it again would change nothing

/** Of the acts kept under `name`, those refused, of one account where `whose` tells accounts apart. */
const refusedLater = (name, whose = "") => {
  const box = document.querySelector("[data-refused]");
  const all = () => {
    try {
      return JSON.parse(localStorage.getItem(name) || "[]");
    } catch {
      return []; // nothing that we wrote
    }
  };
  const mine = () => all().filter((each) => each.whose === whose);
  const show = () => {
    box.hidden = !mine().length;
    box.querySelector("ul").replaceChildren(...mine().map(({ what, at, why }) => {
      const line = document.createElement("li");
      const when = at && new Date(at).toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
      line.textContent = [what, when, why].filter(Boolean).join(" · ");
      return line;
    }));
  };
  box.querySelector("[data-refused-read]").addEventListener("click", () => {
    localStorage.setItem(name, JSON.stringify(all().filter((each) => each.whose !== whose)));
    show();
  });
  show();
  return (what, at, why) => {
    localStorage.setItem(name, JSON.stringify([...all(), { whose, what, at, why }]));
    show();
  };
};
