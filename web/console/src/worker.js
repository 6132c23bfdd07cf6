// Keeps the page itself on the device, so that history can be read and answers written down offline.
// It never keeps what a gateway says: only the files below, and only as they were built together.
const NAME = "countersign-__VERSION__";
/** Each with its digest: what does not fit it is never kept, and then nothing is. */
const FILES = __FILES__;

self.addEventListener("install", (event) => {
  const asked = Object.entries(FILES).map(([file, integrity]) => new Request(file, { cache: "reload", integrity }));
  const kept = caches.open(NAME).then((cache) => cache.addAll(asked));
  event.waitUntil(kept.then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name.startsWith("countersign-") && name !== NAME);
  const cleared = caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name))));
  event.waitUntil(cleared.then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  const page = event.request.mode === "navigate" && (url.pathname === "/" || url.pathname === "/pair");
  const file = page ? "/" : url.pathname;
  if (!Object.hasOwn(FILES, file)) return;
  const kept = caches.open(NAME).then((cache) => cache.match(file));
  event.respondWith(kept.then((found) => found ?? fetch(event.request)));
});
