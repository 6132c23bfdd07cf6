/** Where the rooms meet: the only place that picks what a browser gives. */

import { mount } from "svelte";
import { browserEdge } from "./edge.js";
import { held } from "./held.js";
import { browserPasskeys } from "./keys/index.js";
import { lonelyLock, tabLock } from "./memory/index.js";
import type { Marker } from "./memory/index.js";
import { Office } from "./office/index.js";
import App from "./ui/App.svelte";
import "./ui/app.css";
import { applyTheme } from "./ui/theme.js";
import { words } from "./ui/words.js";

const MARK = "countersign.paired";

/** That there were pairings is kept apart from them, so that their loss is noticed. */
const marker: Marker = {
  get: () => localStorage.getItem(MARK) !== null,
  set: () => localStorage.setItem(MARK, "1"),
};

async function start(): Promise<void> {
  applyTheme();
  // Keys that a browser makes for itself are to be had only where nobody in between can change the page.
  if (!isSecureContext) throw new Error(words.broken.insecure);
  const desk = await Office.open({
    // The page talks to nobody but where it came from, which leads to the gateway or is it.
    edge: browserEdge(() => location.origin),
    disk: indexedDB,
    subtle: crypto.subtle,
    lock: "locks" in navigator ? tabLock(navigator.locks) : lonelyLock(),
    passkeys: browserPasskeys(navigator.credentials, location, (length) => crypto.getRandomValues(new Uint8Array(length))),
    marker,
    tabs: new BroadcastChannel("countersign"),
  });
  mount(App, { target: document.body, props: { desk, verify } });
  wakeful(desk);
  keepPage();
}

/** The page that checks files, once it arrived whole. */
async function verify() {
  await held();
  return (await import("./ui/Verify.svelte")).default;
}

/** A device that slept, or lost its network, holds streams that look open and bring nothing. */
function wakeful(desk: Office): void {
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") desk.wake();
  });
  addEventListener("online", () => desk.wake());
}

/** The page itself stays on the device. Where that fails it works all the same, but not offline. */
function keepPage(): void {
  if (!("serviceWorker" in navigator)) return;
  void navigator.serviceWorker.register(workerUrl()).catch(() => undefined);
  void navigator.storage?.persist?.().catch(() => undefined);
}

/** The one script that this page ever names by itself. */
function workerUrl(): string {
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  const policy = types?.createPolicy("countersign", {
    createScriptURL: (url) => {
      if (url !== "/sw.js") throw new TypeError("no other script");
      return url;
    },
  });
  return policy === undefined ? "/sw.js" : (policy.createScriptURL("/sw.js") as string);
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): { createScriptURL(url: string): unknown };
}

start().catch((error: unknown) => {
  const line = document.createElement("p");
  line.setAttribute("role", "alert");
  line.className = "page";
  line.textContent = words.broken.because(error instanceof Error ? error.message : String(error));
  document.body.append(line);
});
