/** The built page in a browser against the real binary: paired, asked, answered, run. Wants `npm test` before, for its world. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { World } from "../../.test/test/world.js";
import { CSP } from "./serve.js";

const DIST = new URL("../../dist/", import.meta.url);
const TYPES = { html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css", svg: "image/svg+xml", png: "image/png", webmanifest: "application/manifest+json" };

let browser;
before(async () => (browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] })));
after(() => browser?.close());

/** This build's page at the gateway's address, whatever page was built into the binary. */
async function pageAt(url) {
  const context = await browser.newContext({ viewport: { width: 390, height: 800 }, serviceWorkers: "block" });
  const wrong = [];
  await context.route((found) => found.origin === url && !found.pathname.startsWith("/v1/"), async (route) => {
    const { pathname } = new URL(route.request().url());
    const name = pathname === "/" || pathname === "/pair" ? "index.html" : pathname.slice(1);
    const body = await readFile(new URL(name, DIST)).catch(() => undefined);
    if (body === undefined) return route.fulfill({ status: 404 });
    return route.fulfill({ body, headers: { "content-type": TYPES[name.split(".").at(-1)] ?? "text/plain", "content-security-policy": CSP } });
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => wrong.push(error.message));
  context.on("request", (request) => new URL(request.url()).origin !== url && wrong.push(request.url()));
  return { page, wrong, context };
}

test("by link, then a command is read, approved by a held press, and runs", { timeout: 180_000 }, async (t) => {
  const world = await World.open();
  t.after(() => world.close());
  const { page, wrong, context } = await pageAt(world.url);
  t.after(() => context.close());

  const pair = world.start("enforcer", ["pair", "--name", "ann", "--relay", world.url, "--assurance", "web", "--json"]);
  const { link } = JSON.parse(await pair.line());
  await page.goto(link);
  await page.getByLabel("Name of the enforcer").fill("build server");
  await page.getByLabel("Group", { exact: true }).fill("Platform");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Paired with build server.").waitFor();
  assert.equal((await pair.end()).code, 0);
  await page.getByRole("link", { name: "To the inbox" }).click();

  const run = world.start("enforcer", ["run", "--description", "says <b>hi</b>", "--", "sh", "-c", "echo hi && echo there"]);
  await page.locator("a.row").click();
  await page.locator(".decide").waitFor();
  for (const said of ["\"echo hi && echo there\"", "a shell line: every part of it runs", "says <b>hi</b>"]) {
    await page.locator("article").getByText(said).first().waitFor();
  }
  const press = page.getByRole("group", { name: "Your answer" }).getByRole("button").last();
  await press.focus();
  if ((await press.textContent())?.includes("Hold") === true) {
    await page.keyboard.down("Space");
    await page.getByRole("button", { name: "Take it back" }).waitFor();
    await page.keyboard.up("Space");
  } else await press.click();
  const { code, stdout } = await run.end();
  assert.deepEqual([code, stdout], [0, "hi\nthere\n"]);

  await page.goto(`${world.url}/#/history`);
  await page.getByText("Approved — arrived at the gateway").waitFor();
  assert.deepEqual(wrong, []);
});

test("a no with its reason arrives; a stop from here holds everything there", { timeout: 180_000 }, async (t) => {
  const world = await World.open();
  t.after(() => world.close());
  const { page, context } = await pageAt(world.url);
  t.after(() => context.close());
  const pair = world.start("enforcer", ["pair", "--name", "ann", "--relay", world.url, "--assurance", "web", "--json"]);
  const { link } = JSON.parse(await pair.line());
  await page.goto(link);
  await page.getByLabel("Name of the enforcer").fill("laptop");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Paired with laptop.").waitFor();
  await pair.end();
  await page.goto(`${world.url}/#/inbox`);
  const run = world.start("enforcer", ["run", "--", "echo", "hi"]);
  await page.locator("a.row").click();
  await page.getByLabel(/^Reason/).fill("not on a friday");
  await page.getByRole("button", { name: "Deny" }).click();
  const { stdout, stderr } = await run.end();
  assert.equal(stdout, "");
  assert.match(stderr, /not on a friday/);

  await page.goto(`${world.url}/#/freeze`);
  await page.getByRole("button", { name: "Freeze 1 enforcer now" }).click();
  await page.getByText("laptop: the stop is on its way.").waitFor();
  const frozen = await world.run("enforcer", "run", "--", "echo", "hi");
  assert.equal(frozen.stdout, "");
  assert.notEqual(frozen.code, 0);
});
