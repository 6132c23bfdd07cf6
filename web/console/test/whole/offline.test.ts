/** A connection that goes and comes: an answer is kept, sent once, and never after its time. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite } from "./suite.js";
import type { World } from "../world.js";

const { test, world, person } = suite();

const DECISIONS = "POST /v1/decisions";
const LINE = ["run", "--", "sh", "-c", "echo RUN >> out"];
const runs = (home: World) => readFileSync(home.path("work/out"), "utf8");

test("offline between the gesture and the signature: kept, said so, and sent once when it is back", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const run = home.start("enforcer", LINE);
  await ann.read();
  await ann.context.setOffline(true);
  assert.match(await ann.allow(), /kept here, sent when the connection is back$/);
  assert.equal(ann.taken(DECISIONS), 0);
  await ann.context.setOffline(false);
  assert.equal((await run.end()).code, 0);
  assert.match(await ann.newest(), /arrived at the gateway/);
  assert.deepEqual([ann.taken(DECISIONS), runs(home)], [1, "RUN\n"]);
});

test("attack_19 what could not be sent in its time is not sent after it", async (t) => {
  const home = await world(t);
  const ann = await person(t, home);
  await ann.page.clock.install();
  await ann.pair();
  const run = home.start("enforcer", LINE);
  await ann.read();
  await ann.context.setOffline(true);
  assert.match(await ann.allow(), /kept here/);
  await ann.page.clock.fastForward("05:00");
  await ann.context.setOffline(false);
  await ann.page.goto(`${home.url}/#/history`);
  await ann.page.getByText("Approved — too late: its time was over").waitFor();
  assert.equal(ann.taken(DECISIONS), 0);
  await run.kill();
  await assert.rejects(async () => runs(home));
});

test("a tab that is closed while its answer waits: the next one sends it, once", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const run = home.start("enforcer", LINE);
  await ann.read();
  await ann.context.setOffline(true);
  await ann.allow();
  await ann.page.close();
  await ann.context.setOffline(false);
  ann.page = await ann.tab();
  await ann.inbox();
  assert.equal((await run.end()).code, 0);
  assert.match(await ann.newest(), /Approved — arrived at the gateway/);
  assert.deepEqual([ann.taken(DECISIONS), runs(home)], [1, "RUN\n"]);
});

test("a gateway that restarts: the page says that it is away, and is back by itself", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const run = home.start("enforcer", LINE);
  await ann.read();
  await home.stopGateway();
  assert.match(await ann.allow(), /kept here/);
  await ann.inbox();
  await ann.page.getByText("Not connected to build server").waitFor();
  await home.startGateway();
  assert.equal((await run.end()).code, 0);
  await ann.page.getByText("Not connected to build server").waitFor({ state: "detached" });
  assert.deepEqual([ann.taken(DECISIONS), runs(home)], [1, "RUN\n"]);
});

test("a device that wakes or finds its network again asks at once, and one in the background does not", async (t) => {
  const home = await world(t);
  const ann = await person(t, home);
  await ann.page.clock.install();
  await ann.pair();
  const channels = () => ann.channels.length;
  // Time stands still from here, so that no channel is opened anew by itself.
  await ann.page.clock.pauseAt(Date.now() + 1000);
  const turn = (state: string) => ann.page.evaluate((value) => {
    Object.defineProperty(document, "visibilityState", { value, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
  const before = channels();
  await turn("hidden");
  assert.equal(channels(), before);
  await turn("visible");
  await ann.until(() => channels() === before + 1);
  await ann.context.setOffline(true);
  await ann.context.setOffline(false);
  await ann.until(() => channels() === before + 2);
});
