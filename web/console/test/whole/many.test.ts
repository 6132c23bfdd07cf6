/** One person at many enforcers, and in many tabs: nothing waits for a connection that another one holds. */

import assert from "node:assert/strict";
import { fresh, launched } from "./browser.js";
import { suite } from "./suite.js";

const { test, world, person } = suite();

const MANY = [1, 2, 3, 4, 5, 6, 7];

test("seven pairings at one gateway: a request on each arrives, and is approved", async (t) => {
  const home = await world(t);
  const ann = await person(t, home);
  for (const n of MANY) await ann.pairWith(home.enforcer(`e${n}`), `server ${n}`);
  const runs = MANY.map((n) => home.start(`e${n}`, ["run", "--", "echo", `hi from ${n}`]));
  for (const n of MANY) {
    await ann.read(`hi from ${n}`);
    await ann.allow();
    await ann.inbox();
  }
  const said = await Promise.all(runs.map(async (run) => (await run.end()).stdout));
  assert.deepEqual(said, MANY.map((n) => `hi from ${n}\n`));
});

test("seven tabs of one browser: each hears of a request, and what one answers is told to the others", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const tabs = [ann.page];
  for (const _ of MANY.slice(1)) {
    const tab = await ann.tab();
    await tab.goto(`${home.url}/#/inbox`);
    await tab.getByText("Nothing waits for you.").waitFor();
    tabs.push(tab);
  }
  const run = home.start("enforcer", ["run", "--", "echo", "hi"]);
  for (const tab of tabs) await tab.locator("a.row").waitFor();
  await ann.read();
  await ann.allow();
  assert.equal((await run.end()).stdout, "hi\n");
  for (const tab of tabs.slice(1)) await tab.getByText("Approved — arrived at the gateway").first().waitFor();
});

test("the console on one's own machine carries the channels of seven pairings and of more tabs", async (t) => {
  const home = await world(t);
  const served = home.start("approver", ["console", "--gateway", home.url, "--port", "0", "--no-browser", "--json"]);
  const { console: own } = JSON.parse(await served.line()) as { console: string };
  const ann = await person(t, home, {}, own);
  for (const n of MANY) await ann.pairWith(home.enforcer(`e${n}`), `server ${n}`);
  const second = await ann.tab();
  await second.goto(`${own}/#/inbox`);
  await second.getByText("Nothing waits for you.").waitFor();
  const run = home.start("e7", ["run", "--", "echo", "hi"]);
  await second.locator("a.row").waitFor();
  await ann.inbox();
  await ann.read();
  await ann.allow();
  assert.equal((await run.end()).stdout, "hi\n");
  await second.getByText("Approved — arrived at the gateway").first().waitFor();
});

test("the page as the binary serves it has its channel, also from its service worker and after the gateway was away", async (t) => {
  const home = await world(t);
  const browser = await launched([]);
  t.after(() => browser.close());
  const page = await (await fresh(browser)).newPage();
  const pair = home.start("enforcer", ["pair", "--name", "ann", "--relay", home.url, "--assurance", "web", "--json"]);
  await page.goto((JSON.parse(await pair.line()) as { link: string }).link);
  await page.getByLabel("Name of the enforcer").fill("build server");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Paired with build server.").first().waitFor();
  const live = page.locator("li.card").getByText("Live", { exact: true });
  await page.goto(`${home.url}/#/pairings`);
  await live.waitFor();
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.reload();
  await live.waitFor();
  await home.stopGateway();
  await page.reload();
  await page.getByText("Offline", { exact: true }).waitFor();
  await home.startGateway();
  await live.waitFor();
});
