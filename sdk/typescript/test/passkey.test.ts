/** What a device makes of its passkey; what verification makes of it stands in the vectors. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { challengeOf, hint, signDecision, verifySignature } from "../src/decision.js";
import { base64, concat, hex, unhex, utf8 } from "../src/encoding.js";
import { canonical, without } from "../src/json.js";
import { keyId, secretKeys } from "../src/keys.js";
import { assertionJson, asserts, offerChallenge, signOffer } from "../src/passkey.js";
import type { Assertion, Passkey } from "../src/passkey.js";
import { artifact } from "./fixture.js";

const secret = new Uint8Array(32).fill(1);
const pinned: Passkey = {
  alg: "ES256",
  publicKey: p256.getPublicKey(secret, false).slice(1),
  rpId: "relay.example",
  origin: "https://relay.example",
};

/** An authenticator in software. */
function assertion(challenge: Uint8Array): Assertion {
  const authenticatorData = concat(sha256(utf8(pinned.rpId)), new Uint8Array([5, 0, 0, 0, 7]));
  const said = { type: "webauthn.get", challenge: base64(challenge), origin: pinned.origin, crossOrigin: false };
  const clientDataJSON = utf8(JSON.stringify(said));
  const signed = concat(authenticatorData, sha256(clientDataJSON));
  const signature = p256.sign(signed, secret, { format: "der", lowS: false });
  return { authenticatorData, clientDataJSON, signature };
}

test("the passkey signs the decision as it would be without, and the device signs both", async () => {
  const device = secretKeys(new Uint8Array(64).fill(2));
  const about = artifact();
  for (const hints of [undefined, { decidedAt: "2026-02-02T02:40:00Z" }]) {
    const choice = {
      word: "allow", scope: "once", expiresAt: about.expiresAt.text, nonce: new Uint8Array(24),
      ...(hints === undefined ? {} : { hints }),
    } as const;
    const bare = await signDecision(about, choice, device);
    let asked = new Uint8Array();
    const made = await signDecision(about, choice, device, async (challenge) => {
      asked = new Uint8Array(challenge);
      return assertion(challenge);
    });
    assert.equal(hex(asked), hex(sha256(canonical(without(bare.json, "signature")))));
    assert.equal(hex(challengeOf(made.json)), hex(asked));
    assert.ok(asserts(pinned, asked, made.policyHints?.[hint.WEBAUTHN]));
    verifySignature(made, device.publicKeys.signing);
  }
});

test("attack_35 what a passkey signs for an offer is no decision, and the same on both sides", async () => {
  const device = secretKeys(new Uint8Array(64).fill(2));
  const body = { keyId: keyId(device.publicKeys.signing), passkey: pinned, time: "2026-02-02T02:40:00Z" };
  const challenge = offerChallenge(body);
  assert.equal(hex(challenge), "22f4304cdde7e6c43e92eba63a8e5ac1a7b9f14a822e6d43b89a65641753d710");
  const offer = await signOffer(body, assertion(challenge), device);
  assert.deepEqual(Object.keys(offer), ["type", "body", "webauthn", "signature"]);
  await assert.rejects(signOffer({ ...body, keyId: "x" }, assertion(challenge), device), RangeError);
});

test("attack_49 a passkey's signature has one form", () => {
  const challenge = new Uint8Array(32).fill(7);
  const made = assertion(challenge);
  const holds = (signature: Uint8Array): boolean =>
    asserts(pinned, challenge, assertionJson({ ...made, signature }));
  /** The signature of two numbers, as they stand there. */
  const der = (r: Uint8Array, s: Uint8Array, tail: readonly number[] = []): Uint8Array => {
    const whole = [0x02, r.length, ...r, 0x02, s.length, ...s, ...tail];
    return new Uint8Array([0x30, whole.length, ...whole]);
  };
  const { r, s } = p256.Signature.fromBytes(made.signature, "der");
  const bytes = (n: bigint): Uint8Array => unhex(n.toString(16).padStart(64, "0")) ?? new Uint8Array();
  /** The shortest form that is not negative, and what else would be read as the same number. */
  const forms = (n: bigint): readonly Uint8Array[] => {
    const full = bytes(n);
    const bare = full.subarray(full.findIndex((byte) => byte !== 0));
    const padded = new Uint8Array([0, ...bare]);
    return (bare[0] ?? 0) > 0x7f ? [padded, bare] : [bare, padded];
  };
  const [[goodR, otherR], [goodS, otherS]] = [forms(r), forms(s)] as [Uint8Array[], Uint8Array[]];
  const good = der(goodR as Uint8Array, goodS as Uint8Array);
  assert.ok(holds(good));
  /** One byte of it counted up. */
  const at = (place: number): Uint8Array => good.map((byte, here) => (here === place ? byte + 1 : byte));
  for (const bad of [
    der(otherR as Uint8Array, goodS as Uint8Array),
    der(goodR as Uint8Array, otherS as Uint8Array),
    der(goodR as Uint8Array, goodS as Uint8Array, [0]),
    new Uint8Array([...good, 0]),
    at(0), at(1), at(2),
    good.subarray(0, good.length - 1),
    new Uint8Array(),
  ]) {
    assert.ok(!holds(bad), hex(bad));
  }
});
