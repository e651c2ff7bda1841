// The ticket pages without a network: what was opened once opens again. Asked of the network first, since a ticket may
// have changed; after three seconds without an answer, what was kept is shown.
"use strict";

const CACHE = "billets";
const PATIENCE_MS = 3000;

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate" || url.pathname.startsWith("/static/")) event.respondWith(answer(request, url));
});

async function answer(request, url) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request, { ignoreSearch: request.mode === "navigate", ignoreVary: true });
  if (kept && url.searchParams.has("v")) return kept; // its address changes with its content
  const asked = fetch(request).then((found) => {
    if (found.ok && kept) cache.put(request.mode === "navigate" ? url.pathname : request, found.clone());
    return found;
  });
  if (!kept) return asked;
  const late = new Promise((done) => setTimeout(done, PATIENCE_MS, kept));
  return Promise.race([asked.catch(() => kept), late]);
}
