// What pages gain when scripts run; every page does its work without.
"use strict";

// A page that follows long work asks again for the part marked data-refresh, and stops when that part no longer asks.
// What one may only do meanwhile (data-while, the id of that part) then goes.
for (const part of document.querySelectorAll("[data-refresh]")) {
  const again = async (current) => {
    const seconds = Number(current.dataset.refresh) || 2;
    await new Promise((wake) => setTimeout(wake, seconds * 1000));
    if (document.hidden) return again(current);
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(current.id);
      if (!answer.ok || !fresh) return again(current);
      current.replaceWith(fresh);
      if (fresh.dataset.refresh) return again(fresh);
      for (const each of document.querySelectorAll("[data-while]")) if (each.dataset.while === fresh.id) each.remove();
    } catch {
      return again(current); // the network is bad: the last state stays readable
    }
  };
  if (part.id) again(part);
}

// A form sent twice by an impatient finger is sent once. What a script keeps on the page is that script's affair.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    setTimeout(() => {
      if (event.defaultPrevented) return;
      for (const button of form.querySelectorAll("button:not([name])")) button.disabled = true;
      setTimeout(() => form.querySelectorAll("button").forEach((button) => (button.disabled = false)), 8000);
    });
  });
}

// Escape closes an open menu and gives the focus back to what opened it.
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.activeElement?.closest("details[data-menu][open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Printing shows what was folded away.
addEventListener("beforeprint", () => document.querySelectorAll("details[data-print]").forEach((each) => (each.open = true)));
for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// On a narrow screen a menu is longer than its row: it begins where one is.
for (const link of document.querySelectorAll(".menu a[aria-current]")) {
  const menu = link.closest(".menu");
  const past = link.getBoundingClientRect().right - menu.getBoundingClientRect().right;
  if (past > 0) menu.scrollLeft = past + 48; // and a little of the next one shows
}
