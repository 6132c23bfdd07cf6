import assert from "node:assert/strict";
import { test } from "node:test";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { base64 } from "../src/encoding.js";
import { canonical, canonicalText } from "../src/json.js";
import type { JsonObject } from "../src/json.js";
import { enforce, openWire, parseKeys, parseWire, propose, review } from "../src/reference.js";
import { decodeToken, encodeToken, signToken, verifyToken } from "../src/token.js";
import { ACTION, NOW, UNUSED, artifact, codeOf, secret, time } from "./fixture.js";

const made = (approves = true) =>
  signToken(artifact(), { nonce: new Uint8Array(32).fill(9), expiry: 2_000n, approves }, secret(2));
const check = { artifact: artifact(), publicKey: secret(2).publicKeys.signing, now: 1_999, spent: () => false };

test("a token comes back from its bytes, and says what was signed", async () => {
  for (const approves of [true, false]) {
    const token = decodeToken(encodeToken(await made(approves)));
    assert.equal(verifyToken(token, check), approves);
  }
});

test("each refusal of a token has its name", async () => {
  const token = await made();
  assert.equal(codeOf(() => verifyToken(token, { ...check, publicKey: secret(3).publicKeys.signing })), "WrongKey");
  assert.equal(codeOf(() => verifyToken({ ...token, approves: false }, check)), "BadSignature");
  assert.equal(codeOf(() => verifyToken({ ...token, expiry: 9_000n }, check)), "BadSignature");
  assert.equal(codeOf(() => verifyToken(token, { ...check, artifact: artifact({ repoRef: "x" }) })), "BadSignature");
  assert.equal(codeOf(() => verifyToken(token, { ...check, now: 2_000 })), "Expired");
  assert.equal(codeOf(() => verifyToken(token, { ...check, spent: () => true })), "Replay");
});

test("bytes that are not exactly a token are malformed", async () => {
  const bytes = encodeToken(await made());
  for (let length = 0; length < bytes.length; length += 1) {
    assert.equal(codeOf(() => decodeToken(bytes.slice(0, length))), "Malformed", `${length}`);
  }
  assert.equal(codeOf(() => decodeToken(new Uint8Array([...bytes, 0]))), "Malformed");
  for (const [at, to] of [[40, 0], [40, 3], [41, 255], [45, 255]]) {
    const changed = bytes.slice();
    changed[at ?? 0] = to ?? 0;
    assert.equal(codeOf(() => decodeToken(changed)), "Malformed", `${at}`);
  }
});

const [seed, exchange] = [new Uint8Array(32).fill(3), new Uint8Array(32).fill(4)];
const keysText = (change: JsonObject = {}) =>
  canonicalText({
    maKxPubRawB64Url: base64(x25519.getPublicKey(exchange)), maKxPrivRawB64Url: base64(exchange),
    maEd25519PubRawB64Url: base64(ed25519.getPublicKey(seed)), maEd25519PrivRawB64Url: base64(seed),
    signerKeyId: "ma-key-1", ...change,
  });
const header = {
  requestId: "r1", artifactType: "command.review", repoRef: "repo", createdAt: time(0), expiresAt: time(300_000),
};

test("the reference files meet in all three roles", () => {
  const keys = parseKeys(keysText());
  const wire = canonical(propose(header, ACTION, keys, (n) => new Uint8Array(n).fill(n)));
  const about = openWire(parseWire(wire), keys);
  assert.deepEqual(canonicalText(about.payload), canonicalText(ACTION));
  for (const word of ["allow", "deny", "approve", "reject"] as const) {
    const decision = canonical(review(about, { word, expiresAt: time(1_000), nonce: "n" }, keys).json);
    const verdict = word === "allow" || word === "approve" ? "allow" : "deny";
    assert.deepEqual(enforce({ artifact: wire, decision, keys }, NOW, UNUSED), { verdict, recomputed: true });
  }
});

test("each refusal of the reference files has HARP's code", () => {
  const keys = parseKeys(keysText());
  const wire = propose(header, ACTION, keys, (n) => new Uint8Array(n).fill(n));
  const about = openWire(parseWire(canonical(wire)), keys);
  const decision = canonicalText(review(about, { word: "allow", expiresAt: time(1_000), nonce: "n" }, keys).json);
  const code = (change: { wire?: JsonObject; decision?: string; now?: number; spent?: boolean }) =>
    codeOf(() =>
      enforce(
        { artifact: canonical(change.wire ?? wire), decision: change.decision ?? decision, keys },
        change.now ?? NOW,
        { ...UNUSED, nonceSpent: () => change.spent ?? false },
      ),
    );
  assert.equal(code({}), "accepted");
  assert.equal(code({ decision: decision.replace("allow", "deny") }), "HARP_ERR_SIGNATURE_INVALID");
  assert.equal(code({ decision: "{}" }), "HARP_ERR_CANONICALIZATION");
  const hinted = (hints: string) => decision.replace("{", `{"policyHints":${hints},`);
  assert.equal(code({ decision: hinted("null") }), "accepted");
  assert.equal(code({ decision: hinted("{}") }), "HARP_ERR_UNSUPPORTED");
  assert.equal(code({ decision: hinted("[]") }), "HARP_ERR_CANONICALIZATION");
  assert.equal(code({ decision: "null" }), "HARP_ERR_CANONICALIZATION");
  assert.equal(code({ now: NOW + 61_000 }), "HARP_ERR_EXPIRED");
  assert.equal(code({ wire: { ...wire, artifactHash: "ab".repeat(32) } }), "HARP_ERR_HASH_MISMATCH");
  assert.equal(code({ wire: { ...wire, repoRef: "other" } }), "HARP_ERR_HASH_MISMATCH");
  assert.equal(code({ spent: true }), "HARP_ERR_REPLAY");
  assert.equal(codeOf(() => parseKeys(keysText({ maKxPrivRawB64Url: base64(seed) }))), "HARP_ERR_SIGNATURE_INVALID");
  const mixed = base64(new Uint8Array([...seed, ...exchange]));
  assert.equal(codeOf(() => parseKeys(keysText({ maEd25519PrivRawB64Url: mixed }))), "HARP_ERR_SIGNATURE_INVALID");
  const pair = base64(new Uint8Array([...seed, ...ed25519.getPublicKey(seed)]));
  assert.equal(codeOf(() => parseKeys(keysText({ maEd25519PrivRawB64Url: pair }))), "accepted");
  const enc = { ...(wire.enc as JsonObject) };
  assert.equal(code({ wire: { ...wire, enc: { ...enc, kdf: "scrypt" } } }), "HARP_ERR_UNSUPPORTED");
  assert.equal(code({ wire: { ...wire, enc: { ...enc, kdf: 1 } } }), "HARP_ERR_CANONICALIZATION");
  assert.equal(code({ wire: { ...wire, sessionId: "s" } }), "HARP_ERR_CANONICALIZATION");
  const weak = { ...enc, heKxPub: base64(new Uint8Array(32)) };
  assert.equal(code({ wire: { ...wire, enc: weak } }), "HARP_ERR_UNSUPPORTED");
});
