import assert from "node:assert/strict";
import { test } from "node:test";
import type { json } from "@countersign/protocol";
import { keys } from "@countersign/protocol";
import { Join, invitation } from "../src/join/index.js";
import type { Seen } from "../src/join/index.js";
import { begin, step } from "../src/join/machine.js";
import { Browser, NOW, TestEdge } from "./edge.js";
import { RELAY, REVEALED, Relay, announced, macOf, refusal, reply, secret } from "./relay.js";

/** A pairing at a relay that a test may make lie. */
class Meeting {
  readonly relay = new Relay();
  readonly browser = new Browser();
  readonly seen: Seen[] = [];
  readonly said: boolean[] = [];
  completed: json.JsonObject = {};
  /** What `status` says, after the keys came. */
  status: () => Promise<json.JsonObject> = async () => ({ state: "completed" });
  resolved: json.JsonObject | undefined;
  #status: json.JsonObject = { state: "open" };

  async join(text: string, compare?: (digits: string) => boolean | undefined): Promise<Seen> {
    const edge = new TestEdge(async (input, init) => {
      const { pathname } = new URL(String(input));
      if (pathname.endsWith("/status")) this.#status = await this.status();
      return this.relay.fetch(input, init);
    });
    this.relay.hostile = (path, body) => this.#answer(path, body);
    const [memory, store] = [await this.browser.memory(), await this.browser.keys()];
    const place = { edge, memory, keys: store };
    const joining = new Join(place, invitation(text, RELAY), { name: "work", group: "team" }, (seen) => {
      this.seen.push(seen);
      if (seen.step !== "comparing") return;
      const same = compare?.(seen.digits);
      if (same === undefined) edge.millis += 3_600_000;
      else joining.compare(same);
    });
    return joining.run();
  }

  #answer(path: string, body: json.JsonObject | undefined): Response | undefined {
    if (path.includes("/resolve/")) return this.resolved === undefined ? refusal(404, "not_found") : reply(this.resolved);
    if (path.endsWith("/complete")) {
      this.completed = body ?? {};
      return reply({ routingToken: "x" });
    }
    if (path.endsWith("/status")) return reply(this.#status);
    if (path.endsWith("/confirm")) {
      this.said.push(body?.accepted === true);
      return reply({ state: "confirmed" });
    }
    return undefined;
  }

  /** What is left in the browser. */
  async left(): Promise<{ pairings: number; keys: number }> {
    const pairings = (await (await this.browser.memory()).pairings()).length;
    const held = this.completed.keys as json.JsonObject | undefined;
    if (held === undefined) return { pairings, keys: 0 };
    const id = keys.keyId(keys.publicKeys(held).signing);
    return { pairings, keys: (await (await this.browser.keys()).find(id)) === undefined ? 0 : 1 };
  }
}

const NOTHING = { pairings: 0, keys: 0 };

test("a link pairs without a question", async () => {
  const meeting = new Meeting();
  const { link, resolved } = await announced();
  meeting.resolved = resolved;
  meeting.status = async () => ({ state: "confirmed", enforcerMac: await macOf(meeting.completed) });
  const seen = await meeting.join(link);
  assert.ok(seen.step === "joined");
  assert.equal(seen.pairing.fingerprint, keys.fingerprint(secret(1).publicKeys));
  assert.deepEqual([seen.pairing.name, seen.pairing.group, seen.pairing.gateway], ["work", "team", RELAY]);
  assert.deepEqual(await meeting.left(), { pairings: 1, keys: 1 });
  assert.deepEqual(meeting.said, [true]);
});

test("attack_36 a relay that shows its own keys gets none of ours", async () => {
  const meeting = new Meeting();
  const { link } = await announced();
  meeting.resolved = (await announced(secret(9))).resolved;
  assert.deepEqual(await meeting.join(link), { step: "failed", why: "WrongFingerprint" });
  assert.deepEqual(meeting.completed, {});
  assert.deepEqual(await meeting.left(), NOTHING);
});

test("attack_36 without the secret of the link nobody is pinned", async () => {
  const { link, resolved } = await announced();
  const wrong = [
    async (meeting: Meeting) => macOf(meeting.completed, secret(1), "7K3MQ9TD", new Uint8Array(32)),
    async (meeting: Meeting) => String(meeting.completed.mac),
    async (meeting: Meeting) => macOf(meeting.completed, secret(9)),
    async (meeting: Meeting) => macOf({ ...meeting.completed, approverId: "other" }),
  ];
  for (const mac of wrong) {
    const meeting = new Meeting();
    meeting.resolved = resolved;
    meeting.status = async () => ({ state: "confirmed", enforcerMac: await mac(meeting) });
    assert.deepEqual(await meeting.join(link), { step: "failed", why: "WrongMac" });
    assert.deepEqual(await meeting.left(), NOTHING);
    assert.deepEqual(meeting.said, [false], "the other side is told no");
  }
});

test("attack_36 digits never stand in for a proof that does not come", async () => {
  const meeting = new Meeting();
  const { link, resolved } = await announced();
  meeting.resolved = resolved;
  let asked = 0;
  meeting.status = async () => ({ state: (asked += 1) > 3 ? "expired" : "revealed", r: REVEALED, enforcerConfirmed: true });
  assert.deepEqual(await meeting.join(link, () => true), { step: "failed", why: "Expired" });
  assert.ok(meeting.seen.every((seen) => seen.step !== "comparing"));
});

test("a typed code pairs after a person compared", async () => {
  const meeting = new Meeting();
  const { code, resolved } = await announced();
  meeting.resolved = resolved;
  let asked = 0;
  meeting.status = async () => ({ state: "revealed", r: REVEALED, ...((asked += 1) > 2 ? { enforcerConfirmed: true } : {}) });
  const seen = await meeting.join(`${code.slice(0, 4)}-${code.slice(4).toLowerCase()}`, (digits) => /^\d{3} \d{3}$/.test(digits));
  assert.equal(seen.step, "joined");
  assert.deepEqual(await meeting.left(), { pairings: 1, keys: 1 });
  assert.deepEqual(meeting.said, [true]);
});

test("attack_37 keys behind an honest commitment, or another nonce, show no digits", async () => {
  const honest = await announced();
  const swapped = { ...honest.resolved, keys: keys.publicKeysJson(secret(9).publicKeys) };
  const other = Buffer.from(new Uint8Array(32).fill(5)).toString("base64url");
  for (const [resolved, r] of [[swapped, REVEALED], [honest.resolved, other]] as const) {
    const meeting = new Meeting();
    meeting.resolved = resolved;
    meeting.status = async () => ({ state: "revealed", r });
    assert.deepEqual(await meeting.join(honest.code, () => true), { step: "failed", why: "WrongCommitment" });
    assert.ok(meeting.seen.every((seen) => seen.step !== "comparing"));
    assert.deepEqual(await meeting.left(), NOTHING);
  }
});

test("attack_37 a relay in the middle shows other digits than the enforcer", async () => {
  const shown: string[] = [];
  for (const resolved of [(await announced()).resolved, (await announced(secret(9))).resolved]) {
    const meeting = new Meeting();
    meeting.resolved = resolved;
    meeting.status = async () => ({ state: "revealed", r: REVEALED });
    await meeting.join("7K3MQ9TD", (digits) => (shown.push(digits), false));
  }
  assert.equal(new Set(shown).size, 2);
});

test("attack_37 a no, nothing, and an enforcer that says no pin nobody", async () => {
  const { code, resolved } = await announced();
  const cases = [
    { compare: () => false, why: "DigitsRefused" },
    { compare: () => undefined, why: "Expired" },
    { compare: () => true, why: "Refused" },
  ] as const;
  for (const { compare, why } of cases) {
    const meeting = new Meeting();
    meeting.resolved = resolved;
    let asked = 0;
    meeting.status = async () => ({ state: (asked += 1) > 2 ? "refused" : "revealed", r: REVEALED });
    assert.deepEqual(await meeting.join(code, compare), { step: "failed", why });
    assert.deepEqual(await meeting.left(), NOTHING);
    assert.equal(meeting.said.at(-1), false);
  }
});

test("attack_37 our own keys, reflected, are no enforcer", () => {
  const newcomer = { deviceId: "a", publicKeys: secret(1).publicKeys, r2: new Uint8Array(32) };
  const invited = { by: "code", origin: RELAY, code: "7K3MQ9TD" } as const;
  const [state] = begin(invited, newcomer, NOW);
  const found = { nonce: "n", enforcerId: "e", keys: secret(1).publicKeys, commitment: "00".repeat(32) };
  assert.deepEqual(step(state, { event: "resolved", found }, NOW)[0], { step: "failed", why: "Reflected" });
});

test("a break while the keys are handed over is found out by asking", async () => {
  const { code, resolved } = await announced();
  const meeting = new Meeting();
  meeting.resolved = resolved;
  let broken = 0;
  const relay = meeting.relay.fetch;
  (meeting.relay as { fetch: typeof fetch }).fetch = async (input, init) => {
    const response = await relay(input, init);
    // The relay took them, and its answer is lost.
    if (String(input).endsWith("/complete") && (broken += 1) === 1) throw new TypeError("reset");
    return response;
  };
  meeting.status = async () => ({ state: "revealed", keys: meeting.completed.keys ?? null, r: REVEALED, enforcerConfirmed: true });
  assert.equal((await meeting.join(code, () => true)).step, "joined");
  assert.equal(broken, 1);
});

test("no such code, and a relay that is away, are told apart", async () => {
  assert.deepEqual(await new Meeting().join("7K3MQ9TD"), { step: "failed", why: "RelayRefused" });
  const away = new Meeting();
  away.relay.down = true;
  assert.deepEqual(await away.join("7K3MQ9TD"), { step: "failed", why: "RelayAway" });
});

test("a code typed in another way is the same, and what is none is told", () => {
  assert.deepEqual(invitation(" 7k3m q9td ", "HTTPS://Relay.Example/"), { by: "code", origin: RELAY, code: "7K3MQ9TD" });
  assert.throws(() => invitation("7K3M", RELAY), { code: "BadCode" });
  assert.throws(() => invitation("7K3MQ9TD", "relay"), { code: "BadOrigin" });
  assert.throws(() => invitation("https://relay.example/pair#v=1", RELAY), { code: "BadLink" });
});
