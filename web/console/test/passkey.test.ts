/** When a passkey is used, and where there is none. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { route } from "@countersign/protocol";
import { NotSigned } from "../src/desk/index.js";
import { assertingFor } from "../src/desk/passkey.js";
import { PasskeyRefused, browserPasskeys } from "../src/keys/index.js";
import type { Passkeys } from "../src/keys/index.js";
import type { Pairing, Reply } from "../src/model.js";

const known = {
  credentialId: "AAAA",
  passkey: { alg: "ES256", publicKey: "A".repeat(86), rpId: "localhost", origin: "http://localhost:1" },
} as const;
const without = { pairId: "p" } as Pairing;
const with_ = { ...without, passkey: known };
const passkeys: Passkeys = {
  make: () => Promise.reject(new PasskeyRefused("not here")),
  assert: () => Promise.reject(new PasskeyRefused("not here")),
};
const asks = (minAssurance: route.Assurance) => ({ minAssurance }) as route.Route;
const yes: Reply = { say: "allow" };

test("a passkey is used for everything but a plain no", () => {
  for (const said of [yes, { say: "part", items: [0] }, { say: "escalate" }] as const) {
    assert.ok(assertingFor(said, asks("local"), with_, passkeys), said.say);
    assert.equal(assertingFor(said, asks("device"), without, passkeys), undefined, said.say);
  }
  assert.equal(assertingFor({ say: "deny" }, asks("verified"), with_, passkeys), undefined);
  assert.equal(assertingFor({ say: "deny" }, asks("verified"), without, undefined), undefined);
});

test("attack_49 what asks for a verified person is not signed without a passkey", () => {
  for (const place of [{ pairing: without, passkeys }, { pairing: with_, passkeys: undefined }]) {
    assert.throws(() => assertingFor(yes, asks("verified"), place.pairing, place.passkeys), (error) => {
      return error instanceof NotSigned && error.code === "PasskeyMissing";
    });
  }
});

test("attack_49 a passkey that was not used signs nothing", async () => {
  const asserting = assertingFor(yes, asks("local"), with_, passkeys);
  await assert.rejects(asserting?.(new Uint8Array(32)) ?? Promise.resolve(), PasskeyRefused);
});

test("a page at an address has no passkeys, and a browser without them has none either", () => {
  const random = (length: number): Uint8Array => new Uint8Array(length);
  const credentials = {} as CredentialsContainer;
  const page = (hostname: string) => browserPasskeys(credentials, { hostname, origin: `http://${hostname}` }, random);
  Object.assign(globalThis, { PublicKeyCredential: class {} });
  assert.equal(page("127.0.0.1"), undefined);
  assert.equal(page("[::1]"), undefined);
  assert.notEqual(page("localhost"), undefined);
  assert.equal(browserPasskeys(undefined, { hostname: "localhost", origin: "http://localhost" }, random), undefined);
});
