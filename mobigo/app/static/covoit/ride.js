// The driver's page: draws the rotating code from codes fetched ahead, so that it works without a network. Without this
// script a picture and a refresh do.
"use strict";

const box = document.querySelector("[data-codes]");
if (box) {
  const picture = box.querySelector("[data-picture]");
  const typed = box.querySelector("[data-typed]");
  const offline = box.querySelector("[data-offline]");
  const codes = new Map();
  let stepSeconds = 30;
  let clockAhead = 0; // how far this telephone's clock is ahead of ours
  let shown = null;
  let fetching = false;

  const currentStep = () => Math.floor((Date.now() - clockAhead) / 1000 / stepSeconds);

  async function fetchAhead() {
    if (fetching) return;
    fetching = true;
    try {
      const last = codes.size ? Math.max(...codes.keys()) : null;
      const answer = await fetch(box.dataset.codes + (last === null ? "" : `?after=${last}`), { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const given = await answer.json();
        stepSeconds = given.step_s;
        clockAhead = Date.now() - given.now_ms;
        for (const code of given.codes) codes.set(code.step, code);
        for (const step of codes.keys()) if (step < currentStep() - 2) codes.delete(step);
        offline.hidden = true;
      }
    } catch {
      offline.hidden = false;
    } finally {
      fetching = false;
    }
  }

  function draw() {
    const step = currentStep();
    const code = codes.get(step);
    if (!code || shown === step) return;
    shown = step;
    let path = "";
    for (let place = 0; place < code.size * code.size; place++) {
      if ((parseInt(code.bits[place >> 2], 16) >> (3 - (place & 3))) & 1) path += `M${(place % code.size) + 4} ${Math.floor(place / code.size) + 4}h1v1h-1z`;
    }
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", `0 0 ${code.size + 8} ${code.size + 8}`);
    svg.setAttribute("shape-rendering", "crispEdges");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", picture.dataset.label);
    const modules = document.createElementNS("http://www.w3.org/2000/svg", "path");
    modules.setAttribute("d", path);
    modules.setAttribute("fill", "#000");
    svg.append(modules);
    picture.replaceChildren(svg);
    typed.textContent = `${code.typed.slice(0, 3)} ${code.typed.slice(3)}`;
    box.dataset.step = step;
  }

  const beat = async () => {
    if (!codes.size || Math.max(...codes.keys()) - currentStep() < 300) await fetchAhead(); // two and a half hours ahead
    draw();
  };
  beat();
  setInterval(beat, 1000);
  addEventListener("online", fetchAhead);
  navigator.wakeLock?.request("screen").catch(() => {}); // the screen stays lit while it is to be read
}

// The hour of what is pressed.
for (const form of document.querySelectorAll("form")) {
  const at = form.querySelector("[data-now]");
  if (at) form.addEventListener("submit", () => { at.value = Date.now(); });
}
