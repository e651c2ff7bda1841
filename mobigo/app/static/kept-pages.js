// Keeps the pages that this telephone has shown, for where there is no network: for a worker that says which
// (`keepPages`). Nothing is kept longer than two days.
const KEPT_MS = 2 * 86400e3;

function keepPages(name, under) {
  self.addEventListener("install", () => self.skipWaiting());
  self.addEventListener("activate", (event) => event.waitUntil(forget().then(() => self.clients.claim())));

  self.addEventListener("fetch", (event) => {
    const address = new URL(event.request.url);
    if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
    const page = event.request.mode === "navigate" && address.pathname.startsWith(under);
    if (page || address.pathname.startsWith("/static/")) event.respondWith(answer(event.request, page));
  });

  async function answer(request, page) {
    const cache = await caches.open(name);
    try {
      const came = await fetch(request);
      if (came.ok && !came.redirected) {
        await cache.put(request, came.clone());
        if (page) await forget();
      }
      return came;
    } catch (lost) {
      const kept = await cache.match(request, { ignoreVary: true });
      if (kept) return kept;
      throw lost;
    }
  }

  async function forget() {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const kept = await cache.match(request, { ignoreVary: true });
      const made = Date.parse(kept?.headers.get("Date") ?? "");
      if (!(Date.now() - made < KEPT_MS)) await cache.delete(request);
    }
  }
}
