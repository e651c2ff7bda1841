// The inspector's page without a network: the page and its files are kept at the first visit and at each new version.
// `FILES` and `VERSION` are set by the address that loads this one (`/controle/sw.js`).

const PAGE = "/controle";
const PATIENCE_MS = 3000;
const CACHE = `controle-${VERSION}`;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(CACHE)
      .then((cache) => cache.addAll([...FILES, PAGE]))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => names.filter((name) => name.startsWith("controle-") && name !== CACHE))
      .then((old) => Promise.all(old.map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
  if (FILES.includes(address.pathname + address.search)) {
    event.respondWith(caches.match(event.request).then((kept) => kept ?? fetch(event.request)));
  } else if (event.request.mode === "navigate" && address.pathname === PAGE) {
    event.respondWith(page(event.request));
  }
});

// The network's page when it comes soon and is a page of ours; else the kept one.
async function page(request) {
  const cache = await caches.open(CACHE);
  const kept = () => cache.match(PAGE);
  try {
    const came = await Promise.race([
      fetch(request),
      new Promise((_, late) => setTimeout(() => late(new Error("late")), PATIENCE_MS)),
    ]);
    if (came.ok && !came.redirected) {
      await cache.put(PAGE, came.clone());
      return came;
    }
    return came;
  } catch {
    return (await kept()) ?? Response.error();
  }
}
