import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArtifact } from "../src/artifact.js";
import { parseAnswer, parseDecision, reasonHash, verifySignature } from "../src/decision.js";
import { base64 } from "../src/encoding.js";
import { canonical, canonicalText } from "../src/json.js";
import { parseTrust } from "../src/trust.js";
import { verifyDecision } from "../src/verify.js";
import type { Check } from "../src/verify.js";
import { NOW, ROUTE, UNUSED, artifact, codeOf, decide, laterCodeOf, secret, time, trust, trustText } from "./fixture.js";

const key = secret(2).publicKeys.signing;

/** The refusal of one decision, where everything but `change` is in order. */
async function refused(made = decide(artifact()), change: Partial<Check> = {}): Promise<string> {
  const decision = await made;
  const check: Check = { artifact: artifact(), trust: trust(), now: NOW, replay: UNUSED, ...change };
  return codeOf(() => verifyDecision(decision, check));
}

test("a good decision is a vote of its person", async () => {
  const vote = verifyDecision(await decide(artifact()), { artifact: artifact(), trust: trust(), now: NOW, replay: UNUSED });
  assert.deepEqual([vote.allows, vote.person, vote.assurance], [true, "ann", "device"]);
  for (const word of ["deny", "reject"] as const) {
    const no = verifyDecision(await decide(artifact(), { word }), { artifact: artifact(), trust: trust(), now: NOW, replay: UNUSED });
    assert.equal(no.allows, false, word);
  }
});

test("each check has its own refusal", async () => {
  const revoked = parseTrust(trustText().replaceAll('{"state":"active"}', `{"at":"${time(0)}","state":"revoked"}`));
  const needing = (change: object) => artifact({}, { ...ROUTE, ...change });
  const other = artifact({ payload: { kind: "request", action: "delete", parameters: {} } });
  const onlyArtifact = (about = artifact()) => ({ artifact: about });
  const cases: readonly [string, string][] = [
    ["NoRoute", await refused(decide(artifact({ extensions: {} })), onlyArtifact(artifact({ extensions: {} })))],
    ["UnknownSigner", await refused(decide(artifact(), {}, 4))],
    ["RevokedSigner", await refused(decide(artifact()), { trust: revoked })],
    ["OffRoster", await refused(decide(artifact(), {}, 3))],
    ["Assurance", await refused(decide(needing({ minAssurance: "verified" })), onlyArtifact(needing({ minAssurance: "verified" })))],
    ["DecisionExpired", await refused(decide(artifact(), { expiresAt: time(-60_000) }))],
    ["ArtifactExpired", await refused(decide(artifact(), { expiresAt: time(900_000) }), { now: NOW + 360_000 })],
    ["FromTheFuture", await refused(decide(artifact()), { now: NOW - 60_001 })],
    ["HashMismatch", await refused(decide(other))],
    ["WrongSession", await refused(decide(artifact()), { session: "s1" })],
    ["WrongSession", await refused(decide(artifact(), { hints: { sessionId: "s1" } }))],
    ["WrongSession", await refused(decide(artifact(), { scope: "session" }))],
    ["Scope", await refused(decide(artifact(), { scope: "timebox" }))],
    ["NoReason", await refused(decide(needing({ reasonRequired: true })), onlyArtifact(needing({ reasonRequired: true })))],
    ["Replay", await refused(decide(artifact()), { replay: { ...UNUSED, nonceSpent: () => true } })],
    ["Replay", await refused(decide(artifact()), { replay: { ...UNUSED, requestSpent: () => true } })],
    ["DecisionExpired", await refused(decide(artifact()), { now: Number.NaN })],
    ["accepted", await refused(decide(artifact(), { expiresAt: time(-59_999) }))],
  ];
  for (const [expected, found] of cases) assert.equal(found, expected);
});

test("a signature over another word, member or key does not verify", async () => {
  const text = canonicalText((await decide(artifact())).json);
  for (const [from, to] of [['"allow"', '"approve"'], ['"once"', '"timebox"'], ['"repo"', '"repo2"'], ['"scope"', '"policyHints":{},"scope"']]) {
    const changed = parseDecision(text.replace(from ?? "", to ?? ""));
    assert.equal(codeOf(() => verifySignature(changed, key)), "BadSignature", from);
    assert.equal(await refused(Promise.resolve(changed)), "Signature", from);
  }
});

test("no cut, no flipped bit and no extra byte leaves a decision valid", async () => {
  const bytes = canonical((await decide(artifact())).json);
  const valid = (one: Uint8Array) => codeOf(() => verifySignature(parseDecision(one), key)) === "accepted";
  assert.ok(valid(bytes));
  for (let length = 0; length < bytes.length; length += 1) {
    assert.equal(codeOf(() => parseDecision(bytes.slice(0, length))), "Syntax", `${length}`);
  }
  for (let at = 0; at < bytes.length; at += 1) {
    const flipped = bytes.slice();
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
    assert.ok(!valid(flipped), `bit of byte ${at}`);
  }
  assert.equal(codeOf(() => parseDecision(new Uint8Array([...bytes, 0]))), "Syntax");
});

test("an object has one form", async () => {
  const text = canonicalText((await decide(artifact())).json);
  const edits = [
    ['"scope"', '"x":1,"scope"'], ['"scope"', '"__proto__":{},"scope"'], ['"scope"', '"policyHints":null,"scope"'],
    ['"allow"', '"ALLOW"'], ['"allow"', '{"allow":null}'], ["Ed25519", "none"], ['"repo"', "1"],
    [time(200_000), "tomorrow"], [artifact().artifactHash, artifact().artifactHash.toUpperCase()],
  ];
  for (const [from, to] of edits) {
    assert.equal(codeOf(() => parseDecision(text.replace(from ?? "", to ?? ""))), "Shape", to);
  }
  for (const other of ["null", "[]", "1", '"x"', "{}"]) assert.equal(codeOf(() => parseDecision(other)), "Shape", other);
});

test("an artifact's route and context are read strictly", async () => {
  const text = canonicalText(artifact().json);
  for (const [from, to] of [['"round":1', '"round":1.5'], ['"round":1', '"round":-1'], ['"round":1', '"extra":0,"round":1'], ['"scopes":["once"]', '"scopes":["twice"]']]) {
    assert.equal(codeOf(() => parseArtifact(text.replace(from ?? "", to ?? ""))), "Shape", to);
  }
});

test("a reason belongs to the decision that commits to it", async () => {
  const reason = { text: "because", salt: new Uint8Array(32).fill(7) };
  const hints = { reasonHash: reasonHash(reason) };
  const answer = async (with_: object, said: object) => canonicalText({ decision: (await decide(artifact(), said)).json, ...with_ });
  const json = { reason: { text: reason.text, salt: base64(reason.salt) } };
  assert.equal(parseAnswer(await answer(json, { hints })).reason?.text, "because");
  assert.equal(await laterCodeOf(async () => parseAnswer(await answer({}, { hints }))), "Shape");
  assert.equal(await laterCodeOf(async () => parseAnswer(await answer(json, {}))), "Shape");
  assert.equal(await laterCodeOf(async () => parseAnswer(await answer({ reason: { ...json.reason, text: "no" } }, { hints }))), "Shape");
});
