import assert from "node:assert/strict";
import { test } from "node:test";
import { base64, unbase64 } from "../src/encoding.js";
import { canonical } from "../src/json.js";
import { DOMAINS, publicKeys, publicKeysJson, signDomain, verifyDomain, verifyRaw } from "../src/keys.js";
import type { Domain } from "../src/keys.js";
import { codeOf, secret } from "./fixture.js";

const domains = Object.keys(DOMAINS) as Domain[];
const object = { a: 1 };

test("a signature verifies in its own domain only", async () => {
  const key = secret(1).publicKeys.signing;
  for (const made of domains) {
    const signature = await signDomain(secret(1), made, object);
    for (const read of domains) {
      const code = codeOf(() => verifyDomain(key, read, object, signature));
      assert.equal(code, made === read ? "accepted" : "BadSignature", `${made} ${read}`);
    }
    assert.equal(codeOf(() => verifyRaw(key, canonical(object), signature)), "BadSignature");
  }
});

test("a swapped exchange half is no key", async () => {
  const mine = publicKeysJson(secret(1).publicKeys) as { publicKey: string; kxSignature: string };
  assert.equal(codeOf(() => publicKeys(mine)), "accepted");
  const bytes = unbase64(mine.publicKey) ?? new Uint8Array();
  bytes.set(secret(2).publicKeys.exchange, 32);
  assert.equal(codeOf(() => publicKeys({ ...mine, publicKey: base64(bytes) })), "Shape");
});

/** Encodings of points of small order: 1, -1, 0, and forms of 1 that are not canonical. */
const SMALL = [
  "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "7P_______________________________________38",
  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "7v_______________________________________38",
  "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA",
];

test("keys and nonces of small order sign nothing", async () => {
  const good = await signDomain(secret(1), "receipt", object);
  for (const text of SMALL) {
    const point = unbase64(text) ?? new Uint8Array();
    assert.equal(point.length, 32, text);
    const forged = new Uint8Array(64);
    forged.set(point, 0);
    assert.equal(codeOf(() => verifyDomain(point, "receipt", object, forged)), "BadSignature", text);
    const swapped = good.slice();
    swapped.set(point, 0);
    const key = secret(1).publicKeys.signing;
    assert.equal(codeOf(() => verifyDomain(key, "receipt", object, swapped)), "BadSignature", text);
  }
});

test("a second form of the same signature is refused", async () => {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const signature = await signDomain(secret(1), "receipt", object);
  let s = 0n;
  for (let i = 63; i >= 32; i -= 1) s = (s << 8n) | BigInt(signature[i] ?? 0);
  s += order;
  const second = signature.slice();
  for (let i = 32; i < 64; i += 1, s >>= 8n) second[i] = Number(s & 255n);
  const key = secret(1).publicKeys.signing;
  assert.equal(codeOf(() => verifyDomain(key, "receipt", object, second)), "BadSignature");
  for (const length of [0, 63, 65]) {
    assert.equal(codeOf(() => verifyDomain(key, "receipt", object, new Uint8Array(length))), "BadSignature");
  }
});

test("bytes that are no point are no key", async () => {
  const signature = await signDomain(secret(1), "receipt", object);
  for (const key of [new Uint8Array(32).fill(2), new Uint8Array(31), new Uint8Array(0)]) {
    assert.equal(codeOf(() => verifyDomain(key, "receipt", object, signature)), "BadKey");
  }
});

test("base64url is read in its one form", async () => {
  for (const text of ["QQ==", "QR", "Q", "Q+==", "QQ\n", "Q Q", "\u212a"]) assert.equal(unbase64(text), undefined, text);
  assert.deepEqual(unbase64("QQ"), new Uint8Array([65]));
  for (let n = 0; n < 9; n += 1) {
    const bytes = new Uint8Array(n).map((_, i) => 250 + i);
    assert.deepEqual(unbase64(base64(bytes)), bytes);
  }
});
