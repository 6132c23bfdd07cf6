/** A browser, and pages at a scene of the pretended desk, under the page's own Content-Security-Policy. */

import assert from "node:assert/strict";
import { after, before } from "node:test";
import AxeBuilder from "@axe-core/playwright";
import { fresh, launched } from "../../.test/test/whole/browser.js";
import { serve } from "./serve.js";

/** @type {import("playwright-core").Browser} */
let browser;
let served;

before(async () => {
  served = await serve(new URL("../../.screens", import.meta.url).pathname);
  browser = await launched();
});
after(async () => {
  await browser?.close();
  served?.close();
});

/** A page at a scene; what it must never do is an error of the test. */
export async function at(scene, { width = 1280, theme = "light", hash = "", open = false, clock = false } = {}) {
  const context = await fresh(browser, { viewport: { width, height: 800 }, colorScheme: theme, reducedMotion: "reduce" });
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.location().url.endsWith("/favicon.ico")) wrong.push(message.text());
  });
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== served.origin && protocol !== "data:" && protocol !== "blob:") wrong.push(`asked ${request.url()}`);
  });
  if (clock) await page.clock.install();
  await page.goto(`${served.origin}/?scene=${scene}${open ? "&open" : ""}${hash}`);
  await page.locator("main").waitFor();
  if (open) await page.locator(".decide").waitFor();
  // From here its time passes only where a test lets it, however slow the machine is.
  if (clock) await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 20_000);
  return { page, wrong, [Symbol.asyncDispose]: () => context.close(), done: () => context.close() };
}

export const calls = (page) => page.evaluate(() => globalThis.desk.calls);
export const answers = async (page) => (await calls(page)).filter(([what]) => what === "answer").map(([, , reply]) => reply);

export async function noSideways(page, what) {
  const wide = await page.evaluate(() => {
    const most = document.documentElement.clientWidth;
    const found = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > most + 1 && !one.closest(".hidden"));
    return { scroll: document.documentElement.scrollWidth - most, found: found.slice(0, 3).map((one) => one.outerHTML.slice(0, 120)) };
  });
  assert.ok(wide.scroll <= 0, `${what} scrolls sideways by ${wide.scroll}: ${wide.found.join("\n")}`);
}

/** On a phone all that is pressed is at least 44 px high; a link in a line of text is as high as the line. */
export async function touchable(page, what) {
  const small = await page.evaluate(() => {
    const pressed = [...document.querySelectorAll("button, summary, select, textarea, label.check, nav a, a.button, a.row, a.alone, a.up, a.brand, a.freeze, input:not([type=checkbox], [type=radio], .hidden)")];
    const shown = pressed.filter((one) => one.checkVisibility() && !one.closest(".hidden"));
    return shown.filter((one) => one.getBoundingClientRect().height < 43.5).map((one) => `${one.getBoundingClientRect().height} ${one.outerHTML.slice(0, 120)}`);
  });
  assert.deepEqual(small.slice(0, 5), [], what);
}

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Looks at all rules, or only at those that are named. Our page has no frames, and axe needs no page of its own for them. */
export async function accessible(page, what, rules) {
  const axe = new AxeBuilder({ page }).setLegacyMode(true);
  const { violations } = await (rules === undefined ? axe.withTags(TAGS) : axe.withRules(rules)).analyze();
  const said = violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("; ")}`);
  assert.deepEqual(said, [], what);
}
