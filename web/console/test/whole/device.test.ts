/** A device that does not count any more, and one whose clock is wrong. */

import assert from "node:assert/strict";
import { hideTheEnd } from "./hostile.js";
import { suite } from "./suite.js";

const { test, world, person } = suite();

const ECHO = ["--", "echo", "hi"];

test("attack_10 a device that was revoked allows nothing any more, also what it was asked before", async (t) => {
  const home = await world(t);
  const ann = await person(t, home);
  // It goes on as if it had not heard.
  await hideTheEnd(ann);
  await ann.pair();
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

test("attack_10 a device that was revoked is told so, at that pairing alone, and tries no more", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  await ann.pairWith(home.enforcer("other"), "laptop");
  const waiting = home.start("enforcer", ["run", "--ttl", "20s", ...ECHO]);
  await ann.page.locator("a.row").waitFor();
  assert.equal((await home.run("enforcer", "revoke", "ann")).code, 0);
  await ann.page.getByText("build server: the gateway says that this pairing was ended").first().waitFor();
  await ann.page.locator("a.row").waitFor({ state: "detached" });
  assert.equal((await waiting.end()).code, 126);
  await ann.page.goto(`${home.url}/#/pairings`);
  const card = (name: string) => ann.page.locator("li.card").filter({ hasText: name });
  await card("build server").getByText("Refused", { exact: true }).waitFor();
  await card("laptop").getByText("Live", { exact: true }).waitFor();
  const channels = ann.channels.length;
  await ann.page.evaluate(() => dispatchEvent(new Event("online")));
  await ann.until(() => ann.channels.length > channels);
  await card("laptop").getByText("Live", { exact: true }).waitFor();
  assert.equal(ann.channels.length, channels + 1, "the laptop's alone");
  // Asked again by its person, the gateway says the same.
  await card("build server").getByRole("button", { name: "Try again" }).click();
  await ann.until(() => ann.channels.length === channels + 2);
  await card("build server").getByText("Refused", { exact: true }).waitFor();
  const run = home.start("other", ["run", ...ECHO]);
  await ann.inbox();
  await ann.read();
  await ann.allow();
  assert.equal((await run.end()).stdout, "hi\n");
});

test("a pairing that is ended on the page is over on both sides, and its keys are gone", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  await ann.page.goto(`${home.url}/#/pairings`);
  await ann.page.getByText("Keys and names").click();
  await ann.page.getByRole("button", { name: "End this pairing…" }).click();
  await ann.page.getByRole("button", { name: "End it" }).click();
  await ann.page.getByText("The pairing with build server is over.").first().waitFor();
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
    await ann.page.getByText(`build server: this device’s clock is 60 minutes ${off > 0 ? "ahead of" : "behind"} the gateway’s: set`).waitFor();
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
