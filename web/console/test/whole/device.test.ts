/** A device that does not count any more, and one whose clock is wrong. */

import assert from "node:assert/strict";
import { suite } from "./suite.js";

const { test, world, person } = suite();

const ECHO = ["--", "echo", "hi"];

test("attack_10 a device that was revoked allows nothing any more, also what it was asked before", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const run = home.start("enforcer", ["run", "--ttl", "20s", ...ECHO]);
  await ann.read();
  assert.equal((await home.run("enforcer", "revoke", "ann")).code, 0);
  assert.doesNotMatch(await ann.allow(), /arrived/);
  const { code, stdout } = await run.end();
  assert.deepEqual([code, stdout], [126, ""]);
  const again = await home.run("enforcer", "run", ...ECHO);
  assert.deepEqual([again.code, again.stdout, /no_approver/.test(again.stderr)], [126, "", true]);
  await ann.inbox();
  await ann.page.getByText("Nothing waits for you.").waitFor();
});

test("a pairing that is ended on the page is over on both sides, and its keys are gone", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  await ann.page.goto(`${home.url}/#/pairings`);
  await ann.page.getByText("Keys and names").click();
  await ann.page.getByRole("button", { name: "End this pairing…" }).click();
  await ann.page.getByRole("button", { name: "End it" }).click();
  await ann.page.getByText("The pairing with build server is over.").waitFor();
  const { code, stdout } = await home.run("enforcer", "run", "--ttl", "2s", ...ECHO);
  assert.deepEqual([code, stdout], [126, ""]);
  assert.deepEqual((await ann.kept())["countersign-keys/keys"], []);
});

const MINUTE = 60_000;

for (const [name, off] of [["an hour ahead", 60], ["an hour behind", -60]] as const) {
  test(`attack_19 a clock that is ${name}: nothing is answered, nothing runs`, async (t) => {
    const home = await world(t);
    const ann = await person(t, home);
    await ann.page.clock.install({ time: Date.now() + off * MINUTE });
    await ann.pair();
    const run = await home.run("enforcer", "run", "--ttl", "2s", ...ECHO);
    assert.deepEqual([run.code, run.stdout], [126, ""]);
    await ann.page.getByText("Not connected to build server").waitFor();
    assert.equal(ann.count("POST /v1/decisions"), 0);
  });
}

test("a clock that is four minutes ahead: what ends before that is not shown as if it could be answered", async (t) => {
  const home = await world(t);
  const ann = await person(t, home);
  await ann.page.clock.install({ time: Date.now() + 4 * MINUTE });
  await ann.pair();
  const run = home.start("enforcer", ["run", "--ttl", "60s", ...ECHO]);
  await ann.page.getByText("its time is over").waitFor();
  assert.equal(await ann.page.locator("a.row").count(), 0);
  await run.kill();
});

test("a clock that is four minutes behind: the answer counts", async (t) => {
  const home = await world(t);
  const ann = await person(t, home);
  await ann.page.clock.install({ time: Date.now() - 4 * MINUTE });
  await ann.pair();
  const run = home.start("enforcer", ["run", ...ECHO]);
  await ann.read();
  await ann.allow();
  assert.equal((await run.end()).stdout, "hi\n");
});
