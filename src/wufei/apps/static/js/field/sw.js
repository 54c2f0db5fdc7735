// The service worker of the field page: keeps the page and everything it needs on the phone, so that it opens without
// signal. It knows nothing of the queue: that lies in IndexedDB, which no update of these files touches.
// ``KEPT`` (version, home, files) is put in front by the server.

const CACHE = `wufei-field-${KEPT.version}`;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(CACHE).then((cache) => cache.addAll([KEPT.home, ...KEPT.files].map((file) => new Request(file, { cache: "reload" })))),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("wufei-field-") && name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

// The page asks for it when the person does: never in the middle of a pick-up.
self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  const isHome = event.request.mode === "navigate" && pathname === KEPT.home;
  if (!isHome && !KEPT.files.includes(pathname)) return; // the network's matter
  event.respondWith(
    caches.open(CACHE)
      .then((cache) => cache.match(isHome ? KEPT.home : pathname))
      .then((found) => found ?? fetch(event.request)),
  );
});
