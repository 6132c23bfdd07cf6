/** A passkey from its making to the receipt, with a virtual authenticator. Wants `npm test` before, for its world. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fresh, launched } from "../../.test/test/whole/browser.js";
import { World } from "../../.test/test/world.js";
import { CSP } from "./serve.js";

const DIST = new URL("../../dist/", import.meta.url);
const TYPES = { html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css", svg: "image/svg+xml", png: "image/png", webmanifest: "application/manifest+json" };

let browser;
before(async () => (browser = await launched()));
after(() => browser?.close());

/** This build's page under a name, with an authenticator that verifies its person until it is told otherwise. */
async function pageAt(url) {
  const context = await fresh(browser, { viewport: { width: 390, height: 800 }, serviceWorkers: "block" });
  await context.route((found) => found.origin === url && !found.pathname.startsWith("/v1/"), async (route) => {
    const { pathname } = new URL(route.request().url());
    const name = pathname === "/" || pathname === "/pair" ? "index.html" : pathname.slice(1);
    const body = await readFile(new URL(name, DIST)).catch(() => undefined);
    if (body === undefined) return route.fulfill({ status: 404 });
    return route.fulfill({ body, headers: { "content-type": TYPES[name.split(".").at(-1)] ?? "text/plain", "content-security-policy": CSP } });
  });
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  const tools = await context.newCDPSession(page);
  await tools.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await tools.send("WebAuthn.addVirtualAuthenticator", { options });
  const verifies = (isUserVerified) => tools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
  return { context, page, wrong, verifies };
}

/** Opens what waits, reads all of it, and says yes. */
async function approve(page, url) {
  await page.goto(`${url}/#/inbox`);
  await page.locator("a.row").first().click();
  await page.locator(".decide").waitFor();
  const shut = page.locator("details.unread:not([open]) > summary");
  while (await page.locator("details.unread").count()) if (await shut.count()) await shut.first().click();
  const press = page.getByRole("group", { name: "Your answer" }).getByRole("button").last();
  await press.focus();
  if ((await press.textContent())?.includes("Hold") === true) {
    await page.keyboard.down("Space");
    await page.getByRole("button", { name: "Take it back" }).waitFor();
    await page.keyboard.up("Space");
  } else await press.click();
}

test("attack_49 a passkey is pinned, its answers are verified offline, and nothing is sent without its person", { timeout: 300_000 }, async (t) => {
  const world = await World.open();
  t.after(() => world.close());
  const url = world.url.replace("127.0.0.1", "localhost");
  const { context, page, wrong, verifies } = await pageAt(url);
  t.after(() => context.close());

  const pair = world.start("enforcer", ["pair", "--name", "ann", "--relay", url, "--assurance", "web", "--json"]);
  const { link } = JSON.parse(await pair.line());
  await page.goto(link);
  await page.getByLabel("Name of the enforcer").fill("laptop");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Paired with laptop.").waitFor();
  assert.equal((await pair.end()).code, 0);

  // It is offered at the end of the pairing.
  await page.getByRole("button", { name: "Add a passkey" }).click();
  const shown = await page.getByLabel(/^Run this beside the agent/).inputValue();
  const [, text] = /--passkey (\S+)$/.exec(shown) ?? [];
  const pinning = world.start("enforcer", ["trust", "set", "ann", "--passkey", text]);
  await approve(page, url);
  const pinned = await pinning.end();
  assert.equal(pinned.code, 0, pinned.stderr);
  assert.match((await world.run("enforcer", "trust", "show")).stdout, /passkey of http:\/\/localhost/);

  const run = world.start("enforcer", ["run", "--", "echo", "hi"]);
  await approve(page, url);
  assert.equal((await run.end()).stdout, "hi\n");
  const proven = await world.run("enforcer", "receipt", "verify", "last", "--require", "L1", "--assurance", "verified", "--json");
  assert.equal(proven.code, 0, proven.stdout);
  assert.equal(JSON.parse(proven.stdout).assurance, "verified");

  // Another one counts for nothing before it is pinned, and so the first one is used until then.
  await page.goto(`${url}/#/pairings`);
  await page.getByText("Passkeys (1)").click();
  await page.getByRole("button", { name: "Add another passkey" }).click();
  const [, second] = /--passkey (\S+)$/.exec(await page.getByLabel(/^Run this beside the agent/).inputValue()) ?? [];
  const changing = world.start("enforcer", ["trust", "set", "ann", "--passkey", second]);
  await approve(page, url);
  const changed = await changing.end();
  assert.equal(changed.code, 0, changed.stderr);
  await page.goto(`${url}/#/pairings`);
  await page.getByText("Passkeys (2)").click();
  await page.getByRole("button", { name: "Use this one" }).click();
  await page.getByText("That passkey is used for each yes").first().waitFor();
  await page.getByRole("button", { name: "Remove" }).last().click();
  await page.getByText("Passkeys (1)").waitFor();
  const only = await world.run("enforcer", "trust", "set", "ann", "--no-passkey");
  assert.deepEqual([only.code === 0, /nobody would be left at `verified`/.test(only.stderr)], [false, true], only.stderr);

  // What changes who may answer takes it from now on, and here its person is not verified.
  await verifies(false);
  const lowering = world.start("enforcer", ["trust", "set", "ann", "--assurance", "device", "--ttl", "1m"]);
  await approve(page, url);
  await page.getByText("the passkey was not used: nothing was signed").first().waitFor();
  await verifies(true);
  await approve(page, url);
  const lowered = await lowering.end();
  assert.equal(lowered.code, 0, lowered.stderr);

  // A no needs nobody to be verified.
  await verifies(false);
  const denied = world.start("enforcer", ["run", "--", "echo", "no"]);
  await page.goto(`${url}/#/inbox`);
  await page.locator("a.row").first().click();
  await page.getByRole("button", { name: "Deny" }).click();
  const { code, stdout } = await denied.end();
  assert.notEqual(code, 0);
  assert.equal(stdout, "");
  assert.deepEqual(wrong, []);
});
