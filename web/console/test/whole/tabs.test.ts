/** Two tabs of one browser are one device. */

import assert from "node:assert/strict";
import { suite } from "./suite.js";
import type { Page } from "playwright-core";
import type { Person } from "./person.js";

const { test, world, person } = suite();

async function twoTabs(ann: Person) {
  const second = await ann.tab();
  await second.goto(`${ann.world.url}/#/inbox`);
  await second.getByText("Nothing waits for you.").waitFor();
  return second;
}

const yes = (page: Page) => page.getByRole("button", { name: "Approve", exact: true });

/** Opens what waits. What one tab answers is over in the other soon after: both have to be there first. */
async function read(page: Page): Promise<void> {
  await page.locator("a.row").click();
  await yes(page).waitFor();
}

test("attack_18 both tabs say yes in the same moment: one answer is signed, and it runs once", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const second = await twoTabs(ann);
  const run = home.start("enforcer", ["run", "--", "echo", "hi"]);
  const tabs = [ann.page, second];
  for (const page of tabs) await read(page);
  await Promise.all(tabs.map((page) => yes(page).click()));
  assert.equal((await run.end()).stdout, "hi\n");
  for (const page of tabs) {
    await page.goto(`${home.url}/#/history`);
    await page.getByText("Approved — arrived at the gateway").first().waitFor();
  }
  const bodies = ann.calls.filter(({ what }) => what === "POST /v1/decisions").map(({ body }) => body);
  assert.equal(new Set(bodies).size, 1);
});

test("attack_43 one tab says yes and the other no: one of them counts, and the other tab is told", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const second = await twoTabs(ann);
  const run = home.start("enforcer", ["run", "--", "echo", "hi"]);
  for (const page of [ann.page, second]) await read(page);
  await ann.page.getByRole("button", { name: "Deny" }).click();
  await yes(second).click();
  const { stdout } = await run.end();
  assert.equal(ann.taken("POST /v1/decisions"), 1);
  const { stdout: receipt } = await home.run("enforcer", "receipt", "verify", "last");
  assert.equal(stdout === "hi\n", /executed/.test(receipt), receipt);
});

test("what one tab answers, pairs or ends is so in the other", async (t) => {
  const home = await world(t);
  const ann = await person(t, home);
  await ann.inbox();
  const second = await ann.tab();
  await second.goto(`${home.url}/#/inbox`);
  await second.getByText("This device answers nobody yet.").waitFor();
  await ann.pair();
  await second.getByText("Nothing waits for you.").waitFor();
  const run = home.start("enforcer", ["run", "--", "echo", "hi"]);
  await second.locator("a.row").waitFor();
  await ann.read();
  await ann.deny();
  await second.getByText("Denied — arrived at the gateway").first().waitFor();
  await second.locator("a.row").waitFor({ state: "detached" });
  assert.equal((await run.end()).stdout, "");
});
