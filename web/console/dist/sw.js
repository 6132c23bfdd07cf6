// Keeps the page itself on the device, so that history can be read and answers written down offline.
// It never keeps what a gateway says: only the files below, and only as they were built together.
const NAME = "countersign-5b62bacf691d877f";
const FILES = ["/","/assets/Verify-BxhhCKFf.js","/assets/index-878S2KLL.js","/assets/style-8aiZHPjh.css","/manifest.webmanifest","/icon.svg","/icon-192.png","/icon-512.png","/icon-180.png"];

self.addEventListener("install", (event) => {
  const kept = caches.open(NAME).then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" }))));
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
  if (!FILES.includes(file)) return;
  const kept = caches.open(NAME).then((cache) => cache.match(file));
  event.respondWith(kept.then((found) => found ?? fetch(event.request)));
});
