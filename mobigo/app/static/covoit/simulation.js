// The answer follows the slider: the same address is asked again with the figures as they stand, and its result put in
// place. Without this script the button does the same.
const form = document.querySelector("[data-simulation]");
let asked = 0;
let waiting;

for (const slider of form.querySelectorAll("[data-slides]")) {
  const typed = document.getElementById(slider.dataset.slides);
  const comma = document.documentElement.lang === "fr";
  slider.hidden = false;
  slider.addEventListener("input", () => { typed.value = comma ? slider.value.replace(".", ",") : slider.value; soon(120); });
  typed.addEventListener("input", () => { const value = Number(typed.value.replace(",", ".")); if (!Number.isNaN(value)) slider.value = value; });
}
form.addEventListener("input", (event) => { if (!event.target.dataset.slides) soon(500); });
form.addEventListener("change", () => soon(0));

function soon(wait) {
  clearTimeout(waiting);
  waiting = setTimeout(ask, wait);
}

async function ask() {
  const mine = ++asked;
  const address = new URL(form.action);
  address.search = new URLSearchParams(new FormData(form)).toString();
  const result = document.querySelector("[data-simulation-result]");
  result.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-simulation-result]");
    if (mine !== asked || !fresh || !answer.ok) return;
    result.replaceWith(fresh);
    history.replaceState(null, "", address);
  } catch {
    // No network: what is shown stays, and the button will say so.
  } finally {
    document.querySelector("[data-simulation-result]").removeAttribute("aria-busy");
  }
}
