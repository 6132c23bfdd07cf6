// Keeps the page itself on the device, so that history can be read and answers written down offline.
// It never keeps what a gateway says: only the files below, and only as they were built together.
const NAME = "countersign-6eba7d23a17024b9";
/** Each with its digest: what does not fit it is never kept, and then nothing is. */
const FILES = {"/":"sha384-gHZ0WySp7xwYJ3Jh+urnPsG2cPjIiamZ1rC7vqVop6VnAJQYyCvRGrPTDUwItjti","/assets/Verify-BF44PYnd.js":"sha384-Boy1c8AqackP0QaanbV1sTIt0nUIIKx5AgzdRV0a4tG38earxE0KSOhcBJ6JLBA4","/assets/index-SqSdekTc.js":"sha384-vkqBeCs1IQEj9+7VBMGLbfqOxJmlCw+KFkjlwV0YsxKXQ3Ng5/hWMG9wcxJol/1f","/assets/style-DFMQc9Hh.css":"sha384-pcJURSdq7wbLFJnLSm0oNB6dwoYgrBM0Bk30B4pNChfOMbOyuo1E7EDiDKFwMoDU","/manifest.webmanifest":"sha384-PI5xTlREBazp9kxYEWb9nkuR2UhV/5JXgo8jTuE5LYjP14AWu6C/+U+C/1+J4mIc","/icon.svg":"sha384-JBGi2z68+KNhYu3UQG01tL0r6OBGp+swbR53bZ+ff4fS3R3OkuKOO9YVrh4jnazp","/icon-192.png":"sha384-OTY/3eSE9gJInvnOFhuG967qD3xqw/ocl+RNVeqzcpVSP/uc9HOGkVBhlzYPLl4h","/icon-512.png":"sha384-j/I+3HTYfeOT0IgVRlgEI9pLWDXWaO4MK4hR1RpL2NOvu0VWAYL9NDksZQKkoe/0","/icon-180.png":"sha384-SYkVQTG3v8hQo4Q3GRUDdE5vH40Z2/1BLwCeMhpA8XqTkoic01bG5mBybSnWEuEe"};

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
