/** Pictures of every screen, in both themes and three widths, for a person to look at: `npm run shots`. */

import { mkdirSync } from "node:fs";
import { launched } from "../../.test/test/whole/browser.js";
import { recorded } from "./records.js";
import { serve } from "./serve.js";

const folder = new URL("../../.shots", import.meta.url).pathname;
mkdirSync(folder, { recursive: true });
const only = process.argv[2];

const SCENES = [
  ["inbox", "?scene=all", "#/inbox"], ["empty", "?scene=empty", ""], ["unpaired", "?scene=unpaired", ""], ["many", "?scene=many", ""],
  ...["command", "low", "shell", "patch", "patchLow", "tool", "plan", "batch", "batchHigh", "deploy", "foreign", "hostile"].map((one) => [one, `?scene=${one}&open`, ""]),
  ["history", "?scene=all", "#/history"], ["pairings", "?scene=all", "#/pairings"], ["settings", "?scene=all", "#/settings"],
  ["freeze", "?scene=all", "#/freeze"], ["pair", "?scene=all", "#/pair"],
  ["digits", "?scene=all", "#/pair", async (page) => {
    await page.getByLabel("Link or code").fill("7K3M-Q9TD");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("They are the same").waitFor();
  }],
  ["verify", "?scene=unpaired", "#/verify"],
  ["verified", "?scene=unpaired", "#/verify", async (page) => {
    const files = Object.entries(made).map(([name, text]) => ({ name, mimeType: "", buffer: Buffer.from(text) }));
    await page.locator("input[type=file]").setInputFiles(files);
    await page.locator("summary .badge", { hasText: "Not valid" }).nth(1).waitFor();
    await page.evaluate(() => document.querySelectorAll("section details").forEach((one, n) => (one.open = n !== 2)));
  }],
  ["names", "?scene=all", "#v=1&g=x&c=y"],
  ["always", "?scene=command&open", "", async (page) => page.getByLabel(/Also allow this exact call/).check()],
  ["troubled", "?scene=troubled", "#/inbox"],
  ["passkeys", "?scene=troubled", "#/pairings", async (page) => page.getByText("Passkeys (2)").click()],
  ["paired", "?scene=troubled", "#v=1&g=x&c=y", async (page) => {
    await page.getByLabel("Name of the enforcer").fill("workshop");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByLabel(/^Run this beside/).waitFor();
  }],
  ["denied", "?scene=shell&open", ""],
  ["tookBack", "?scene=low&open", "", async (page) => {
    await page.setViewportSize({ width: page.viewportSize().width, height: 600 });
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await page.getByRole("button", { name: "Take it back" }).click();
    await page.locator(".toast").getByText("Taken back.").waitFor();
  }],
  ["pending", "?scene=command&open", "", async (page) => page.getByRole("button", { name: "Approve", exact: true }).click()],
];

const { receipt, trust, bundle } = await recorded();
const made = {
  "receipt.json": receipt, "trust.json": trust, "all.csb": bundle, "edited.json": receipt.replace('"exitCode":0', '"exitCode":1'),
  "cut.csb": bundle.slice(0, -300), "letter.txt": "dear auditor",
};

const { origin, close } = await serve(new URL("../../.screens", import.meta.url).pathname);
const browser = await launched();
for (const width of [390, 768, 1280]) {
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
    for (const [name, query, hash, act] of SCENES) {
      if (only !== undefined && !new RegExp(only).test(`${name}-${width}-${colorScheme}`)) continue;
      const page = await context.newPage();
      page.on("console", (message) => message.type() === "error" && console.error(name, message.text()));
      page.on("pageerror", (error) => console.error(name, error.message));
      await page.goto(`${origin}/${query}${hash}`);
      await page.waitForFunction(() => globalThis.shownAfter !== undefined);
      if (act !== undefined) await act(page);
      await page.waitForTimeout(50);
      await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage: true });
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
close();
