// A ticket's page: keeps it in this telephone so that it opens without a network, binds it to a key that never leaves
// the telephone, and then draws a code signed anew every twenty seconds. Without this script a fixed code is there.

import { encode } from "../vendor/uqr/uqr.mjs";
import { newKeys, partsOf, pointOf, showCode, signer } from "./code.mjs";

const SHOWN_S = 20; // a code is good for two minutes: half a dozen are drawn in that time
const CLOCK_S = 45; // a telephone further from our clock than this is told so
const CACHE = "billets"; // as in service.js
const box = document.querySelector("[data-ticket]");
const part = (name) => box.querySelector(`[data-${name}]`);
const picture = part("picture");
let mine = null; // {id, keys, point, parts}: this ticket in this telephone
let ahead = 0; // how far this telephone's clock is ahead of ours, in ms; known while a network is there
let turn = Promise.resolve(); // what is asked of our server, one after another: an answer older than a binding undoes none

// ---------------------------------------------------------------- what this telephone keeps

function store() {
  return new Promise((done, failed) => {
    const asked = indexedDB.open("mobigo-billets", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("tickets", { keyPath: "id" });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}

async function inStore(mode, act) {
  const database = await store();
  try {
    return await new Promise((done, failed) => {
      const work = database.transaction("tickets", mode);
      const asked = act(work.objectStore("tickets"));
      work.oncomplete = () => done(asked.result);
      work.onabort = work.onerror = () => failed(work.error);
    });
  } finally {
    database.close();
  }
}

const kept = () => inStore("readonly", (tickets) => tickets.get(box.dataset.ticket));
const keep = (record) => inStore("readwrite", (tickets) => tickets.put(record));
const forget = () => inStore("readwrite", (tickets) => tickets.delete(box.dataset.ticket));

// ---------------------------------------------------------------- the picture

async function draw() {
  if (!mine?.parts || document.hidden) return;
  const at = new Date(Date.now() - ahead);
  const octets = await showCode(mine.parts, at, signer(mine.keys));
  const code = encode([...octets], { ecc: "M", border: 4 });
  let path = "";
  code.data.forEach((row, y) => row.forEach((dark, x) => (path += dark ? `M${x} ${y}h1v1h-1z` : "")));
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${code.size} ${code.size}`);
  svg.setAttribute("shape-rendering", "crispEdges");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", picture.dataset.label);
  const modules = document.createElementNS("http://www.w3.org/2000/svg", "path");
  modules.setAttribute("d", path);
  svg.append(modules);
  picture.replaceChildren(svg);
  box.dataset.shown = at.toISOString();
}

function look(state) {
  box.dataset.state = state;
  for (const each of box.querySelectorAll("[data-when]")) each.hidden = !each.dataset.when.split(" ").includes(state);
}

// ---------------------------------------------------------------- with our server

async function ask(url, fields) {
  const headers = { Accept: "application/json" };
  const body = fields && new URLSearchParams({ ...fields, csrf_token: box.dataset.csrf });
  const answer = await fetch(url, { method: body ? "POST" : "GET", headers, body, cache: "no-store" });
  const told = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(told.detail), { status: answer.status });
  return told;
}

function say(words) {
  part("trouble").hidden = !words;
  part("trouble").textContent = words ?? "";
}

async function take(told) {
  ahead = Date.now() - told.now_ms;
  const late = part("clock");
  late.hidden = Math.abs(ahead) < CLOCK_S * 1000;
  if (told.point && mine && told.point === mine.point) {
    mine = { ...mine, parts: partsOf(told) };
    await keep(mine);
  } else if (mine) {
    mine = null; // it is elsewhere now: its code is refused, and shown no more
    picture.replaceChildren();
    await forget();
    return again();
  }
  if (!mine && told.code_at !== box.dataset.code) return again();
  await draw(); // before it is said to be here
  if (told.state !== "active") look("away");
  else if (mine) look("here");
  else look(told.point ? "elsewhere" : "fixed");
}

/** The page anew, and not the one kept: it has another code (signed anew, activated, back on paper, elsewhere). Nothing
 * more is asked by the page that goes. */
async function again() {
  await (await caches.open(CACHE)).delete(location.pathname);
  location.reload();
  return new Promise(() => {});
}

const inTurn = (act) => (turn = turn.then(act, act));

async function bind(url) {
  say();
  try {
    const keys = mine?.keys ?? (await newKeys()); // mine already: asked before, and the answer was lost
    const point = await pointOf(keys);
    mine = { id: box.dataset.ticket, keys, point, parts: null };
    await keep(mine);
    const told = await ask(url, { point });
    box.dataset.code = told.code_at;
    await take(told);
    await keepPage();
  } catch (trouble) {
    if (trouble.status) {
      mine = null;
      await forget();
    } // else the key stays: the ticket may be bound to it
    say(trouble.status ? trouble.message : box.dataset.offline);
  }
}

async function refresh() {
  try {
    const told = await ask(box.dataset.url);
    await take(told);
    if (mine) box.dataset.code = told.code_at;
  } catch (trouble) {
    if (trouble.status) say(trouble.message);
    else if (mine?.parts) {
      await draw(); // no network: what this telephone keeps is enough
      look("here");
    }
  }
}

// ---------------------------------------------------------------- without a network

/** The page and all it is made of, kept for when there is no network. */
async function keepPage() {
  const seen = performance.getEntriesByType("resource").map((entry) => entry.name);
  const ours = seen.filter((url) => new URL(url).origin === location.origin && new URL(url).pathname.startsWith("/static/"));
  const cache = await caches.open(CACHE);
  await cache.addAll([...new Set([location.pathname, ...ours])]);
}

async function showKept() {
  mine = (await kept().catch(() => null)) ?? null;
  if (!mine?.parts) return;
  await draw();
  look("here");
}

async function start() {
  const able = window.isSecureContext && "subtle" in crypto && "indexedDB" in window;
  if (able) inTurn(showKept); // before a button can be pressed: what is read here must not undo a binding
  for (const button of box.querySelectorAll("[data-bind]")) {
    button.hidden = !able;
    button.addEventListener("click", () => inTurn(() => bind(button.dataset.bind)));
  }
  if (able) {
    setInterval(draw, SHOWN_S * 1000);
    document.addEventListener("visibilitychange", draw);
  }
  await inTurn(refresh);
  setInterval(() => document.hidden || inTurn(refresh), 300_000);
  addEventListener("online", () => inTurn(refresh));
  navigator.wakeLock?.request("screen").catch(() => {}); // the screen stays lit while it is to be read
  if ("serviceWorker" in navigator) {
    await navigator.serviceWorker.register("/billet/service.js", { scope: "/billet/" });
    await navigator.serviceWorker.ready;
    await keepPage().catch(() => {}); // no network now: what was kept before stays
    box.dataset.kept = "1";
  }
}

start();
