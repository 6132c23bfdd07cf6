/** Every screen, in both themes and at every width: accessible, and nothing wider than the screen. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, at, noSideways, touchable } from "./pages.js";

const WIDTHS = [320, 360, 768, 1280];
const THEMES = ["light", "dark"];


/** All that another theme changes. */
const COLOURS = ["color-contrast", "link-in-text-block"];

const SCREENS = [
  ["inbox", "all", { hash: "#/inbox" }], ["nothing waits", "empty", {}], ["not paired", "unpaired", {}],
  ...["command", "low", "shell", "patch", "patchLow", "tool", "plan", "batch", "batchHigh", "deploy", "foreign", "hostile"].map((one) => [one, one, { open: true }]),
  ["history", "all", { hash: "#/history" }], ["pairings", "all", { hash: "#/pairings" }], ["troubled pairings", "troubled", { hash: "#/pairings" }], ["troubled inbox", "troubled", { hash: "#/inbox" }], ["settings", "all", { hash: "#/settings" }],
  ["verify", "unpaired", { hash: "#/verify" }], ["freeze", "all", { hash: "#/freeze" }], ["pair", "all", { hash: "#/pair" }],
];

for (const [name, scene, options] of SCREENS) {
  test(`${name}: accessible, no wider than the screen, no other origin, in both themes`, async () => {
    const { page, wrong, done } = await at(scene, options);
    await page.evaluate(() => document.querySelectorAll("article details, .page details").forEach((one) => (one.open = true)));
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      await noSideways(page, `${name} at ${width}`);
      if (width <= 360) await touchable(page, `${name} at ${width}`);
      for (const theme of THEMES) {
        await page.emulateMedia({ colorScheme: theme });
        // What axe looks at hangs on the layout, and that is the same at 320 as at 360.
        if (width !== 320) await accessible(page, `${name} at ${width}, ${theme}`, theme === "dark" ? COLOURS : undefined);
      }
    }
    assert.deepEqual(wrong, []);
    await done();
  });
}

test("every page is as wide as the others", async () => {
  const { page, done } = await at("all");
  const widths = [];
  for (const place of ["history", "pairings", "pair", "verify", "settings", "freeze"]) {
    await page.evaluate((to) => (location.hash = `#/${to}`), place);
    await page.waitForFunction((to) => location.hash === `#/${to}` && document.querySelector(".page h1") !== null, place);
    widths.push(await page.evaluate(() => document.querySelector(".page").getBoundingClientRect().width));
  }
  assert.deepEqual([...new Set(widths)], [736]);
  await done();
});

test("the check of accessibility finds what is planted", async () => {
  const { page, done } = await at("empty");
  await page.evaluate(() => document.querySelector("main").append(document.createElement("input")));
  await assert.rejects(accessible(page, "planted"));
  await page.evaluate(() => document.querySelector("main").append(Object.assign(document.createElement("p"), { textContent: "pale" })));
  await page.evaluate(() => document.querySelector("main > p:last-child").style.setProperty("color", "#888"));
  await page.evaluate(() => document.querySelector("main > p:last-child").style.setProperty("background", "#999"));
  await assert.rejects(accessible(page, "planted", COLOURS));
  await done();
});
