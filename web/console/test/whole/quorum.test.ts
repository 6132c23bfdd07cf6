/** Two people, each in a browser of their own, decide together. */

import assert from "node:assert/strict";
import { suite } from "./suite.js";

const { test, world, person } = suite();

test("two of two: the second is shown how far it is, nothing runs before, and the receipt names both", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const bob = await ann.joined(await person(t, home));
  const run = home.start("enforcer", ["run", "--quorum", "2", "--", "echo", "hi"]);
  await ann.read();
  await bob.read();
  await ann.allow();
  await bob.page.locator("article").getByText("1 of 2 approved so far").waitFor();
  assert.equal(run.said(), "");
  await bob.allow();
  assert.equal((await run.end()).stdout, "hi\n");
  const { stdout } = await home.run("enforcer", "receipt", "verify", "last", "--require", "L1", "--event", "executed");
  assert.match(stdout, /^VALID.*ann.*bob/);
});

test("two of two: one no is the end, and the other one is told that it was answered", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const bob = await ann.joined(await person(t, home));
  const run = home.start("enforcer", ["run", "--quorum", "2", "--", "echo", "hi"]);
  await bob.read();
  await ann.read();
  await ann.deny("too risky");
  const { code, stdout, stderr } = await run.end();
  assert.deepEqual([code, stdout], [126, ""]);
  assert.match(stderr, /too risky/);
  await bob.page.locator(".decide").waitFor({ state: "detached" });
  assert.match(await bob.newest(), /Answered by others/);
  assert.equal(bob.count("POST /v1/decisions"), 0);
});

test("attack_10 two browsers of one person are one of two", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const tablet = await ann.joined(await person(t, home), "tablet", ["--person", "ann"]);
  const asked = await home.run("enforcer", "run", "--quorum", "2", "--", "echo", "hi");
  assert.ok(asked.code !== 0 && asked.stdout === "", asked.stderr);
  assert.equal(tablet.count("POST /v1/decisions"), 0);
});
