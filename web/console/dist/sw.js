// Keeps the page itself on the device, so that history can be read and answers written down offline.
// It never keeps what a gateway says: only the files below, and only as they were built together.
const NAME = "countersign-ec4d7b3b78541152";
/** Each with its digest: what does not fit it is never kept, and then nothing is. */
const FILES = {"/":"sha384-nw1JC9fwG33LL/w7bSPDXhL+rN5nzyAd925ujgNHsXQDGusGL/QeW5GwNzz5XHP7","/assets/Verify-BIMcZxB8.js":"sha384-ZkcDALa243VdPDWqTWYhoA/o+5gPdQdjZHo9n+jWhuv8OYQeGwn1hl+W+2qAfOfo","/assets/index-DDUBiZ7b.js":"sha384-WU5KMNRtmp8QI5jHJ0Q6M6OWvSNe26Ti/FjPg3JOJpDUALyTATVL0h3LQgWcC2rW","/assets/style-DFMQc9Hh.css":"sha384-pcJURSdq7wbLFJnLSm0oNB6dwoYgrBM0Bk30B4pNChfOMbOyuo1E7EDiDKFwMoDU","/manifest.webmanifest":"sha384-PI5xTlREBazp9kxYEWb9nkuR2UhV/5JXgo8jTuE5LYjP14AWu6C/+U+C/1+J4mIc","/icon.svg":"sha384-JBGi2z68+KNhYu3UQG01tL0r6OBGp+swbR53bZ+ff4fS3R3OkuKOO9YVrh4jnazp","/icon-192.png":"sha384-OTY/3eSE9gJInvnOFhuG967qD3xqw/ocl+RNVeqzcpVSP/uc9HOGkVBhlzYPLl4h","/icon-512.png":"sha384-j/I+3HTYfeOT0IgVRlgEI9pLWDXWaO4MK4hR1RpL2NOvu0VWAYL9NDksZQKkoe/0","/icon-180.png":"sha384-SYkVQTG3v8hQo4Q3GRUDdE5vH40Z2/1BLwCeMhpA8XqTkoic01bG5mBybSnWEuEe"};

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
