/** What a person answers on the page is what happens beside the agent. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { suite } from "./suite.js";
import type { Process } from "../world.js";

const { test, world, person } = suite();

/** What the waiting call shows for a critical action. */
async function digitsOf(waiting: Process): Promise<string> {
  return (await waiting.says(/these digits are typed: \S+ (\d{4})/))[1] ?? "";
}

test("a command is read, approved by link, runs, and has a receipt that names who allowed it", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const run = home.start("enforcer", ["run", "--description", "says <b>hi</b>", "--", "sh", "-c", "echo hi && echo there"]);
  await ann.read();
  for (const said of ['"echo hi && echo there"', "a shell line: every part of it runs", "says <b>hi</b>"]) {
    await ann.page.locator("article").getByText(said).first().waitFor();
  }
  assert.match(await ann.allow(), /^Approved: .* arrived at the gateway$/);
  const { code, stdout } = await run.end();
  assert.deepEqual([code, stdout], [0, "hi\nthere\n"]);
  const receipt = await home.run("enforcer", "receipt", "verify", "last", "--require", "L1", "--event", "executed");
  assert.deepEqual([receipt.code, /approved by ann \(assurance web\)/.test(receipt.stdout)], [0, true], receipt.stdout);
  assert.match(await ann.newest(), /Approved — arrived at the gateway/);
});

test("a no with its reason: nothing runs, and the agent reads why", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const run = home.start("enforcer", ["run", "--", "echo", "hi"]);
  await ann.read();
  await ann.deny("not on a friday");
  const { code, stdout, stderr } = await run.end();
  assert.deepEqual([code, stdout], [126, ""]);
  assert.match(stderr, /not on a friday/);
  assert.match(await ann.newest(), /Denied — arrived at the gateway: not on a friday/);
});

test("an answer that is taken back was never signed", async (t) => {
  const home = await world(t);
  const ann = await person(t, home);
  await ann.page.clock.install();
  await ann.pair();
  const run = home.start("enforcer", ["run", "--", "echo", "hi"]);
  await ann.read();
  // Time stands still meanwhile: on a busy machine two presses take longer than the three seconds.
  await ann.page.clock.pauseAt(Date.now() + 20_000);
  await ann.page.getByRole("button", { name: "Deny" }).click();
  await ann.page.getByRole("button", { name: "Take it back" }).click();
  await ann.page.getByText("Taken back. Nothing was signed.").first().waitFor();
  await ann.page.clock.resume();
  await ann.allow();
  assert.equal((await run.end()).stdout, "hi\n");
  assert.equal(ann.count("POST /v1/decisions"), 1);
});

test("critical: the four digits are those that the waiting call shows, and no others", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const run = home.start("enforcer", ["run", "--env", "LD_PRELOAD", "--", "echo", "hi"], { LD_PRELOAD: "" });
  const digits = await digitsOf(run);
  await ann.read();
  await ann.page.getByLabel("The four digits").fill(digits === "0000" ? "0001" : "0000");
  await ann.gesture();
  await ann.page.getByText("These are not its digits").waitFor();
  assert.equal(ann.count("POST /v1/decisions"), 0);
  await ann.page.getByLabel("The four digits").fill(digits);
  await ann.allow();
  assert.equal((await run.end()).stdout, "hi\n");
});

test("handed on: the next one is asked, and that answer counts", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const bob = await ann.joined(await person(t, home));
  const run = home.start("enforcer", ["run", "--to", "ann", "--escalate", "bob:60s", "--", "echo", "hi"]);
  await ann.read();
  await ann.page.locator("summary").getByText("Ask somebody else").click();
  await ann.page.getByLabel("Whom to ask").selectOption("bob");
  await ann.page.getByRole("button", { name: "Ask somebody else" }).click();
  await bob.read();
  await bob.allow();
  assert.equal((await run.end()).stdout, "hi\n");
  assert.match(await ann.newest(), /Handed on — arrived at the gateway/);
});

const NIGHTLY = ["/var/log/old", "/srv/data", "/tmp/scratch"].map((path) => JSON.stringify({ action: "file_delete", path }));

test("a batch: each item has its own answer", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  writeFileSync(home.path("batch.jsonl"), `${NIGHTLY.join("\n")}\n`);
  // One that cannot be undone, three times, is critical here, and the policy wants a reason for it.
  const asking = home.start("enforcer", ["request", "--batch", home.path("batch.jsonl")]);
  await ann.read();
  await ann.openAll();
  await ann.page.locator("article").getByText("/srv/data").first().waitFor();
  await ann.page.getByRole("radio", { name: "No" }).nth(1).check();
  await ann.page.getByRole("button", { name: "approve 2 of 3" }).waitFor();
  await ann.page.getByLabel(/^Reason/).fill("they are old");
  await ann.page.getByLabel("The four digits").fill(await digitsOf(asking));
  await ann.allow();
  const { stdout } = await asking.end();
  assert.match(stdout, /^partial \S+ by ann\nitem 1: allowed\nitem 2: denied\nitem 3: allowed\n$/);
});
