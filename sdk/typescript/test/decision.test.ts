import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArtifact } from "../src/artifact.js";
import { parseAnswer, parseDecision, reasonHash, verifySignature } from "../src/decision.js";
import { base64 } from "../src/encoding.js";
import { canonical, canonicalText } from "../src/json.js";
import { parseTrust } from "../src/trust.js";
import { verifyDecision } from "../src/verify.js";
import type { Check } from "../src/verify.js";
import { NOW, ROUTE, UNUSED, artifact, codeOf, decide, secret, time, trust, trustText, utf8 } from "./fixture.js";

const key = secret(2).publicKeys.signing;

/** The refusal of one decision, where everything but `change` is in order. */
function refused(decision = decide(artifact()), change: Partial<Check> = {}): string {
  const check: Check = { artifact: artifact(), trust: trust(), now: NOW, replay: UNUSED, ...change };
  return codeOf(() => verifyDecision(decision, check));
}

test("a good decision is a vote of its person", () => {
  const vote = verifyDecision(decide(artifact()), { artifact: artifact(), trust: trust(), now: NOW, replay: UNUSED });
  assert.deepEqual([vote.allows, vote.person, vote.assurance], [true, "ann", "device"]);
  for (const word of ["deny", "reject"] as const) {
    const no = verifyDecision(decide(artifact(), { word }), { artifact: artifact(), trust: trust(), now: NOW, replay: UNUSED });
    assert.equal(no.allows, false, word);
  }
});

test("each check has its own refusal", () => {
  const revoked = parseTrust(trustText().replaceAll('{"state":"active"}', `{"at":"${time(0)}","state":"revoked"}`));
  const needing = (change: object) => artifact({}, { ...ROUTE, ...change });
  const other = artifact({ payload: { kind: "request", action: "delete", parameters: {} } });
  const onlyArtifact = (about = artifact()) => ({ artifact: about });
  const cases: readonly [string, string][] = [
    ["NoRoute", refused(decide(artifact({ extensions: {} })), onlyArtifact(artifact({ extensions: {} })))],
    ["UnknownSigner", refused(decide(artifact(), {}, 4))],
    ["RevokedSigner", refused(decide(artifact()), { trust: revoked })],
    ["OffRoster", refused(decide(artifact(), {}, 3))],
    ["Assurance", refused(decide(needing({ minAssurance: "verified" })), onlyArtifact(needing({ minAssurance: "verified" })))],
    ["DecisionExpired", refused(decide(artifact(), { expiresAt: time(-60_000) }))],
    ["ArtifactExpired", refused(decide(artifact(), { expiresAt: time(900_000) }), { now: NOW + 360_000 })],
    ["FromTheFuture", refused(decide(artifact()), { now: NOW - 60_001 })],
    ["HashMismatch", refused(decide(other))],
    ["WrongSession", refused(decide(artifact()), { session: "s1" })],
    ["WrongSession", refused(decide(artifact(), { hints: { sessionId: "s1" } }))],
    ["WrongSession", refused(decide(artifact(), { scope: "session" }))],
    ["Scope", refused(decide(artifact(), { scope: "timebox" }))],
    ["NoReason", refused(decide(needing({ reasonRequired: true })), onlyArtifact(needing({ reasonRequired: true })))],
    ["Replay", refused(decide(artifact()), { replay: { ...UNUSED, nonceSpent: () => true } })],
    ["Replay", refused(decide(artifact()), { replay: { ...UNUSED, requestSpent: () => true } })],
    ["DecisionExpired", refused(decide(artifact()), { now: Number.NaN })],
    ["accepted", refused(decide(artifact(), { expiresAt: time(-59_999) }))],
  ];
  for (const [expected, found] of cases) assert.equal(found, expected);
});

test("a signature over another word, member or key does not verify", () => {
  const text = canonicalText(decide(artifact()).json);
  for (const [from, to] of [['"allow"', '"approve"'], ['"once"', '"timebox"'], ['"repo"', '"repo2"'], ['"scope"', '"policyHints":{},"scope"']]) {
    const changed = parseDecision(text.replace(from ?? "", to ?? ""));
    assert.equal(codeOf(() => verifySignature(changed, key)), "BadSignature", from);
    assert.equal(refused(changed), "Signature", from);
  }
});

test("no cut, no flipped bit and no extra byte leaves a decision valid", () => {
  const bytes = canonical(decide(artifact()).json);
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
  assert.equal(codeOf(() => parseDecision(utf8(canonicalText(decide(artifact()).json) + "\0"))), "Syntax");
});

test("an object has one form", () => {
  const text = canonicalText(decide(artifact()).json);
  const edits = [
    ['"scope"', '"x":1,"scope"'], ['"scope"', '"__proto__":{},"scope"'], ['"scope"', '"policyHints":null,"scope"'],
    ['"allow"', '"ALLOW"'], ['"allow"', '{"allow":null}'], ["Ed25519", "none"], ['"repo"', "1"],
    [time(200_000), "tomorrow"], [decide(artifact()).artifactHash, decide(artifact()).artifactHash.toUpperCase()],
  ];
  for (const [from, to] of edits) {
    assert.equal(codeOf(() => parseDecision(text.replace(from ?? "", to ?? ""))), "Shape", to);
  }
  for (const other of ["null", "[]", "1", '"x"', "{}"]) assert.equal(codeOf(() => parseDecision(other)), "Shape", other);
});

test("an artifact's route and context are read strictly", () => {
  const text = canonicalText(artifact().json);
  for (const [from, to] of [['"round":1', '"round":1.5'], ['"round":1', '"round":-1'], ['"round":1', '"extra":0,"round":1'], ['"scopes":["once"]', '"scopes":["twice"]']]) {
    assert.equal(codeOf(() => parseArtifact(text.replace(from ?? "", to ?? ""))), "Shape", to);
  }
});

test("a reason belongs to the decision that commits to it", () => {
  const reason = { text: "because", salt: new Uint8Array(32).fill(7) };
  const hints = { reasonHash: reasonHash(reason) };
  const answer = (with_: object, said: object) => canonicalText({ decision: decide(artifact(), said).json, ...with_ });
  const json = { reason: { text: reason.text, salt: base64(reason.salt) } };
  assert.equal(parseAnswer(answer(json, { hints })).reason?.text, "because");
  assert.equal(codeOf(() => parseAnswer(answer({}, { hints }))), "Shape");
  assert.equal(codeOf(() => parseAnswer(answer(json, {}))), "Shape");
  assert.equal(codeOf(() => parseAnswer(answer({ reason: { ...json.reason, text: "no" } }, { hints }))), "Shape");
});
