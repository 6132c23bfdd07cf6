import assert from "node:assert/strict";
import { test } from "node:test";
import { JsonError, canonicalText, limit, parse } from "../src/json.js";
import type { JsonObject, JsonValue } from "../src/json.js";
import { codeOf, utf8 } from "./fixture.js";

const read = (text: string) => parse(text, limit.MESSAGE);
const code = (text: string) => codeOf(() => read(text));

test("keys are sorted and white space is dropped", () => {
  assert.equal(canonicalText(read(' {"b" : [1, 2 ],\n"a":{}} ')), '{"a":{},"b":[1,2]}');
});

test("numbers take their shortest form", () => {
  const forms = {
    "0.1": "0.1", "1.50": "1.5", "-0": "0", "1E3": "1000", "1e21": "1e+21", "-5.0": "-5",
    "1000000000000000000000": "1e+21", "0.000001": "0.000001", "1e-7": "1e-7", "0e999999": "0",
    "9007199254740992": "9007199254740992", "5e-324": "5e-324",
  };
  for (const [written, expected] of Object.entries(forms)) {
    assert.equal(canonicalText(read(written)), expected, written);
  }
});

test("a number is judged by its text, not by the double it becomes", () => {
  for (const text of ["1e400", "9007199254740993", "0.10000000000000000001", "333333333.33333329", "1e-400"]) {
    assert.equal(code(text), "Number", text);
  }
});

test("what two parsers read differently is refused, with its own code", () => {
  const cases: readonly [string, string][] = [
    ['{"a":1,"a":2}', "DuplicateKey"], ['{"a":1,"\\u0061":2}', "DuplicateKey"],
    ['{"__proto__":1,"__proto__":2}', "DuplicateKey"], ['"\\ud800"', "Syntax"], ['"\\udc00"', "Syntax"],
    ['"\\ud800\\u0041"', "Syntax"], ["\ud800", "Syntax"], ["\ufeff{}", "Syntax"], ["{} {}", "Syntax"],
    ["", "Syntax"], ["01", "Syntax"], ["1.", "Syntax"], [".5", "Syntax"], ["+1", "Syntax"], ["NaN", "Syntax"],
    ["[1,]", "Syntax"], ['{"a":1,}', "Syntax"], ["{a:1}", "Syntax"], ["'a'", "Syntax"], ['"\t"', "Syntax"],
    ["[1}", "Syntax"], ["\u00a0{}", "Syntax"], ['"\\x41"', "Syntax"], ["truth", "Syntax"],
    ['{"\ue000":1,"\u{10000}":2}', "KeyOrder"], ["[".repeat(65), "TooDeep"], ["[1e400", "Number"],
  ];
  for (const [text, expected] of cases) assert.equal(code(text), expected, text.slice(0, 40));
  assert.equal(code("[".repeat(64) + "]".repeat(64)), "accepted");
});

test("bytes that are no utf-8 are refused, and so is a text over its limit", () => {
  assert.equal(codeOf(() => parse(new Uint8Array([0x22, 0xff, 0x22]), 64)), "Syntax");
  assert.equal(codeOf(() => parse(new Uint8Array([0xef, 0xbb, 0xbf, 0x31]), 64)), "Syntax");
  assert.equal(codeOf(() => parse(" ".repeat(65), 64)), "TooLarge");
  assert.equal(codeOf(() => parse('"' + "\u20ac".repeat(30) + '"', 64)), "TooLarge");
  assert.deepEqual(parse(utf8('"\u20ac"'), 64), "\u20ac");
});

test("a member named __proto__ is a member like every other", () => {
  const value = read('{"__proto__":{"admin":true},"constructor":1}') as JsonObject;
  assert.deepEqual(Object.keys(value), ["__proto__", "constructor"]);
  assert.equal((value as { admin?: unknown }).admin, undefined);
  assert.equal(({} as { admin?: unknown }).admin, undefined);
  assert.equal(canonicalText(value), '{"__proto__":{"admin":true},"constructor":1}');
});

test("toJSON is data, and a getter or a class is no value", () => {
  assert.equal(canonicalText(read('{"toJSON":"x"}')), '{"toJSON":"x"}');
  const bad: unknown[] = [new Date(0), new Map(), () => 1, 1n, undefined, Symbol("x"), { a: undefined }];
  for (const value of bad) assert.equal(codeOf(() => canonicalText(value as JsonValue)), "Shape", String(value));
  assert.equal(codeOf(() => canonicalText(Number.NaN)), "Number");
  assert.equal(codeOf(() => canonicalText("\udc00")), "Syntax");
  assert.equal(codeOf(() => canonicalText({ "\ue000": 1, "\u{10000}": 2 })), "KeyOrder");
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  assert.equal(codeOf(() => canonicalText(loop as JsonObject)), "TooDeep");
});

test("ten megabytes end in time, whatever they hold", () => {
  const size = 10 * 1024 * 1024;
  const texts: readonly [string, string][] = [
    ['"' + "a".repeat(size) + '"', "accepted"], ['"' + "\\u0041".repeat(size / 6) + '"', "accepted"],
    ["[" + "1,".repeat(size / 2) + "1]", "accepted"], ["[".repeat(size), "TooDeep"],
    ["1" + "0".repeat(size), "Number"], ["0." + "0".repeat(size) + "1", "Number"], [" ".repeat(size), "Syntax"],
    ['"' + "\\".repeat(size), "Syntax"], ["-".repeat(size), "Syntax"],
  ];
  for (const [text, expected] of texts) {
    const began = performance.now();
    assert.equal(codeOf(() => parse(text, 2 * size)), expected, text.slice(0, 10));
    assert.ok(performance.now() - began < 20_000, text.slice(0, 10));
  }
});

test("many members are read in time linear in their number", () => {
  const members = Array.from({ length: 200_000 }, (_, i) => `"${i * 7919}":${i}`).join(",");
  const began = performance.now();
  assert.equal(Object.keys(parse(`{${members}}`, limit.RECEIPT) as object).length, 200_000);
  assert.ok(performance.now() - began < 20_000);
});

test("never more than 200 characters of input are quoted", () => {
  const long = "k".repeat(5_000);
  for (const text of [`{"${long}":1,"${long}":2}`, `1${"0".repeat(5_000)}1`, `{"\ue000${long}":1,"\u{10000}":2}`]) {
    assert.throws(() => parse(text, limit.RECEIPT), (e: unknown) => {
      return e instanceof JsonError && e.message.length < 300;
    });
  }
});
