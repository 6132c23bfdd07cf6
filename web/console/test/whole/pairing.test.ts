/** How a browser becomes an approver: by link, by code, from `up`, and how it does not. */

import assert from "node:assert/strict";
import { meddle, withHalf } from "./hostile.js";
import type { Person } from "./person.js";
import { suite } from "./suite.js";
import type { World } from "../world.js";

const { test, world, person } = suite();

/** A pairing that waits on a terminal, and the code that it shows. */
async function announced(home: World) {
  const pair = home.onTerminal("enforcer", ["pair", "--name", "ann", "--relay", home.url, "--assurance", "web"]);
  const [, code = ""] = await pair.says(/Or type the code (\S+)/);
  return { pair, code };
}

async function typed(ann: Person, code: string): Promise<void> {
  await ann.page.goto(`${ann.world.url}/#/pair`);
  await ann.page.getByLabel("Link or code").fill(code);
  await ann.page.getByRole("button", { name: "Continue" }).click();
}

async function named(ann: Person): Promise<void> {
  await ann.page.getByLabel("Name of the enforcer").fill("build server");
  await ann.page.getByRole("button", { name: "Continue" }).click();
}

const NOBODY = "This device answers nobody yet.";

test("by code: both screens show the same six digits, and two people say so", async (t) => {
  const home = await world(t);
  const ann = await person(t, home);
  const { pair, code } = await announced(home);
  await typed(ann, code);
  const [, theirs = ""] = await pair.says(/other screen show {2}(\d{3} \d{3})/);
  assert.equal((await ann.page.locator(".digits").innerText()).replace(/\s/g, ""), theirs.replace(" ", ""));
  await ann.page.getByRole("button", { name: "They are the same" }).click();
  pair.type("y");
  await named(ann);
  await ann.page.getByText("Paired with build server.").first().waitFor();
  assert.equal((await pair.end()).code, 0);
  const run = home.start("enforcer", ["run", "--", "echo", "hi"]);
  await ann.inbox();
  await ann.read();
  await ann.allow();
  assert.equal((await run.end()).stdout, "hi\n");
});

test("attack_37 by code: who says that the digits differ is paired with nobody", async (t) => {
  const home = await world(t);
  const ann = await person(t, home);
  const { pair, code } = await announced(home);
  await typed(ann, code);
  await pair.says(/other screen show/);
  pair.type("y");
  await ann.page.getByRole("button", { name: "They differ" }).click();
  await ann.page.getByText("Nothing was paired.").first().waitFor();
  assert.notEqual((await pair.end()).code, 0);
  await ann.inbox();
  await ann.page.getByText(NOBODY).first().waitFor();
});

for (const half of ["signing", "exchange"] as const) {
  test(`attack_37 a gateway that swaps the ${half} half of the enforcer's key pairs nobody, by code or link`, async (t) => {
    const home = await world(t);
    const ann = await person(t, home);
    await meddle(ann, /\/pairing\/resolve\//, (said) => ({ ...said, keys: withHalf(said.keys, half) }));
    const pair = home.start("enforcer", ["pair", "--name", "ann", "--relay", home.url, "--json"]);
    const { link, code } = JSON.parse(await pair.line()) as { link: string; code: string };
    await ann.page.goto(link);
    await named(ann);
    await ann.page.getByRole("alert").waitFor();
    await typed(ann, code);
    await ann.page.getByRole("alert").waitFor();
    assert.equal(await ann.page.locator(".digits").count(), 0);
    assert.deepEqual((await ann.kept())["countersign/pairings"], []);
    await pair.kill();
  });
}

test("attack_36 a link whose enforcer the gateway swaps sends nothing of this device to it", async (t) => {
  const home = await world(t);
  const ann = await person(t, home);
  await meddle(ann, /\/pairing\/resolve\//, (said) => ({ ...said, keys: withHalf(withHalf(said.keys, "signing"), "exchange") }));
  const pair = home.start("enforcer", ["pair", "--name", "ann", "--relay", home.url, "--json"]);
  const { link } = JSON.parse(await pair.line()) as { link: string };
  await ann.page.goto(link);
  await named(ann);
  await ann.page.getByText("the gateway showed another enforcer than the link names").first().waitFor();
  assert.equal(ann.count("POST /v1/pairing/complete"), 0);
  await pair.kill();
});

test("attack_09 a link that was used pairs nobody else, and the secret left the address", async (t) => {
  const home = await world(t);
  const ann = await person(t, home);
  const agent = await person(t, home);
  const pair = home.start("enforcer", ["pair", "--name", "ann", "--relay", home.url, "--json"]);
  const { link } = JSON.parse(await pair.line()) as { link: string };
  await ann.page.goto(link);
  await named(ann);
  await ann.page.getByText("Paired with build server.").first().waitFor();
  assert.ok(!ann.page.url().includes("s="), ann.page.url());
  await pair.end();
  await agent.page.goto(link);
  await named(agent);
  await agent.page.getByText("the gateway knows no such code").first().waitFor();
  assert.deepEqual((await agent.kept())["countersign/pairings"], []);
});

test("with `up`: its link opens the page, and what is asked in another shell is answered there", async (t) => {
  const home = await world(t, { gateway: false });
  const up = home.start("enforcer", ["up", "--json", "--no-browser", "--listen", "127.0.0.1:0"]);
  home.url = (JSON.parse(await up.line()) as { console: string }).console;
  const { link } = JSON.parse(await up.line()) as { link: string };
  const ann = await person(t, home);
  await ann.page.goto(link);
  await named(ann);
  await ann.page.getByText("Paired with build server.").first().waitFor();
  const run = home.start("enforcer", ["run", "--", "echo", "hi"]);
  await ann.inbox();
  await ann.read();
  await ann.allow();
  assert.equal((await run.end()).stdout, "hi\n");
});
