/** What files are, and what is told of them: with every vector of receipts and bundles. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { trust } from "@countersign/protocol";
import { bundleIn, identified, receiptIn } from "../src/verify/index.js";

type Vector = Readonly<Record<string, unknown>>;

const root = fileURLToPath(new URL("../../../../vectors/", import.meta.url));
const vectors = (path: string) => (JSON.parse(readFileSync(`${root}${path}`, "utf8")) as { vectors: Vector[] }).vectors;
const manifest = JSON.parse(readFileSync(`${root}manifest.json`, "utf8")) as { files: { path: string; expect: Record<string, string> }[] };
const expected = (path: string) => manifest.files.find((one) => one.path === path)?.expect ?? {};
const receipts = vectors("receipt/receipts.json");
const named = (name: string) => receipts.find((one) => one.name === name) ?? assert.fail(name);
const blob = (text: string) => new Blob([text]);
const bytes = (text: unknown) => new TextEncoder().encode(String(text));
const pinned = (vector: Vector) => trust.parseTrust(String(vector.trust));

test("a file is what it says of itself, and never what it is called", async () => {
  const { receipt, trust: keys } = named("executed");
  const [bundle] = vectors("bundle/bundles.json").filter(({ text }) => typeof text === "string");
  const is = async (text: string) => {
    const found = await identified(blob(text));
    return found.is === "nothing" ? found.trouble : found.is;
  };
  const cases: readonly (readonly [string, string])[] = [
    ["receipt", String(receipt)], ["receipt", ` ${String(receipt)}\n`], ["receipt", '{"type":"countersign.receipt/v2"}'],
    ["trust", String(keys)], ["trust", '{"type":"countersign.trust/v2"}'], ["trust", String(keys).replace('"label"', '"lable"')],
    ["bundle", String(bundle?.text)], ["bundle", '{"bundle":'],
    ["empty", ""], ["ledger", "SQLite format 3\0\u0001"], ["neither", "dear auditor"], ["neither", "{}"], ["neither", "null"], ["neither", "[1]"],
    ["neither", '{"type":7}'], ["neither", String(receipt).slice(0, -1)], ["neither", `${String(receipt)}${String(receipt)}`],
    ["neither", String(receipt).replace("{", '{"type":"x",')], ["long", "x".repeat(8 * 1024 * 1024 + 1)],
  ];
  for (const [what, text] of cases) assert.equal(await is(text), what, text.slice(0, 40));
});

test("a file that cannot be read is named so", async () => {
  const gone = { size: 1, slice: () => ({ arrayBuffer: () => Promise.reject(new Error("it is gone")) }) } as unknown as Blob;
  assert.deepEqual(await identified(gone), { is: "nothing", trouble: "unreadable", because: "it is gone" });
});

test("every vector: as the manifest says, and nothing is told of what is not valid", () => {
  const expect = expected("receipt/receipts.json");
  for (const vector of receipts) {
    const { verdict, told, place } = receiptIn(bytes(vector.receipt), pinned(vector), Number(vector.now));
    const name = String(vector.name);
    assert.equal(verdict.verdict, expect[name], name);
    assert.equal(told !== undefined, verdict.verdict === "Valid", name);
    const placed = ["HashMismatch", "BadSignature"].includes(verdict.verdict);
    assert.equal(place !== undefined, placed, name);
  }
});

test("the place that does not hold is the command's", () => {
  const cases: readonly (readonly [string, object])[] = [
    ["content-changed", { at: "content" }], ["outcome-changed", { at: "content" }], ["other-action-hash", { at: "action" }],
    ["artifact-that-ends-later", { at: "artifact", index: 0 }], ["decisions-of-no-artifact", { at: "decision", index: 0 }],
    ["first-bit-of-the-signature", { at: "operator" }],
    ["decision-with-a-broken-signature", { at: "answer", index: 0, person: "ann", ofGrant: false }],
  ];
  for (const [name, place] of cases) {
    const vector = named(name);
    assert.deepEqual(receiptIn(bytes(vector.receipt), pinned(vector), Number(vector.now)).place, place, name);
  }
});

test("who said what, under which terms", () => {
  const vector = named("two-of-two");
  const told = receiptIn(bytes(vector.receipt), pinned(vector), Number(vector.now)).told ?? assert.fail();
  assert.deepEqual([told.level, told.event, told.approvers, told.assurance], ["L1", "executed", ["ann", "bob"], "web"]);
  assert.deepEqual(told.quorum, { need: 2, asked: ["ann", "bob"], denied: [], groups: [], veto: false });
  assert.deepEqual(told.answers.map(({ person, says, assurance }) => [person, says, assurance]), [["ann", "approved", "device"], ["bob", "approved", "web"]]);
  assert.deepEqual([told.line, told.operator.label, told.seq], ["request deploy", "operator", 1]);
  assert.ok(told.facts.some(({ label, lines }) => label === "parameters/to" && lines[0] === '"production"'));
});

test("a bundle is read in pieces, and whoever throws in between ends it", async () => {
  const expect = expected("bundle/bundles.json");
  const texts = vectors("bundle/bundles.json").filter(({ text }) => typeof text === "string");
  for (const vector of texts.slice(0, 30)) {
    const report = await bundleIn(blob(String(vector.text)), pinned(vector), Number(vector.now), () => {});
    assert.equal(report.verdict, expect[String(vector.name)], String(vector.name));
  }
  const [good] = texts;
  const lines: number[] = [];
  const ended = bundleIn(blob(String(good?.text)), pinned(good ?? {}), Number(good?.now), (line) => {
    lines.push(line);
    if (line === 3) throw new Error("enough");
  });
  await assert.rejects(ended, /enough/);
  assert.deepEqual(lines, [1, 2, 3]);
});
