import assert from "node:assert/strict";
import { test } from "node:test";
import { canonical } from "../src/json.js";
import { commit, commitments, opens, smugglesCommitment } from "../src/redact.js";
import { open, seal, sealed, sealedJson } from "../src/sealing.js";
import { parseStatement, signStatement, verifyStatement } from "../src/statement.js";
import { artifact, codeOf, laterCodeOf, secret, time, utf8 } from "./fixture.js";

const shown = { requestId: "r1", artifactType: "command.review", artifactHash: "00", expiresAt: time(0) };
const text = utf8("the plaintext");

/** Bytes that differ each time, and are the same in every run. */
function random(): (length: number) => Uint8Array {
  let n = 0;
  return (length) => new Uint8Array(length).map(() => (n += 1));
}

test("what is sealed opens for its devices and its envelope only", async () => {
  const made = seal(text, shown, [secret(2).publicKeys, secret(3).publicKeys], random());
  const found = sealed(sealedJson(made));
  assert.deepEqual(await open(found, shown, secret(2)), text);
  assert.deepEqual(await open(found, shown, secret(3)), text);
  assert.equal(await laterCodeOf(() => open(found, shown, secret(4))), "NotForUs");
  for (const member of Object.keys(shown)) {
    assert.equal(await laterCodeOf(() => open(found, { ...shown, [member]: "x" }, secret(2))), "Broken", member);
  }
  const data = found.data.map((byte, i) => (i === 3 ? byte ^ 1 : byte));
  assert.equal(await laterCodeOf(() => open({ ...found, data }, shown, secret(2))), "Broken");
  const recipients = found.recipients.map((to) => ({ ...to, epk: new Uint8Array(32) }));
  assert.equal(await laterCodeOf(() => open({ ...found, recipients }, shown, secret(2))), "WeakKey");
});

test("nothing is sealed to a weak key, or to too many", async () => {
  const weak = { ...secret(2).publicKeys, exchange: new Uint8Array(32) };
  assert.equal(codeOf(() => seal(text, shown, [weak], random())), "WeakKey");
  const many = Array.from({ length: 65 }, () => secret(2).publicKeys);
  assert.equal(codeOf(() => seal(text, shown, many, random())), "TooMany");
});

test("a device shows only what its enforcer signed", async () => {
  const whole = canonical(await signStatement(artifact(), [], secret(1)));
  const statement = parseStatement(whole);
  assert.equal(codeOf(() => verifyStatement(statement, secret(1).publicKeys)), "accepted");
  assert.equal(codeOf(() => verifyStatement(statement, secret(2).publicKeys)), "BadSignature");
});

test("a disclosure opens only its own commitment", async () => {
  const key = new Uint8Array(32).fill(1);
  const { commitment, disclosure } = commit(key, "/env/T", "real");
  assert.ok(opens(disclosure, commitment));
  assert.ok(!opens({ ...disclosure, value: "fake" }, commitment));
  assert.ok(!opens({ ...disclosure, path: "/env/U" }, commitment));
  assert.ok(!opens(disclosure, { ...commitment, extra: 1 }));
  const odd = { "a/b": commitment, a: { b: commitment }, "~": commitment };
  assert.deepEqual(commitments(odd).map(([path]) => path).sort(), ["/a/b", "/a~1b", "/~0"]);
  assert.ok(smugglesCommitment({ a: [{ b: { _sd: "x" } }] }));
  assert.ok(!smugglesCommitment({ a: ["_sd"] }));
});
