/** What helps to read: it may say too little, and never something else than what stands there. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Remembered, Review } from "../src/model.js";
import { hasDeceptive, pieces } from "../src/review/index.js";
import { diffFiles } from "../src/ui/diff.js";
import { csvOf } from "../src/ui/export.js";
import { placeOf, requestHref } from "../src/ui/place.js";
import { segments, shellLines, wrappersIn } from "../src/ui/shell.js";
import { start } from "../src/ui/text.js";

const texts = (line: string) => segments(line).map(({ text }) => text);

test("attack_16 a shell line is taken apart at every joint, and not inside quotes", () => {
  assert.deepEqual(texts("git status && rm -rf ~; a | b || c & d"), ["git status", "rm -rf ~", "a", "b", "c", "d"]);
  assert.deepEqual(texts("echo 'a && b' \"c; d \\\" | e\" \\; f"), ["echo 'a && b' \"c; d \\\" | e\" \\; f"]);
  assert.deepEqual(texts("echo $(a; b (c) ; d) && e"), ["echo $(a; b (c) ; d)", "e"]);
  assert.deepEqual(texts("a 2>&1 &> f"), ["a 2>&1 &> f"]);
  assert.deepEqual(texts("a\nb"), ["a", "b"]);
});

test("attack_16 segments and joints put together are the line, but for spaces", () => {
  for (const line of ["a&&b", "'open", "$(open", "\"open \\", "; ;; x", "a &", "`b; c`|d", "\\"]) {
    const whole = segments(line).map(({ joint, text }) => joint + text).join("");
    assert.equal(whole.replace(/\s/g, ""), line.replace(/\s/g, ""), line);
  }
});

test("attack_16 what starts another program is named", () => {
  assert.deepEqual(wrappersIn(["sudo", "-u", "x"]), ["sudo"]);
  assert.deepEqual(wrappersIn(["env", "A=1", "nice", "-n", "5", "bash", "-c", "x"]), ["env", "nice", "bash"]);
  assert.deepEqual(wrappersIn(["rm", "sudo"]), []);
  assert.deepEqual(shellLines(["/usr/bin/env", "bash", "-lc", "rm x", "more"]), ["rm x"]);
  assert.deepEqual(shellLines(["sh", "file"]), []);
  assert.ok(segments("x=$(id) > f")[0]?.substitutes && segments("x=$(id) > f")[0]?.redirects);
});

const DIFF = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+b\n c\ndiff --git a/y b/y\n--- a/y\n+++ b/y\n@@ -0,0 +1 @@\n+new\n\\ No newline at end of file\n";

test("a diff is taken apart file by file", () => {
  const files = diffFiles(DIFF);
  assert.deepEqual(files.map(({ name, added, removed }) => [name, added, removed]), [["x", 1, 1], ["y", 1, 0]]);
  const plain = diffFiles("--- a/x\t2026\n+++ b/x\t2026\n@@ -1 +1 @@\n-a\n+b\n--- a/z\n+++ b/z\n@@ -1 +1 @@\n-a\n+b\n");
  assert.deepEqual(plain.map(({ name }) => name), ["x", "z"]);
});

test("attack_06 every line of a diff stands in exactly one place", () => {
  const odd = ["", "no diff at all", DIFF, `\n${DIFF}`, DIFF.replaceAll("@@ -1,2", "@@ -1,99999"), "--- a\n+++ b\n@@ -1 +1 @@\n--- a\n+++ b\n", "diff --git a/x b/x"];
  for (const diff of odd) {
    assert.equal(diffFiles(diff).flatMap(({ lines }) => lines.map(({ text }) => text)).join(""), diff);
  }
});

test("attack_06 no file hides behind a count that is too high", () => {
  const hidden = DIFF.replace("@@ -1,2 +1,2 @@", "@@ -1,500 +1,500 @@");
  assert.deepEqual(diffFiles(hidden).map(({ name }) => name), ["x", "y"]);
});

test("attack_06 a removed line that looks like a header is a removed line", () => {
  const [file, ...more] = diffFiles("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- a/y\n+++ b/y\n-c\n+d\n");
  assert.equal(more.length, 0);
  assert.deepEqual(file?.lines.slice(3).map(({ sort }) => sort), ["removed", "added", "removed", "added"]);
});

test("attack_06 an escape is marked, and no text poses as one", () => {
  assert.deepEqual(pieces("a\u{202e}b\\u{202e}\tc"), [
    { text: "a", escape: false }, { text: "\\u{202e}", escape: true }, { text: "b\\u{202e}\tc", escape: false },
  ]);
  assert.ok(!hasDeceptive(start("😀".repeat(9), 5)));
});

test("attack_06 no cell of the export is a formula, and none ends its line", () => {
  const review = { headline: "=cmd|' /C calc'!A0", requestId: "r", createdAt: "c", expiresAt: "e", artifactHash: "h", actionHash: "a" } as unknown as Review;
  const entry: Remembered = { pairId: "p", requestId: "r", seenAt: "s", review, answer: { say: "deny", reason: "+1\n\"x\", y", decidedAt: "d", sent: "taken" } };
  const csv = csvOf([entry], new Map([["p", "@name"]]));
  assert.ok(csv.includes("'=cmd|' /C calc'!A0") && csv.includes("\"'+1\n\"\"x\"\", y\"") && csv.includes("'@name"));
  assert.equal(csv.split("\r\n").length, 3);
});

test("an address names one request, whatever its id is", () => {
  const key = "pair-1/a/b%2F#?é";
  assert.deepEqual(placeOf(new URL(`https://x.example/${requestHref(key)}`)), { at: "request", key });
  assert.deepEqual(placeOf(new URL("https://x.example/#/request/%E0%A4%A/x")), { at: "request", key: "%E0%A4%A/x" });
  assert.deepEqual(placeOf(new URL("https://x.example/#/nothing")), { at: "inbox" });
  const link = "https://x.example/pair#v=1&g=a&c=b&f=c&s=d";
  assert.deepEqual(placeOf(new URL(link)), { at: "pair", link });
});
