import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { receiptText, time, trustText } from "./fixture.js";

const folder = mkdtempSync(join(tmpdir(), "countersign-verify-"));
after(() => rmSync(folder, { recursive: true }));

const [receipt, trust, nobody] = ["receipt", "trust", "nobody"].map((name) => join(folder, name)) as [string, string, string];
writeFileSync(receipt, await receiptText());
writeFileSync(trust, trustText());
writeFileSync(nobody, '{"type":"countersign.trust/v1","operators":[],"approvers":[]}');

function verify(...given: string[]) {
  const program = fileURLToPath(new URL("../src/bin/verify.js", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...given], { encoding: "utf8" });
  return { status, stdout: stdout.trim(), stderr: stderr.trim() };
}

const asked = ["--trust", trust, "--at", time(0)];

test("a good receipt is valid, in words and as a document", () => {
  const found = verify(receipt, ...asked, "--require", "L1", "--event", "executed", "--assurance", "device", "--approver", "ann");
  assert.deepEqual(found, { status: 0, stdout: "VALID: L1, executed, approved by ann (assurance device)", stderr: "" });
  const json = verify(receipt, ...asked, "--json");
  assert.deepEqual(JSON.parse(json.stdout), {
    verdict: "Valid", level: "L1", assurance: "device", event: "executed", approvers: ["ann"],
  });
});

test("what was not asked for is named", () => {
  const { status, stdout } = verify(receipt, ...asked);
  assert.equal(status, 0);
  assert.match(stdout, /\nnot checked, because not asked for: --require, --event, --assurance, --approver$/);
});

test("what was asked for and is not there ends in 13", () => {
  const found = verify(receipt, ...asked, "--event", "denied");
  assert.equal(found.status, 13);
  assert.equal(found.stdout, "NOT ENOUGH: authentic, but event is executed, denied was required");
  const json = verify(receipt, ...asked, "--event=denied", "--json");
  assert.equal(json.status, 13);
  assert.deepEqual((JSON.parse(json.stdout) as { notMet: unknown }).notMet, ["event is executed, denied was required"]);
});

test("who did not allow it, or with less than was asked for, is named", () => {
  const lacking = (...given: string[]) => {
    const { status, stdout } = verify(receipt, ...asked, ...given);
    assert.equal(status, 13, given.join(" "));
    return stdout;
  };
  assert.equal(lacking("--approver", "ann", "--approver", "bob"), "NOT ENOUGH: authentic, but approved by no `bob`");
  assert.equal(lacking("--approver=role:sre"), "NOT ENOUGH: authentic, but approved by no `role:sre`");
  assert.equal(lacking("--assurance", "verified"), "NOT ENOUGH: authentic, but assurance is device, verified was required");
});

test("a role counts that somebody had then", () => {
  const changed = join(folder, "changed");
  const json = JSON.parse(trustText()) as { approvers: object[] };
  const past = [{ until: time(60_000_000), person: "ann", roles: ["sre"], assurance: "device" }];
  json.approvers = json.approvers.map((one) => ({ ...one, past }));
  writeFileSync(changed, JSON.stringify(json));
  assert.equal(verify(receipt, "--trust", changed, "--at", time(0), "--approver", "role:sre").status, 0);
});

test("a receipt that is not valid ends in 13", () => {
  const found = verify(receipt, "--trust", nobody);
  assert.equal(found.status, 13);
  assert.match(found.stdout, /^NOT VALID: key \S+ is not in the trust store \[Untrusted\]$/);
  assert.equal(verify(trust, "--trust", trust, "--json").stdout, '{"verdict":"Malformed"}');
});

test("a file that cannot be read ends in 1, a wrong call in 2", () => {
  assert.equal(verify(join(folder, "none"), "--trust", trust).status, 1);
  assert.equal(verify(receipt, "--trust", receipt).status, 1);
  for (const given of [[], [receipt], [receipt, "--trust"], [receipt, ...asked, "--require", "L9"], [receipt, ...asked, "--event", "x"], [receipt, ...asked, "--assurance", "x"], [receipt, ...asked, "--approver"], [receipt, ...asked, "--at", "now"], [receipt, ...asked, "--at", time(1)], [receipt, ...asked, "--fast"], [receipt, receipt, "--trust", trust]]) {
    const found = verify(...given);
    assert.equal(found.status, 2, given.join(" "));
    assert.match(found.stderr, /^countersign-verify: [^\n]+ \(--help shows how\)$/);
  }
  assert.equal(verify("--help").status, 0);
});
