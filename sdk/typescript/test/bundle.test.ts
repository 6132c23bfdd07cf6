import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Checker, checkBundle } from "../src/bundle.js";
import { quorumOf } from "../src/check.js";
import { utf8 } from "../src/encoding.js";
import { parseReceipt } from "../src/receipt.js";
import { parseTrust } from "../src/trust.js";

type Vector = Readonly<Record<string, string | number>>;

const vectors = (path: string) => {
  const text = readFileSync(fileURLToPath(new URL(`../../../../vectors/${path}`, import.meta.url)), "utf8");
  return (JSON.parse(text) as { readonly vectors: readonly Vector[] }).vectors;
};
const named = (path: string, name: string) => vectors(path).find((one) => one.name === name) ?? assert.fail(name);

const good = named("bundle/bundles.json", "a-call-that-ann-allowed");
const bytes = utf8(String(good.text));
const checker = () => new Checker(parseTrust(String(good.trust)), Number(good.now));
const check = (...pieces: readonly Uint8Array[]) => checkBundle(pieces, checker());

test("a bundle is the same in pieces of any size", async () => {
  const whole = await check(bytes);
  assert.equal(whole.verdict, "Valid");
  for (const size of [1, 2, 7, 4096]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.slice(i * size, (i + 1) * size));
    assert.deepEqual(await check(...pieces), whole, `${size}`);
  }
  assert.deepEqual(await check(bytes, new Uint8Array(), new Uint8Array()), whole);
});

test("attack_28 a bundle that was cut anywhere is not valid", async () => {
  for (let at = 0; at < bytes.length; at += 211) assert.notEqual((await check(bytes.slice(0, at))).verdict, "Valid", `${at}`);
  assert.equal((await check(bytes.slice(0, -1))).verdict, "Truncated");
  assert.equal((await check()).verdict, "Truncated");
});

test("attack_28 a bundle of which any byte was changed is not valid", async () => {
  for (let at = 0; at < bytes.length; at += 173) {
    const changed = bytes.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.notEqual((await check(changed)).verdict, "Valid", `${at}`);
  }
});

test("others have their turn after each line, and may end it", async () => {
  const lines: number[] = [];
  await checkBundle([bytes], checker(), (line) => void lines.push(line));
  const all = String(good.text).split("\n").length - 1;
  assert.deepEqual(lines, Array.from({ length: all }, (_, i) => i + 1));
  const stopped = checkBundle([bytes], checker(), (line) => {
    if (line === 2) throw new Error("enough");
  });
  await assert.rejects(stopped, /enough/);
});

test("no report grows without end", async () => {
  const [first = ""] = String(good.text).split("\n");
  const report = await check(utf8(`${first}\n`.repeat(1_000)));
  assert.deepEqual([report.problems.length, report.more >= 900], [100, true]);
});

test("what is no bundle is not read to its end", async () => {
  const report = await check(utf8("{}\n".repeat(1_000)));
  assert.deepEqual([report.problems.length, report.more], [100, 1]);
});

test("a quorum is told where it took more than one", () => {
  const of = (name: string) => quorumOf(parseReceipt(String(named("receipt/receipts.json", name).receipt)).content);
  assert.deepEqual(of("two-of-two"), { need: 2, asked: ["ann", "bob"], denied: [], groups: [], veto: false });
  assert.equal(of("executed"), undefined);
});
