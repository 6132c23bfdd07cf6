import assert from "node:assert/strict";
import { test } from "node:test";
import { decision, freeze, json, keys, redact, sealing, time } from "@countersign/protocol";
import { Desk } from "../src/desk/index.js";
import type { Opened, Reply, Waiting } from "../src/model.js";
import { displayHash } from "../src/review/index.js";
import { Browser, NOW, TestEdge } from "./edge.js";
import { Relay, answerIn, artifactFor, delivered, enveloped, pairingOf, refusal, routeFor, sealedFor, secret } from "./relay.js";
import type { Asked } from "./relay.js";

/** A paired browser with a desk at a relay. */
class Office {
  readonly browser = new Browser();
  readonly relay = new Relay();
  readonly edge = new TestEdge(this.relay.fetch);
  device!: keys.Device;
  desk!: Desk;

  static async open(): Promise<Office> {
    const office = new Office();
    office.device = await (await office.browser.keys()).make();
    await (await office.browser.memory()).keepPairing(pairingOf(office.device));
    await office.reload();
    return office;
  }

  /** Another page over the same browser. */
  async reload(): Promise<void> {
    const [memory, store] = [await this.browser.memory(), await this.browser.keys()];
    this.desk = await Desk.at({ edge: this.edge, memory, keys: store }, pairingOf(this.device));
  }

  /** What the desk shows of one request. */
  async asked(asked: Asked = {}): Promise<Opened> {
    this.relay.inbox = [await delivered(this.device, asked)];
    const [found] = await this.desk.list();
    assert.ok(found?.kind === "opened", JSON.stringify(found));
    return found.opened;
  }

  async answer(opened: Opened, reply: Reply): Promise<string> {
    return (await this.desk.answer(opened.artifact.artifactHash, reply)).sent;
  }

  /** What the enforcer reads in the last answer that arrived. */
  async read(opened: Opened): Promise<decision.Answer> {
    const submitted = this.relay.decided.at(-1);
    assert.ok(submitted);
    const found = await answerIn(submitted, opened.artifact);
    decision.verifySignature(found.decision, this.device.publicKeys.signing);
    return found;
  }

  async remembered(requestId = "r1") {
    return (await this.browser.memory()).remembered("p1", requestId);
  }
}

async function why(office: Office, message: json.JsonObject): Promise<string> {
  office.relay.inbox = [message];
  const [found] = await office.desk.list();
  return found?.kind === "closed" ? found.why : "shown";
}

test("what an enforcer asked is opened, shown, signed and sealed to it", async () => {
  const office = await Office.open();
  const opened = await office.asked();
  assert.equal(opened.review.requestId, "r1");
  assert.equal(await office.answer(opened, { say: "allow", reason: "looks right" }), "taken");
  const { decision: made, reason } = await office.read(opened);
  assert.deepEqual([made.decision, made.scope, made.artifactHash], ["allow", "once", opened.artifact.artifactHash]);
  assert.equal(reason?.text, "looks right");
  assert.equal(made.policyHints?.[decision.hint.DISPLAY_HASH], displayHash(opened.review));
  const clear = json.canonicalText(office.relay.decided[0]?.body ?? null);
  assert.ok(!clear.includes("looks right") && clear.includes('"decision":"approve"'));
});

test("attack_23 a gateway that changes anything of a request is refused", async () => {
  const office = await Office.open();
  const good = await delivered(office.device);
  const other = await delivered(office.device, { id: "r2" });
  const body = (change: json.JsonObject) => ({ ...good, body: { ...(good.body as json.JsonObject), ...change } });
  const inside = (name: string, value: json.JsonValue) => {
    const { ciphertextRef } = good.body as { ciphertextRef: json.JsonObject };
    return body({ ciphertextRef: { ...ciphertextRef, [name]: value } });
  };
  const swapped = (other.body as { ciphertextRef: json.JsonObject }).ciphertextRef;
  const cases: readonly (readonly [json.JsonObject, RegExp])[] = [
    [body({ ciphertextRef: swapped }), /not sealed to this device, or the gateway changed it/],
    [{ ...good, requestId: "r9" }, /gateway changed it/],
    [body({ artifactHash: "ab".repeat(32) }), /gateway changed it/],
    [body({ artifactType: "plan.review" }), /gateway changed it/],
    [{ ...good, expiresAt: time.atMillis(NOW + 999_000).text }, /gateway changed it/],
    [inside("data", "AAAA"), /gateway changed it/],
    [inside("alg", "none"), /not a request/],
    [body({ extra: 1 }), /not a request/],
  ];
  for (const [message, words] of cases) assert.match(await why(office, message), words);
  assert.equal(await why(office, good), "shown");
});

test("attack_36 what another key signed or sealed is not shown, and nothing of it is kept", async () => {
  const office = await Office.open();
  const forged = await delivered(office.device, { by: secret(9) });
  assert.match(await why(office, forged), /did not sign/);
  const elsewhere = await delivered(secret(4));
  assert.match(await why(office, elsewhere), /not sealed to this device/);
  assert.deepEqual(await (await office.browser.memory()).history(), []);
  await assert.rejects(office.desk.answer("00".repeat(32), { say: "allow" }), { code: "NotOpened" });
  assert.deepEqual(office.relay.decided, []);
});

test("attack_23 an enforcer that signs one hash and shows another is refused", async () => {
  const office = await Office.open();
  const about = artifactFor(office.device);
  const lied = { ...about, artifactHash: "ab".repeat(32), json: { ...about.json, artifactHash: "ab".repeat(32) } };
  assert.match(await why(office, await sealedFor(office.device, lied)), /does not have the hash/);
  const others = { requestId: "r9", artifactType: "plan.review", artifactHash: "ab".repeat(32), expiresAt: time.atMillis(NOW + 1).text };
  for (const [name, value] of Object.entries(others)) {
    const told = await why(office, await delivered(office.device, { shows: { [name]: value } }));
    assert.match(told, /delivered/, name);
  }
  for (const id of [".r", "a/b", "x".repeat(129), "a\u202eb"]) {
    const message = await delivered(office.device, { id });
    const told = await why(office, message).catch(() => "nonsense");
    assert.match(told, /cannot be written down|nonsense/, id);
  }
});

test("attack_19 what is over is not shown, and not answered", async () => {
  const office = await Office.open();
  const message = await delivered(office.device);
  office.edge.millis += 300_000;
  assert.match(await why(office, message), /its time is over/);
});

test("attack_47 a disclosed secret that its commitment does not hold is not shown; one that fits is, and is not kept", async () => {
  const office = await Office.open();
  const key = new Uint8Array(32).fill(1);
  const { commitment, disclosure } = redact.commit(key, "/parameters/token", "hunter2");
  const payload = { kind: "request", action: "deploy", parameters: { token: commitment } };
  const lie = await delivered(office.device, { payload, disclosures: [{ ...disclosure, value: "other" }] });
  assert.match(await why(office, lie), /not the one that is committed to/);
  const opened = await office.asked({ payload, disclosures: [disclosure] });
  assert.match(json.canonicalText(opened.review as unknown as json.JsonValue), /hunter2/);
  await office.answer(opened, { say: "deny", reason: "no" });
  const kept = JSON.stringify(await (await office.browser.memory()).history());
  assert.ok(!kept.includes("hunter2") && kept.includes("not kept"));
});

test("a no, with its reason, and a request handed on", async () => {
  const office = await Office.open();
  const no = await office.asked();
  await office.answer(no, { say: "deny", reason: "not now" });
  const read = await office.read(no);
  assert.deepEqual([read.decision.decision, read.reason?.text], ["deny", "not now"]);
  const route = routeFor(office.device, { escalateTo: ["lead"] });
  const on = await office.asked({ id: "r2", route });
  await assert.rejects(office.answer(on, { say: "escalate", to: "boss" }), { code: "NotNext" });
  await office.answer(on, { say: "escalate", to: "lead" });
  assert.ok(json.same((await office.read(on)).decision.policyHints?.escalate ?? null, { to: "lead" }));
});

test("items of a batch are signed in order, and all of them are a plain yes", async () => {
  const office = await Office.open();
  const item = (action: string) => ({ kind: "request", action, parameters: {} });
  const payload = { kind: "batch", items: [item("a"), item("b"), item("c")] };
  const part = await office.asked({ payload });
  for (const items of [[], [3], [-1], [0.5]]) {
    await assert.rejects(office.answer(part, { say: "part", items }), { code: "Items" });
  }
  await office.answer(part, { say: "part", items: [2, 0, 2] });
  const read = await office.read(part);
  assert.deepEqual([read.decision.decision, read.decision.policyHints?.items], ["deny", [0, 2]]);
  const all = await office.asked({ id: "r2", payload });
  await office.answer(all, { say: "part", items: [1, 0, 2] });
  assert.equal((await office.read(all)).decision.decision, "allow");
  const single = await office.asked({ id: "r3" });
  await assert.rejects(office.answer(single, { say: "part", items: [0] }), { code: "Items" });
});

test("nothing is signed beyond what is on offer", async () => {
  const office = await Office.open();
  const grant = { maxSeconds: 3_600, session: true };
  const offered = await office.asked({ route: routeFor(office.device, { grant, reasonRequired: true }) });
  const always = (seconds: number, count?: number): Reply => ({
    say: "allow", reason: "x",
    always: { expiresAt: time.atMillis(NOW + seconds * 1000).text, ...(count === undefined ? {} : { count }) },
  });
  const refused: readonly (readonly [Reply, string])[] = [
    [{ say: "allow" }, "ReasonMissing"],
    [{ say: "allow", reason: "  " }, "ReasonMissing"],
    [{ say: "allow", reason: "x", scope: "session" }, "ScopeNotOffered"],
    [{ say: "allow", reason: "x".repeat(17_000) }, "ReasonTooLong"],
    [{ say: "escalate" }, "NotNext"],
    [always(3_601), "MoreThanOffered"],
    [always(-1), "MoreThanOffered"],
    [always(60, 0), "MoreThanOffered"],
  ];
  for (const [reply, code] of refused) await assert.rejects(office.answer(offered, reply), { code });
  assert.equal(await office.answer(offered, always(3_600, 2)), "taken");
  const { decision: made } = await office.read(offered);
  const taken = { expiresAt: time.atMillis(NOW + 3_600_000).text, session: "s1", count: 2 };
  assert.ok(json.same(made.policyHints?.grant ?? null, taken));
  const plain = await office.asked({ id: "r2" });
  await assert.rejects(office.answer(plain, always(60)), { code: "NothingOffered" });
  const roster = [{ person: "bob", keyId: keys.keyId(secret(3).publicKeys.signing) }];
  const others = await office.asked({ id: "r3", route: routeFor(office.device, { roster }) });
  await assert.rejects(office.answer(others, { say: "allow" }), { code: "NotAsked" });
  office.edge.millis += 300_000;
  await assert.rejects(office.answer(plain, { say: "deny" }), { code: "Expired" });
  assert.equal(office.relay.decided.length, 1);
});

test("attack_18 a request is answered once: the same again sends the same bytes, another is refused", async () => {
  const office = await Office.open();
  const opened = await office.asked();
  office.relay.down = true;
  assert.equal(await office.answer(opened, { say: "deny", reason: "no" }), "waits");
  await assert.rejects(office.answer(opened, { say: "allow" }), { name: "AlreadyAnswered" });
  office.relay.down = false;
  assert.equal(await office.answer(opened, { say: "deny", reason: "no, again" }), "taken");
  const first = office.relay.decided[0];
  assert.equal((await office.read(opened)).reason?.text, "no");
  assert.equal(await office.answer(opened, { say: "deny" }), "taken");
  assert.equal(office.relay.decided.length, 1, String(first?.requestId));
});

test("attack_18 two tabs that answer at once sign one answer", async () => {
  const office = await Office.open();
  const opened = await office.asked();
  const replies: readonly Reply[] = [{ say: "allow" }, { say: "deny" }, { say: "allow" }];
  const ended = await Promise.allSettled(replies.map((reply) => office.answer(opened, reply)));
  assert.deepEqual(ended.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  assert.equal(office.relay.decided.length, 1);
});

test("an answer outlives the page and is sent once the gateway is back", async () => {
  const office = await Office.open();
  const opened = await office.asked();
  office.relay.down = true;
  assert.equal(await office.answer(opened, { say: "allow" }), "waits");
  assert.equal(await office.desk.resend(), false);
  await office.reload();
  office.relay.down = false;
  assert.equal(await office.desk.resend(), true);
  assert.equal(await office.desk.resend(), true);
  assert.equal(office.relay.decided.length, 1);
  assert.equal((await office.read(opened)).decision.decision, "allow");
  assert.equal((await office.remembered())?.answer?.sent, "taken");
});

test("what a gateway will never take is told, and not sent again", async () => {
  for (const [status, code, sent] of [[409, "exchange_over", "too-late"], [409, "already_decided", "refused"], [404, "not_found", "refused"], [422, "expired", "too-late"]] as const) {
    const office = await Office.open();
    const opened = await office.asked();
    office.relay.hostile = (path) => (path === "/v1/decisions" ? refusal(status, code) : undefined);
    assert.equal(await office.answer(opened, { say: "allow" }), sent);
    assert.equal(await office.desk.unsent(), 0);
  }
  const office = await Office.open();
  const opened = await office.asked();
  office.relay.down = true;
  await office.answer(opened, { say: "allow" });
  office.edge.millis += 300_000;
  assert.equal(await office.desk.resend(), true);
  assert.equal((await office.remembered())?.answer?.sent, "too-late");
});

test("attack_23 a gateway that repeats itself is heard once, and one without end not at all", async () => {
  const office = await Office.open();
  const one = await delivered(office.device);
  office.relay.inbox = [one, one];
  assert.equal((await office.desk.list()).length, 1);
  const page = (nextCursor: string, items: readonly json.JsonObject[]) =>
    new Response(json.canonicalText(enveloped("inbox.page", "-", { items, nextCursor })));
  for (const items of [[], [one]]) {
    office.relay.hostile = (path) => (path.endsWith("/inbox") ? page("same", items) : undefined);
    await assert.rejects(office.desk.list(), { code: "nonsense" });
  }
});

async function noted(office: Office, opened: Opened, allowed: readonly string[], toldAt: number, by = secret(1), artifactType = "countersign.progress/v1"): Promise<json.JsonObject> {
  const { artifact } = opened;
  const note = {
    type: "countersign.progress/v1", requestId: artifact.requestId, artifactHash: artifact.artifactHash,
    answers: allowed.length, allowed, needed: 2, toldAt: time.atMillis(toldAt).text,
  };
  const signature = Buffer.from(await keys.signDomain(by, "progress", note)).toString("base64url");
  const shown = { requestId: "r1", artifactType, artifactHash: artifact.artifactHash, expiresAt: artifact.expiresAt.text };
  const random = (n: number): Uint8Array => crypto.getRandomValues(new Uint8Array(n));
  const sealed = sealing.seal(json.canonical({ note, signature }), shown, [office.device.publicKeys], random);
  return enveloped("note.deliver", "r1", { ciphertext: sealing.sealedJson(sealed) });
}

test("attack_23 how far the others are is the enforcer's word, and an old one changes nothing", async () => {
  const office = await Office.open();
  const roster = ["ann", "bob", "eve"].map((person, n) => ({ person, keyId: n === 0 ? keys.keyId(office.device.publicKeys.signing) : keys.keyId(secret(n + 2).publicKeys.signing) }));
  const opened = await office.asked({ route: routeFor(office.device, { roster, threshold: 2 }) });
  const hear = async (message: json.JsonObject): Promise<string | undefined> => {
    const found = await office.desk.heard(message as never);
    return found?.kind === "opened" ? found.opened.soFar : undefined;
  };
  assert.equal(await hear(await noted(office, opened, ["bob"], NOW, secret(9))), undefined, "forged");
  assert.equal(await hear(await noted(office, opened, ["bob"], NOW, secret(1), "command.review")), undefined, "sealed as a request");
  const line = await hear(await noted(office, opened, ["bob"], NOW + 2));
  assert.match(line ?? "", /^1 of 2 approved so far/);
  assert.equal(await hear(await noted(office, opened, [], NOW + 1)), line, "an old one");
  await office.reload();
  const [again] = (await office.desk.list()) as [Extract<Waiting, { kind: "opened" }>];
  assert.equal(again.opened.soFar, line, "and it is kept");
});

test("a stop is signed, sealed to the enforcer, and left at the gateway", async () => {
  const office = await Office.open();
  await office.desk.freeze("the key leaked");
  const body = office.relay.stops[0]?.body as json.JsonObject;
  assert.equal(body.enforcerId, "enf-1");
  const text = await sealing.open(sealing.sealed(body.ciphertext), freeze.shownOf(String(body.stopId)), secret(1));
  const stop = freeze.parseStop(text);
  assert.deepEqual([stop.why, stop.enforcer], ["the key leaked", keys.keyId(secret(1).publicKeys.signing)]);
  keys.verifyDomain(office.device.publicKeys.signing, "freeze", stop.json, stop.signature);
  assert.ok(!JSON.stringify(body).includes("leaked"));
});

test("a pairing that ended answers nothing any more, whether the gateway heard it or not", async () => {
  for (const down of [false, true]) {
    const office = await Office.open();
    const opened = await office.asked();
    office.relay.down = true;
    await office.answer(opened, { say: "allow" });
    office.relay.down = down;
    assert.equal(await office.desk.end(), !down);
    office.relay.down = false;
    await assert.rejects(office.desk.answer(opened.artifact.artifactHash, { say: "deny" }), { code: "Ended" });
    await assert.rejects(office.desk.freeze(), { code: "Ended" });
    assert.equal(await office.desk.resend(), true);
    assert.deepEqual(office.relay.decided, []);
    assert.ok((await (await office.browser.memory()).pairings())[0]?.endedAt);
    await assert.rejects(office.reload(), { code: "KeysLost" });
  }
});

test("keys that a browser threw away are told", async () => {
  const office = await Office.open();
  await (await office.browser.keys()).forget(keys.keyId(office.device.publicKeys.signing));
  await assert.rejects(office.reload(), /pair it again/);
});
