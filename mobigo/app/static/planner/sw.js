// Keeps the journeys that this device follows, for where there is no network: the last state, marked as kept, and what
// the page is drawn with. Nothing is kept longer than two days, and thirty pages at most.
const CACHE = "mobigo-trips-1";
const KEPT_MS = 2 * 86400e3;
const PAGES_MAX = 30;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(forget().then(() => self.clients.claim())));

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
  const page = isTrip(address);
  if (page || address.pathname.startsWith("/static/")) event.respondWith(answer(event.request, page));
});

// The pages of one journey and the list; not the links of messages (`/suivre/avis/…`), which name a follower.
function isTrip(address) {
  return /^\/suivre\/[^/]*$/.test(address.pathname) && !address.pathname.endsWith(".js");
}

async function answer(request, page) {
  const cache = await caches.open(CACHE);
  const key = page ? new URL(request.url).pathname + new URL(request.url).search : request;
  try {
    const came = await fetch(request);
    if (came.ok && !came.redirected) {
      await cache.put(key, came.clone());
      if (page) await forget();
    }
    return came;
  } catch (lost) {
    const kept = await cache.match(key, { ignoreVary: true });
    if (!kept) throw lost;
    if (!page) return kept;
    const headers = new Headers(kept.headers);
    headers.set("X-Mobigo-Kept", "1");
    return new Response(await kept.blob(), { status: 200, headers });
  }
}

async function forget() {
  const cache = await caches.open(CACHE);
  let pages = 0;
  for (const request of (await cache.keys()).reverse()) {
    const kept = await cache.match(request, { ignoreVary: true });
    const made = Date.parse(kept?.headers.get("Date") ?? "");
    const page = isTrip(new URL(request.url));
    if (page) pages += 1;
    if (!(Date.now() - made < KEPT_MS) || (page && pages > PAGES_MAX)) await cache.delete(request);
  }
}
