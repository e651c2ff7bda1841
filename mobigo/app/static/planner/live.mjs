// A part of a page that stays true: `data-live="20"` asks for the page again every 20 seconds and puts the same part of
// the answer in its place, without a flicker when nothing changed, and without taking the focus away. When no answer
// comes, the part stays and says so by an event, `live:lost`; `live:fresh` when it is new again.
for (const part of document.querySelectorAll("[data-live]")) follow(part.id, Number(part.dataset.live) || 30);

function follow(id, seconds) {
  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(id);
      if (!fresh) throw new Error("not the same page");
      renew(document.getElementById(id), fresh);
      for (const style of page.head.querySelectorAll("style")) document.adoptedStyleSheets = [sheet(style.textContent)];
      if (answer.headers.get("X-Mobigo-Kept")) throw new Error("kept");
      dispatchEvent(new CustomEvent("live:fresh"));
    } catch {
      dispatchEvent(new CustomEvent("live:lost"));
    }
  };
  setInterval(look, seconds * 1000);
  addEventListener("online", look);
  document.addEventListener("visibilitychange", look);
}

// The colours of lines that were not on the page before.
function sheet(text) {
  const made = new CSSStyleSheet();
  made.replaceSync(text);
  return made;
}

function renew(old, fresh) {
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  if (old.innerHTML === fresh.innerHTML) return;
  const opened = [...old.querySelectorAll("details")].map((each) => each.open);
  const held = old.contains(document.activeElement) ? [...old.querySelectorAll("a, button, summary, [tabindex]")].indexOf(document.activeElement) : -1;
  old.replaceChildren(...fresh.childNodes);
  const folds = old.querySelectorAll("details");
  if (folds.length === opened.length) folds.forEach((each, at) => { each.open = opened[at]; });
  if (held >= 0) old.querySelectorAll("a, button, summary, [tabindex]")[held]?.focus();
}
