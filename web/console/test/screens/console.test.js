/** A browser at `countersign console`: the page from the approver's own binary, over a gateway that it never talks to. Wants `npm test` before, for its world. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fresh, launched } from "../../.test/test/whole/browser.js";
import { World } from "../../.test/test/world.js";

let browser;
before(async () => (browser = await launched()));
after(() => browser?.close());

test("attack_48 by link, read and answered over its own address alone; the receipt says device, and another name gets nothing", { timeout: 300_000 }, async (t) => {
  const world = await World.open();
  t.after(() => world.close());
  const served = world.start("approver", ["console", "--gateway", world.url, "--port", "0", "--no-browser", "--json"]);
  const { console: own } = JSON.parse(await served.line());
  const context = await fresh(browser, { viewport: { width: 390, height: 800 } });
  t.after(() => context.close());
  const [wrong, asked] = [[], new Set()];
  const page = await context.newPage();
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  context.on("request", (request) => asked.add(new URL(request.url()).origin));

  const pair = world.start("enforcer", ["pair", "--name", "ann", "--relay", world.url, "--assurance", "device", "--json"]);
  const { link } = JSON.parse(await pair.line());
  await page.goto(`${own}/#/pair`);
  await page.getByText(`--relay ${world.url} --assurance device`).waitFor();
  await page.getByLabel("Link or code").fill(link);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Name of the enforcer").fill("build server");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Paired with build server.").first().waitFor();
  assert.equal((await pair.end()).code, 0);
  await page.getByRole("link", { name: "To the inbox" }).click();

  const run = world.start("enforcer", ["run", "--", "echo", "hi"]);
  await page.locator("a.row").click();
  await page.getByText("The first time in this device’s history").waitFor();
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  assert.equal((await run.end()).stdout, "hi\n");
  await page.locator(".detail").getByText("Your answer arrived at the gateway.").waitFor();
  const receipt = await world.run("enforcer", "receipt", "verify", "last", "--require", "L1");
  assert.match(receipt.stdout, /assurance device/);
  assert.deepEqual([wrong, [...asked]], [[], [own]]);

  // A page elsewhere can send a browser here; it learns nothing, and nothing is carried.
  const elsewhere = await context.newPage();
  const reply = await elsewhere.goto(`${own}/v1/health`);
  assert.equal(reply.status(), 403);
  await elsewhere.goto(world.url);
  const heard = await elsewhere.evaluate((at) => fetch(at, { mode: "no-cors" }).then((found) => found.type, () => "refused"), `${own}/v1/health`);
  assert.notEqual(heard, "basic");
});
