import assert from "node:assert/strict";
import { test } from "node:test";
import { artifact, keys, time } from "@countersign/protocol";
import type { json } from "@countersign/protocol";
import { lonelyLock } from "../src/memory/index.js";
import type { Opened } from "../src/model.js";
import { Office } from "../src/office/index.js";
import type { Picture } from "../src/office/index.js";
import { Browser, TestEdge } from "./edge.js";
import { RELAY, REVEALED, Relay, announced, delivered, enveloped, macOf, pairingOf, refusal, reply } from "./relay.js";

/** A page over a browser, at a relay whose channels stay open until a test ends them. */
class Page {
  readonly relay = new Relay();
  readonly edge = new TestEdge(this.relay.fetch, this.relay.socket);
  readonly pictures: Picture[] = [];
  office!: Office;

  constructor(readonly browser = new Browser()) {
    this.relay.hostile = (path, body) => this.hostile(path, body);
  }

  hostile: (path: string, body: json.JsonObject | undefined) => Response | undefined = () => undefined;

  async open(): Promise<Page> {
    const { browser, edge } = this;
    const marker = { get: () => browser.marked, set: () => void (browser.marked = true) };
    this.office = await Office.open({ edge, disk: browser.disk, subtle: crypto.subtle, lock: lonelyLock(), marker });
    this.office.subscribe((picture) => this.pictures.push(picture));
    return this;
  }

  push(message: json.JsonObject): void {
    this.relay.push(message);
  }

  /** The first picture from now on of which this holds. */
  async sees(what: (picture: Picture) => boolean): Promise<Picture> {
    for (let turns = 0; turns < 20_000; turns += 1) {
      const last = this.pictures.at(-1);
      if (last !== undefined && what(last)) return last;
      await new Promise((done) => setImmediate(done));
    }
    throw new Error(`never seen: ${JSON.stringify(this.pictures.at(-1))}`);
  }
}

/** A page with one pairing whose stream is open. */
async function paired(): Promise<{ page: Page; device: keys.Device }> {
  const browser = new Browser();
  const device = await (await browser.keys()).make();
  await (await browser.memory()).keepPairing(pairingOf(device));
  const page = await new Page(browser).open();
  await page.sees(({ reach }) => reach.p1 === "live");
  return { page, device };
}

const opened = ({ waiting: [item] }: Picture): Opened => {
  assert.ok(item?.kind === "opened");
  return item.opened;
};

test("what is pushed is seen, answered, and goes over into the history", async () => {
  const { page, device } = await paired();
  page.push(await delivered(device));
  const asked = opened(await page.sees(({ waiting }) => waiting.length === 1));
  assert.equal(await page.office.answer(asked, { say: "allow" }), "taken");
  const { history } = await page.sees((seen) => seen.waiting.length === 0 && seen.history[0]?.answer !== undefined);
  assert.deepEqual([history[0]?.answer?.say, history[0]?.answer?.sent], ["allow", "taken"]);
  assert.ok(page.relay.calls.includes("POST /v1/acks"));
  page.office.close();
});

test("an answer that waits stands there, and is gone once the gateway took it", async () => {
  const { page, device } = await paired();
  page.push(await delivered(device));
  const asked = opened(await page.sees(({ waiting }) => waiting.length === 1));
  page.relay.down = true;
  assert.equal(await page.office.answer(asked, { say: "deny" }), "waits");
  await page.sees(({ waiting: [item] }) => item?.kind === "opened" && item.answer?.sent === "waits");
  page.relay.down = false;
  await page.sees(({ waiting, history }) => waiting.length === 0 && history[0]?.answer?.sent === "taken");
  assert.equal(page.relay.decided.length, 1);
  page.office.close();
});

test("what others answered, took back or let run out is told so", async () => {
  for (const [reason, ended] of [["decided", "answered-by-others"], ["withdrawn", "withdrawn"], ["expired", "expired"]] as const) {
    const { page, device } = await paired();
    page.push(await delivered(device));
    await page.sees(({ waiting }) => waiting.length === 1);
    page.push(enveloped("exchange.withdrawn", "r1", { state: "withdrawn", withdrawnAt: "2026-01-01T00:00:00Z", reason }));
    const { history } = await page.sees((seen) => seen.waiting.length === 0 && seen.history[0]?.ended !== undefined);
    assert.equal(history[0]?.ended, ended);
    page.office.close();
  }
  const { page, device } = await paired();
  page.push(await delivered(device));
  await page.sees(({ waiting }) => waiting.length === 1);
  page.edge.millis += 300_000;
  const { history } = await page.sees((seen) => seen.waiting.length === 0 && seen.history[0]?.ended !== undefined);
  assert.equal(history[0]?.ended, "expired");
  page.office.close();
});

test("attack_23 what does not open is listed with its reason, and what lies beside it is shown", async () => {
  const { page, device } = await paired();
  const good = await delivered(device, { id: "r2" });
  page.push({ ...good, requestId: "r1" });
  page.push(good);
  await page.sees((seen) => seen.waiting.length === 2);
  // Nor does it take the place of one that opened.
  const { ciphertextRef: _, ...body } = good.body as json.JsonObject;
  page.push({ ...good, body });
  const { waiting } = await page.sees((seen) => seen.waiting.length === 3);
  assert.deepEqual(waiting.map(({ kind }) => kind), ["opened", "closed", "closed"]);
  page.office.close();
});

test("the history is cleared, but for what could still be answered", async () => {
  const { page, device } = await paired();
  page.push(await delivered(device));
  const asked = opened(await page.sees(({ waiting }) => waiting.length === 1));
  await page.office.answer(asked, { say: "deny" });
  await page.office.clearHistory();
  await assert.rejects(page.office.answer(asked, { say: "allow" }), { name: "AlreadyAnswered" });
  page.edge.millis += 300_000;
  await page.office.clearHistory();
  await page.sees(({ history }) => history.length === 0);
  page.office.close();
});

test("by link nothing is sent before the person said yes and gave it a name", async () => {
  const page = await new Page().open();
  const { link, resolved } = await announced();
  let completed: json.JsonObject = {};
  let mac = "";
  page.hostile = (path, body) => {
    if (path.includes("/resolve/")) return reply(resolved);
    if (path.endsWith("/complete")) {
      completed = body ?? {};
      return reply({ routingToken: "x" });
    }
    if (path.endsWith("/status")) return reply(mac === "" ? { state: "completed" } : { state: "confirmed", enforcerMac: mac });
    return path.endsWith("/confirm") ? reply({ state: "confirmed" }) : undefined;
  };
  const joining = await page.office.join({ by: "link", link });
  assert.deepEqual([joining.gateway, joining.digits, page.relay.calls], [RELAY, undefined, []]);
  const made = joining.confirm({ name: "work", group: "team" });
  while (completed.keys === undefined) await new Promise((done) => setImmediate(done));
  mac = await macOf(completed);
  assert.deepEqual([(await made).name, (await made).group], ["work", "team"]);
  await page.sees(({ pairings, reach }) => pairings.length === 1 && reach[pairings[0]?.pairId ?? ""] === "live");
  const again = await page.office.join({ by: "link", link });
  await assert.rejects(again.confirm({ name: "work", group: "" }), /choose another name/);
  page.office.close();
});

test("by code the digits are shown before anything has a name, and a no keeps nothing", async () => {
  const page = await new Page().open();
  const { code, resolved } = await announced();
  const said: unknown[] = [];
  page.hostile = (path, body) => {
    if (path.includes("/resolve/")) return reply(resolved);
    if (path.endsWith("/complete")) return reply({ routingToken: "x" });
    if (path.endsWith("/status")) return reply({ state: "revealed", r: REVEALED, enforcerConfirmed: true });
    if (path.endsWith("/confirm")) said.push(body?.accepted);
    return path.endsWith("/confirm") ? reply({ state: "confirmed" }) : undefined;
  };
  const first = await page.office.join({ by: "code", code, gateway: RELAY });
  assert.match(first.digits ?? "", /^\d{6}$/);
  await first.refuse();
  assert.deepEqual([said, page.pictures.at(-1)?.pairings], [[false], []]);
  const second = await page.office.join({ by: "code", code, gateway: RELAY });
  assert.equal((await second.confirm({ name: "work", group: "" })).name, "work");
  page.office.close();
});

test("a pairing is renamed, stopped at, and ended; another one goes on", async () => {
  const { page } = await paired();
  await page.office.rename("p1", { name: "home", group: "g" });
  await page.sees(({ pairings, reach }) => pairings[0]?.name === "home" && reach.p1 === "live");
  assert.deepEqual(await page.office.freeze(["p1", "gone"], "leak"), [{ pairId: "p1" }, { pairId: "gone", why: "this pairing is not in use any more" }]);
  await page.office.revoke("p1");
  await page.sees(({ pairings, reach }) => pairings[0]?.endedAt !== undefined && reach.p1 === undefined);
  await assert.rejects(page.office.revoke("p1"), { code: "Ended" });
  page.office.close();
});

test("what the browser threw away is told: everything, or the keys alone", async () => {
  const { page, device } = await paired();
  page.office.close();
  await (await page.browser.keys()).forget(keys.keyId(device.publicKeys.signing));
  const without = await new Page(page.browser).open();
  const { trouble, reach } = await without.sees(({ pairings }) => pairings.length === 1);
  assert.match(trouble.p1 ?? "", /pair it again/);
  assert.equal(reach.p1, "offline");
  page.browser.forgetAll();
  const empty = await new Page(page.browser).open();
  assert.equal(empty.pictures[0]?.condition, "lost");
});

test("the four digits are of the artifact that is shown", async () => {
  const { page, device } = await paired();
  page.push(await delivered(device));
  const asked = opened(await page.sees(({ waiting }) => waiting.length === 1));
  const digits = artifact.lookDigits(asked.artifact.artifactHash);
  assert.match(digits, /^\d{4}$/);
  assert.ok(page.office.digitsFit(asked, ` ${digits} `));
  assert.ok(!page.office.digitsFit(asked, digits === "0000" ? "0001" : "0000") && !page.office.digitsFit(asked, ""));
  // As the terminal has them.
  assert.equal(artifact.lookDigits("00".repeat(32)), "3630");
  const counting = Array.from({ length: 32 }, (_, at) => at.toString(16).padStart(2, "0")).join("");
  assert.equal(artifact.lookDigits(counting), "6323");
  page.office.close();
});

test("a device that slept opens its channels anew, and holds none twice", async () => {
  const { page } = await paired();
  page.office.wake();
  await page.sees(({ reach }) => reach.p1 === "live" && page.relay.channels.length === 2);
  assert.deepEqual(page.relay.channels.map(({ over }) => over), [true, false]);
  page.office.close();
});

/** Holds a reply of the relay back until the test lets it go. */
function held(page: Page): { readonly asked: Promise<void>; readonly letGo: () => void } {
  const whole = page.edge.fetch;
  let [heard, letGo] = [(): void => undefined, (): void => undefined];
  const asked = new Promise<void>((done) => (heard = done));
  const free = new Promise<void>((done) => (letGo = done));
  let first = true;
  (page.edge as { fetch: typeof fetch }).fetch = async (input, init) => {
    const reply = await whole(input, init);
    if (!String(input).includes("/inbox") || !first) return reply;
    first = false;
    heard();
    await free;
    return reply;
  };
  return { asked, letGo: () => letGo() };
}

test("a list that was under way when the device woke changes nothing that came after it", async () => {
  const { page, device } = await paired();
  page.relay.inbox = [];
  const old = held(page);
  page.office.wake();
  await old.asked;
  page.relay.inbox = [await delivered(device)];
  page.office.wake();
  await page.sees(({ waiting }) => waiting.length === 1);
  const told = page.pictures.length;
  old.letGo();
  for (let turns = 0; turns < 200; turns += 1) await new Promise((done) => setImmediate(done));
  for (const { waiting, history } of page.pictures.slice(told - 1)) {
    assert.deepEqual([waiting.length, history[0]?.ended], [1, undefined]);
  }
  page.office.close();
});

test("attack_10 a pairing that the gateway ended is said to be over, and is not tried again by itself", async () => {
  const { page } = await paired();
  page.relay.hello = (channel) => channel.push(enveloped("error", "-", { code: "revoked", message: "x" }));
  page.push(enveloped("error", "-", { code: "revoked", message: "x" }));
  const { trouble } = await page.sees(({ reach }) => reach.p1 === "refused");
  assert.match(trouble.p1 ?? "", /was ended.*pair it again/);
  const count = page.relay.channels.length;
  page.office.wake();
  for (let turns = 0; turns < 200; turns += 1) await new Promise((done) => setImmediate(done));
  assert.equal(page.relay.channels.length, count);
  // A gateway that lied, or was mended, is asked again where its person says so.
  page.relay.hello = (channel) => channel.push({ msgType: "hello", capabilities: {} });
  await page.office.retry("p1");
  await page.sees(({ reach, trouble: left }) => reach.p1 === "live" && left.p1 === undefined);
  page.office.close();
});

test("a gateway that does not know the device is tried again by itself, and what waits stays until the right one is back", async () => {
  const { page, device } = await paired();
  page.relay.inbox = [await delivered(device)];
  page.office.wake();
  await page.sees(({ waiting }) => waiting.length === 1);
  page.hostile = (path) => (path === "/v1/auth/session" ? refusal(401, "bad_proof") : undefined);
  page.relay.hello = (channel) => channel.push(enveloped("error", "-", { code: "unauthenticated", message: "x" }));
  page.push(enveloped("error", "-", { code: "unauthenticated", message: "x" }));
  const { trouble, waiting } = await page.sees(({ reach }) => reach.p1 === "unknown");
  assert.match(trouble.p1 ?? "", /refuses this device.*tried again by itself/);
  assert.equal(waiting.length, 1);
  page.hostile = () => undefined;
  page.relay.hello = (channel) => channel.push({ msgType: "hello", capabilities: {} });
  await page.sees(({ reach, trouble: left, waiting: still }) => reach.p1 === "live" && left.p1 === undefined && still.length === 1);
  page.office.close();
});

test("a clock that is wrong is said to be, by how much, until it is right", async () => {
  const { page } = await paired();
  const gatewayTime = time.atMillis(page.edge.now() - 3_600_000).text;
  page.hostile = (path) => (path === "/v1/auth/session" ? reply(enveloped("error", "-", { code: "bad_proof", message: "x", details: { gatewayTime } }), 401) : undefined);
  page.relay.hello = (channel) => channel.push(enveloped("error", "-", { code: "unauthenticated", message: "x" }));
  page.push(enveloped("error", "-", { code: "unauthenticated", message: "x" }));
  const { trouble } = await page.sees(({ reach, trouble: said }) => reach.p1 === "offline" && said.p1 !== undefined);
  assert.match(trouble.p1 ?? "", /clock is 60 minutes ahead of the gateway’s: set/);
  page.hostile = () => undefined;
  page.relay.hello = (channel) => channel.push({ msgType: "hello", capabilities: {} });
  await page.sees(({ reach, trouble: left }) => reach.p1 === "live" && left.p1 === undefined);
  page.office.close();
});
