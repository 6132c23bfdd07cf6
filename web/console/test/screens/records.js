/** Files that the real binary writes: a receipt of a call that Ann allowed, a bundle of the whole ledger, and the trust file. */

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { encoding, json, keys } from "@countersign/protocol";
import { World } from "../../.test/test/world.js";

const POLICY = 'version = 1\n\n[[rule]]\nid = "ask"\ndecision = "require_approval"\napprovers = ["anyone"]\n';

/** Runs one call to its end, with a person in between, and gives what was written of it. */
export async function recorded() {
  const world = await World.open({ accepted: POLICY });
  try {
    const secret = world.path("secret");
    writeFileSync(secret, "correct horse battery\n");
    chmodSync(secret, 0o600);
    const approver = (...args) => run(world, "approver", ...args, "--passphrase-file", secret);
    const pair = world.start("enforcer", ["pair", "--name", "ann", "--relay", world.url, "--json"]);
    const { link } = JSON.parse(await pair.line());
    mkdirSync(world.path("approver"), { mode: 0o700 });
    await approver("join", link);
    await pair.end();
    const call = world.start("enforcer", ["run", "--", "sh", "-c", "echo hi > out"]);
    const [, id] = await call.says(/request ([0-9A-Z]{26})/);
    await approver("approve", id);
    await call.end();
    return await files(world);
  } finally {
    await world.close();
  }
}

async function files(world) {
  const [receipt, trust, bundle] = ["receipt.json", "trust.json", "all.csb"].map((name) => world.path(name));
  writeFileSync(receipt, await run(world, "enforcer", "receipt", "show", "last", "--json"));
  await run(world, "enforcer", "trust", "export", "-o", trust);
  await run(world, "enforcer", "audit", "bundle", "-o", bundle);
  const said = {
    receipt: await run(world, "nobody", "receipt", "verify", receipt, "--trust", trust),
    bundle: JSON.parse(await run(world, "nobody", "audit", "verify", bundle, "--trust", trust, "--json")),
  };
  const [receiptText, trustText, bundleText] = [receipt, trust, bundle].map((path) => readFileSync(path, "utf8"));
  return { receipt: receiptText, trust: trustText, bundle: bundleText, ledger: readFileSync(world.path("enforcer/ledger.db")), said };
}

async function run(world, party, ...args) {
  const { code, stdout, stderr } = await world.run(party, ...args);
  if (code !== 0) throw new Error(`${args.join(" ")}: ${code} ${stdout}${stderr}`);
  return stdout;
}

/** A ledger of so many calls that a policy let go, without its end, and the trust file to it. */
export async function longBundle(count) {
  const operator = keys.secretKeys(new Uint8Array(64).fill(1));
  const keyId = keys.keyId(operator.publicKeys.signing);
  const [ledger, recordedAt] = ["ledger-1", "2026-02-02T02:40:00Z"];
  const lines = [{ bundle: { type: "countersign.bundle/v1", ledger, range: { first: 1, last: count } } }];
  let prev;
  for (let seq = 1; seq <= count; seq += 1) {
    const action = { kind: "request", action: `n${seq}`, parameters: {} };
    const content = {
      ledger, seq, ...(prev === undefined ? {} : { prev }), recordedAt, boundary: "unprotected", event: "allowed", requestId: `r${seq}`,
      actionHash: json.sha256(action), action, basis: "policy", trustLevel: "L0",
    };
    const contentHash = json.sha256(content);
    const signature = encoding.base64(await keys.signDomain(operator, "receipt", { contentHash }));
    const publicKey = encoding.base64(operator.publicKeys.signing);
    lines.push({ receipt: { type: "countersign.receipt/v1", content, contentHash, signatures: [{ keyId, algorithm: "Ed25519", publicKey, signature }] } });
    prev = contentHash;
  }
  const pinned = { keyId, keys: keys.publicKeysJson(operator.publicKeys), label: "operator", createdAt: recordedAt, status: { state: "active" } };
  return {
    bundle: lines.map((line) => `${json.canonicalText(line)}\n`).join(""),
    trust: json.canonicalText({ type: "countersign.trust/v1", operators: [pinned], approvers: [] }),
  };
}
