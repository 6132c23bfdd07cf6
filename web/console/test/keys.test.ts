import assert from "node:assert/strict";
import { test } from "node:test";
import { json, keys, sealing } from "@countersign/protocol";
import { Browser } from "./edge.js";
import { secret } from "./relay.js";

const random = (n: number): Uint8Array => crypto.getRandomValues(new Uint8Array(n));
const shown = { requestId: "r", artifactType: "command.review", artifactHash: "00", expiresAt: "x" };

test("keys of a browser do what keys of the protocol do, and outlive the page", async () => {
  const browser = new Browser();
  const made = await (await browser.keys()).make();
  const keyId = keys.keyId(made.publicKeys.signing);
  const found = await (await browser.keys()).find(keyId);
  assert.ok(found);
  assert.deepEqual(keys.publicKeys(keys.publicKeysJson(found.publicKeys)), found.publicKeys);
  const signature = await keys.signDomain(found, "auth", { a: 1 });
  keys.verifyDomain(found.publicKeys.signing, "auth", { a: 1 }, signature);
  const sealed = sealing.seal(json.canonical({ b: 2 }), shown, [found.publicKeys], random);
  assert.deepEqual(await sealing.open(sealed, shown, found), json.canonical({ b: 2 }));
});

test("attack_31 what is kept of a key cannot be read", async () => {
  const browser = new Browser();
  await (await browser.keys()).make();
  const database = await new Promise<IDBDatabase>((done) => {
    const opening = browser.disk.open("countersign-keys");
    opening.onsuccess = () => done(opening.result);
  });
  const all = await new Promise<readonly Record<string, unknown>[]>((done) => {
    const asked = database.transaction("keys").objectStore("keys").getAll();
    asked.onsuccess = () => done(asked.result as Record<string, unknown>[]);
  });
  for (const name of ["signing", "exchange"]) {
    const key = all[0]?.[name] as CryptoKey;
    assert.equal(key.extractable, false);
    for (const format of ["raw", "pkcs8", "jwk"] as const) {
      await assert.rejects(crypto.subtle.exportKey(format as "jwk", key));
    }
  }
});

test("each pairing has keys of its own, and what is forgotten is gone", async () => {
  const store = await new Browser().keys();
  const [one, other] = [await store.make(), await store.make()];
  assert.notDeepEqual(one.publicKeys.signing, other.publicKeys.signing);
  const id = keys.keyId(one.publicKeys.signing);
  await store.forget(id);
  assert.equal(await store.find(id), undefined);
  assert.ok(await store.find(keys.keyId(other.publicKeys.signing)));
});

test("a point of small order is no agreement", async () => {
  const device = await (await new Browser().keys()).make();
  const sealed = sealing.seal(new Uint8Array(1), shown, [device.publicKeys, secret(2).publicKeys], random);
  const recipients = sealed.recipients.map((to) => ({ ...to, epk: new Uint8Array(32) }));
  await assert.rejects(sealing.open({ ...sealed, recipients }, shown, device), { code: "WeakKey" });
});
