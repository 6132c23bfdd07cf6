import assert from "node:assert/strict";
import { test } from "node:test";
import { checkReceipt } from "../src/check.js";
import { signCheckpoint, verifyCheckpoint } from "../src/checkpoint.js";
import { atMillis } from "../src/time.js";
import { parseTrust } from "../src/trust.js";
import { NOW, artifact, codeOf, decide, idOf, receiptText, secret, time, trust, trustText } from "./fixture.js";

const verdict = (text: string) => checkReceipt(text, trust(), NOW);
const named = async (change = {}) => verdict(await receiptText(change)).verdict;

test("a good receipt proves level one", async () => {
  assert.deepEqual(verdict(await receiptText()), {
    verdict: "Valid", event: "executed", level: "L1", assurance: "device", approvers: ["ann"],
  });
});

test("without pinned keys nothing is valid", async () => {
  const nobody = parseTrust('{"type":"countersign.trust/v1","operators":[],"approvers":[]}');
  assert.deepEqual(checkReceipt(await receiptText(), nobody, NOW), { verdict: "Untrusted", keyId: idOf(1) });
});

test("what is written down is not believed", async () => {
  const about = artifact();
  const by = async (n: number, word: "allow" | "deny" = "allow") => [(await decide(about, { word }, n)).json];
  const cases: readonly [string, string][] = [
    ["LevelMismatch", await named({ trustLevel: "L0" })],
    ["LevelMismatch", await named({ basis: "policy" })],
    ["SelfApproval", await named({ decisions: await by(1) })],
    ["OffRoster", await named({ decisions: await by(3) })],
    ["Untrusted", await named({ decisions: await by(4) })],
    ["ThresholdNotMet", await named({ decisions: await by(2, "deny") })],
    ["ThresholdNotMet", await named({ outcome: { claimedAt: time(900_000) } })],
    ["HashMismatch", await named({ action: { kind: "request", action: "delete", parameters: {} } })],
    ["Malformed", await named({ requestId: "other" })],
    ["Malformed", await named({ seq: 5 })],
    ["LevelMismatch", await named({ approver_decision: { verdict: "approved", person: "ceo", keyId: idOf(2) } })],
  ];
  for (const [expected, found] of cases) assert.equal(found, expected);
});

test("a changed text is refused, and names another version where it does", async () => {
  const text = await receiptText();
  assert.equal(verdict(text.replace('"exitCode":0', '"exitCode":1')).verdict, "HashMismatch");
  assert.equal(verdict(text.replace("countersign.receipt/v1", "countersign.receipt/v2")).verdict, "Unsupported");
  for (const bad of ["", "{}", "null", "[]", text.slice(0, -1), text.replace('"event"', '"extra":1,"event"')]) {
    assert.equal(verdict(bad).verdict, "Malformed", bad.slice(0, 20));
  }
  for (let at = 0; at < text.length; at += 7) {
    assert.notEqual(verdict(text.slice(0, at) + "7" + text.slice(at)).verdict, "Valid", `${at}`);
  }
});

test("an operator key is never an approver key, and a name belongs to its key", async () => {
  const twice = trustText().replace('"person":"bob"', '"person":"bob"').replaceAll(idOf(3), idOf(2));
  assert.equal(codeOf(() => parseTrust(twice)), "WrongKeyId");
  const json = JSON.parse(trustText()) as { operators: object[]; approvers: object[] };
  json.approvers.push({ ...json.approvers[0], ...json.operators[0] });
  assert.equal(codeOf(() => parseTrust(JSON.stringify(json))), "Twice");
});

test("a checkpoint is its operator's", async () => {
  const head = { ledger: "l1", seq: 3, contentHash: "ab".repeat(32), time: atMillis(NOW) };
  const made = await signCheckpoint(head, secret(1));
  assert.equal(codeOf(() => verifyCheckpoint(made, secret(1).publicKeys.signing)), "accepted");
  assert.equal(codeOf(() => verifyCheckpoint(made, secret(2).publicKeys.signing)), "BadSignature");
});
