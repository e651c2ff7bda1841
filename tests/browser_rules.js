// Our own rules for what axe lets through: run in the page, they give one sentence for each fault found.
() => {
  const faults = [];
  const words = (e) => (e.innerText || e.name || "").trim().slice(0, 40);
  const name = (e) => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + " " + words(e);
  const named = (e) => (e.getAttribute("aria-labelledby") || "").split(" ").map((id) => document.getElementById(id));
  const labels = (e) => [...(e.labels || []), ...named(e).filter(Boolean)];
  const shown = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
  const all = (selector) => [...document.querySelectorAll(selector)];

  if (document.scrollingElement.scrollWidth > innerWidth) {
    const wide = all("body *").filter(
      (e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".table, pre, .unseen, .map"),
    );
    const where = wide.slice(0, 3).map(name).join(", ");
    faults.push(`the page scrolls sideways (${document.scrollingElement.scrollWidth} > ${innerWidth}): ${where}`);
  }
  if (all("h1").length !== 1) faults.push("a page has one h1, not " + all("h1").length);
  if (!/— Mobigo$/.test(document.title)) faults.push("the title ends in “— Mobigo”: " + document.title);

  for (const e of all("[style]"))
    if (!e.closest(".map, [data-styled-by-script]")) faults.push("a style inside the page: " + name(e));

  const empty = /^(cliquez )?ici$|^(click )?here$|^lire la suite$|^en savoir plus$|^read more$/i;
  for (const e of all("a, button"))
    if (shown(e) && empty.test(words(e))) faults.push("a link that says nothing by itself: " + name(e));

  for (const e of all("input:not([type=hidden]), select, textarea"))
    if (shown(e) && e.type !== "submit" && !labels(e).some(shown))
      faults.push("a field without a visible label: " + name(e));

  const targets = "button, .btn, input:not([type=hidden], [type=checkbox], [type=radio]), select, summary, header.site a";
  for (const e of all(targets)) {
    if (!shown(e) || e.closest(".maplibregl-map, td, dl, .skips")) continue;
    const height = e.getBoundingClientRect().height;
    if (height < 43.5) faults.push(`a target ${height.toFixed(0)} px high (44 at least): ${name(e)}`);
  }

  const primary = all("main button, main .btn").filter(
    (e) => shown(e) && !e.matches(".second, .plain, .danger") && !e.closest("details:not([open]), li, td, .map"),
  );
  if (primary.length > 1) faults.push("more than one primary action: " + primary.map(name).join(", "));

  for (const e of all("table")) if (!e.caption) faults.push("a table without a caption");
  for (const e of all("summary, [role=button]"))
    if (shown(e) && !words(e)) faults.push("a fold without words: " + name(e));
  return faults;
}
