/** The screens on a pretended desk, for tests in a browser. */

import { mount } from "svelte";
import App from "../../src/ui/App.svelte";
import "../../src/ui/app.css";
import { requestHref } from "../../src/ui/place.js";
import { keyOf } from "../../src/ui/sort.js";
import { applyTheme } from "../../src/ui/theme.js";
import { deskFor } from "./fake.js";
import * as fixtures from "./fixtures.js";

const wanted = new URLSearchParams(location.search);
const desk = deskFor(wanted.get("scene") ?? "all");
if (wanted.has("open")) {
  desk.subscribe(({ waiting }) => {
    const first = waiting.find(({ kind }) => kind === "opened");
    if (first !== undefined && location.hash === "") location.hash = requestHref(keyOf(first));
  })();
}
Object.assign(globalThis, { desk, fixtures });
applyTheme();
const started = performance.now();
mount(App, { target: document.body, props: { desk, verify: async () => (await import("../../src/ui/Verify.svelte")).default } });
requestAnimationFrame(() => requestAnimationFrame(() => Object.assign(globalThis, { shownAfter: performance.now() - started })));
