/** This console's rooms against the real binary: a gateway, an enforcer, and a browser's storage. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { keys } from "@countersign/protocol";
import { Desk, watch } from "../src/desk/index.js";
import { browserEdge } from "../src/edge.js";
import type { Edge } from "../src/edge.js";
import { Join, invitation } from "../src/join/index.js";
import type { Seen } from "../src/join/index.js";
import type { Opened, Pairing, Waiting } from "../src/model.js";
import { Browser } from "./edge.js";
import { World } from "./world.js";

const TIME = { timeout: 120_000 };

/** A browser at a gateway of the real kind. */
class Person {
  readonly browser = new Browser();
  edge: Edge = browserEdge();
  readonly #stop = new AbortController();
  #waiting: readonly Waiting[] = [];
  #wake: () => void = () => undefined;
  desk!: Desk;

  async join(text: string, relay: string, compare: (digits: string) => boolean | Promise<boolean> = () => false): Promise<Seen> {
    const place = { edge: this.edge, memory: await this.browser.memory(), keys: await this.browser.keys() };
    const joining = new Join(place, invitation(text, relay), { name: "work", group: "" }, (seen) => {
      if (seen.step === "comparing") void Promise.resolve(compare(seen.digits)).then((same) => joining.compare(same));
    });
    return joining.run();
  }

  /** Sits down, and watches what comes. */
  async sit(pairing: Pairing): Promise<void> {
    const place = { edge: this.edge, memory: await this.browser.memory(), keys: await this.browser.keys() };
    this.desk = await Desk.at(place, pairing);
    const watcher = {
      waiting: (items: readonly Waiting[]) => {
        this.#waiting = items;
        this.#wake();
      },
      settled: () => this.#wake(),
      away: () => undefined,
    };
    void watch(this.desk, this.edge, watcher, this.#stop.signal);
  }

  /** The one request that is pushed. */
  async asked(): Promise<Opened> {
    for (;;) {
      const [item] = this.#waiting;
      if (item !== undefined) {
        assert.ok(item.kind === "opened", JSON.stringify(item));
        if (item.answer === undefined) return item.opened;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async settled(pairId: string, requestId: string): Promise<string | undefined> {
    for (let tries = 0; tries < 2_400; tries += 1) {
      const sent = (await (await this.browser.memory()).remembered(pairId, requestId))?.answer?.sent;
      if (sent !== "waits") return sent;
      await new Promise((done) => setTimeout(done, 25));
    }
    return "waits";
  }

  close(): void {
    this.#stop.abort();
  }
}

async function opened(t: TestContext): Promise<World> {
  const world = await World.open();
  t.after(() => world.close());
  return world;
}

/** A world with a person at a desk, paired by link. */
async function paired(t: TestContext): Promise<{ world: World; person: Person; pairing: Pairing }> {
  const world = await opened(t);
  const person = new Person();
  t.after(() => person.close());
  const pair = world.start("enforcer", ["pair", "--name", "ann", "--relay", world.url, "--assurance", "web", "--json"]);
  const { link } = JSON.parse(await pair.line()) as { link: string };
  const seen = await person.join(link, world.url);
  assert.ok(seen.step === "joined", JSON.stringify(seen));
  const other = JSON.parse(await pair.line()) as { pairId: string; keyId: string };
  assert.equal((await pair.end()).code, 0);
  assert.deepEqual([other.pairId, other.keyId], [seen.pairing.pairId, seen.pairing.keyId]);
  await person.sit(seen.pairing);
  return { world, person, pairing: seen.pairing };
}

test("by link: what is asked is allowed here, runs there, and has a receipt", TIME, async (t) => {
  const { world, person, pairing } = await paired(t);
  const run = world.start("enforcer", ["run", "--", "echo", "hi"]);
  const asked = await person.asked();
  assert.match(asked.review.headline, /echo/);
  assert.equal((await person.desk.answer(asked.artifact.artifactHash, { say: "allow" })).sent, "taken");
  const { code, stdout } = await run.end();
  assert.deepEqual([code, stdout], [0, "hi\n"]);
  const receipt = await world.run("enforcer", "receipt", "verify", "last", "--require", "L1");
  assert.equal(receipt.code, 0, receipt.stdout + receipt.stderr);
  assert.match(receipt.stdout, /ann/);
  assert.equal((await (await person.browser.memory()).remembered(pairing.pairId, asked.artifact.requestId))?.answer?.sent, "taken");
});

test("by typed code: two screens show the same digits, and two people say yes", TIME, async (t) => {
  const world = await opened(t);
  const person = new Person();
  t.after(() => person.close());
  const pair = world.onTerminal("enforcer", ["pair", "--name", "ann", "--relay", world.url]);
  const [, code = ""] = await pair.says(/Or type the code (\S+)/);
  const seen = await person.join(code, world.url, async (digits) => {
    const [, theirs] = await pair.says(/other screen show {2}(\d{3} \d{3})/);
    pair.type("y");
    return digits === theirs;
  });
  assert.ok(seen.step === "joined", JSON.stringify(seen));
  assert.equal((await pair.end()).code, 0);
  await person.sit(seen.pairing);
  const run = world.start("enforcer", ["run", "--", "echo", "hi"]);
  const asked = await person.asked();
  await person.desk.answer(asked.artifact.artifactHash, { say: "allow" });
  assert.equal((await run.end()).stdout, "hi\n");
});

test("attack_37 by typed code: who says that the digits differ is paired with nobody", TIME, async (t) => {
  const world = await opened(t);
  const person = new Person();
  const pair = world.onTerminal("enforcer", ["pair", "--name", "ann", "--relay", world.url]);
  const [, code = ""] = await pair.says(/Or type the code (\S+)/);
  const seen = await person.join(code, world.url, async () => {
    await pair.says(/other screen show/);
    pair.type("y");
    return false;
  });
  assert.deepEqual(seen, { step: "failed", why: "DigitsRefused" });
  assert.notEqual((await pair.end()).code, 0);
  assert.deepEqual(await (await person.browser.memory()).pairings(), []);
});

test("a no with a reason blocks, and the reason arrives", TIME, async (t) => {
  const { world, person } = await paired(t);
  const run = world.start("enforcer", ["run", "--", "echo", "hi"]);
  const asked = await person.asked();
  await person.desk.answer(asked.artifact.artifactHash, { say: "deny", reason: "not on a friday" });
  const { code, stdout, stderr } = await run.end();
  assert.equal(stdout, "");
  assert.notEqual(code, 0);
  assert.match(stderr, /not on a friday/);
});

test("an answer is kept while the gateway is down, and sent once when it is back", TIME, async (t) => {
  const { world, person, pairing } = await paired(t);
  const run = world.start("enforcer", ["run", "--", "echo", "hi"]);
  const asked = await person.asked();
  await world.stopGateway();
  const { artifactHash, requestId } = asked.artifact;
  assert.equal((await person.desk.answer(artifactHash, { say: "allow" })).sent, "waits");
  await assert.rejects(person.desk.answer(artifactHash, { say: "deny" }), { name: "AlreadyAnswered" });
  await world.startGateway();
  assert.equal((await run.end()).stdout, "hi\n");
  assert.equal(await person.settled(pairing.pairId, requestId), "taken");
  assert.equal(await person.desk.unsent(), 0);
});

test("what is taken back there is over here", TIME, async (t) => {
  const { world, person, pairing } = await paired(t);
  const run = world.start("enforcer", ["run", "--ttl", "2s", "--", "echo", "hi"]);
  const asked = await person.asked();
  assert.notEqual((await run.end()).code, 0);
  for (let tries = 0; tries < 2_400; tries += 1) {
    const found = await (await person.browser.memory()).remembered(pairing.pairId, asked.artifact.requestId);
    if (found?.ended !== undefined) return assert.equal(found.ended, "expired");
    await new Promise((done) => setTimeout(done, 25));
  }
  assert.fail("it never ended");
});

test("a stop from here holds everything there", TIME, async (t) => {
  const { world, person } = await paired(t);
  await person.desk.freeze("the key leaked");
  const { code, stdout, stderr } = await world.run("enforcer", "run", "--", "echo", "hi");
  assert.equal(stdout, "");
  assert.notEqual(code, 0);
  assert.match(stderr, /the key leaked|frozen|stopped/i);
});

test("a pairing that this device ended is asked nothing any more", TIME, async (t) => {
  const { world, person } = await paired(t);
  assert.equal(await person.desk.end(), true);
  const { code, stdout } = await world.run("enforcer", "run", "--ttl", "2s", "--", "echo", "hi");
  assert.equal(stdout, "");
  assert.notEqual(code, 0);
});

test("attack_06 the page of a gateway may run its own script only, and no path leads to a file", TIME, async (t) => {
  const world = await opened(t);
  for (const path of ["/", "/pair"]) {
    const page = await fetch(world.url + path);
    assert.ok([200, 404].includes(page.status), "built in or told that it is not");
    assert.match(page.headers.get("content-security-policy") ?? "", /^default-src 'none'; script-src 'self';/);
    assert.equal(page.headers.get("x-content-type-options"), "nosniff");
  }
  for (const path of ["/gateway.db", "/assets/", "/%2e%2e/gateway.db", "/index.html"]) {
    assert.match(await (await fetch(world.url + path)).text(), /not_found/, path);
  }
  await world.stopGateway();
  await world.startGateway("--no-console");
  assert.match(await (await fetch(`${world.url}/`)).text(), /not_found/);
});

/** A gateway in between that answers some calls with something else. */
function between(edge: Edge, change: (path: string, body: Record<string, unknown>) => Record<string, unknown>): Edge {
  const meddled: typeof fetch = async (input, init) => {
    const response = await edge.fetch(input, init);
    const { pathname } = new URL(String(input));
    if (pathname.includes("/sse/") || !response.ok) return response;
    const body = (await response.json()) as Record<string, unknown>;
    return new Response(JSON.stringify(change(pathname, body)), { status: response.status });
  };
  return { ...edge, fetch: meddled };
}

test("attack_36 a gateway that swaps the enforcer's keys pairs nobody", TIME, async (t) => {
  const world = await opened(t);
  const person = new Person();
  const evil = keys.publicKeysJson(keys.secretKeys(new Uint8Array(64).fill(9)).publicKeys);
  person.edge = between(browserEdge(), (path, body) => (path.includes("/resolve/") ? { ...body, keys: evil } : body));
  const pair = world.start("enforcer", ["pair", "--name", "ann", "--relay", world.url, "--json"]);
  const { link, code } = JSON.parse(await pair.line()) as { link: string; code: string };
  assert.deepEqual(await person.join(link, world.url), { step: "failed", why: "WrongFingerprint" });
  const byCode = await person.join(code, world.url, () => true);
  assert.equal(byCode.step, "failed");
  await pair.kill();
});

test("attack_23 a gateway that swaps what is inside two requests shows neither", TIME, async (t) => {
  const { world, person, pairing } = await paired(t);
  const runs = ["one", "two"].map((word) => world.start("enforcer", ["run", "--", "echo", word]));
  const place = {
    memory: await person.browser.memory(), keys: await person.browser.keys(),
    edge: between(browserEdge(), (path, whole) => {
      const page = whole.body as { items: { body: unknown }[] };
      if (path.endsWith("/inbox") && page.items.length === 2) {
        const [one, two] = page.items.map(({ body }) => body);
        page.items.forEach((item, at) => (item.body = at === 0 ? two : one));
      }
      return whole;
    }),
  };
  const desk = await Desk.at(place, pairing);
  let items = await desk.list();
  while (items.length < 2) items = await desk.list();
  assert.deepEqual(items.map(({ kind }) => kind), ["closed", "closed"]);
  await Promise.all(runs.map((run) => run.kill()));
});
