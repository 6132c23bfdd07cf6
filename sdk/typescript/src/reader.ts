/**
 * The strict reader itself: in one pass, without recursion, in time linear in the text.
 *
 * It decides on a number's text, not on the double that it becomes.
 */

import { JsonError, MAX_DEPTH, checkOrder, clip, emptyObject } from "./value.js";
import type { JsonValue } from "./value.js";

/** @internal Reads one text that has no lone surrogates. */
export function parseText(text: string): JsonValue {
  return new Reader(text).whole();
}

/** A container that is not closed yet. */
type Open =
  | { readonly items: JsonValue[] }
  | { readonly members: Record<string, JsonValue>; readonly keys: string[]; key: string };

/** What may come next. */
type Expect = "value" | "valueOrEnd" | "keyOrEnd" | "key" | "commaOrEnd" | "end";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);
const LITERALS: ReadonlyArray<readonly [string, JsonValue]> = [
  ["true", true],
  ["false", false],
  ["null", null],
];

class Reader {
  private at = 0;
  private expect: Expect = "value";
  private readonly open: Open[] = [];
  private root: JsonValue = null;

  constructor(private readonly text: string) {
    if (text.charCodeAt(0) === 0xfeff) throw syntax("byte order mark");
  }

  whole(): JsonValue {
    for (;;) {
      this.space();
      if (this.at >= this.text.length) {
        if (this.expect !== "end") throw syntax("unexpected end of text");
        return this.root;
      }
      this.token(this.text.charAt(this.at));
    }
  }

  private token(first: string): void {
    switch (this.expect) {
      case "end":
        throw syntax("trailing data");
      case "commaOrEnd":
        return first === "," ? this.comma() : this.close(first);
      case "keyOrEnd":
        return first === "}" ? this.close(first) : this.key(first);
      case "key":
        return this.key(first);
      case "valueOrEnd":
        return first === "]" ? this.close(first) : this.value(first);
      case "value":
        return this.value(first);
    }
  }

  private value(first: string): void {
    if (first === "[") return this.begin({ items: [] }, "valueOrEnd");
    if (first === "{") {
      return this.begin({ members: emptyObject(), keys: [], key: "" }, "keyOrEnd");
    }
    if (first === '"') return this.put(this.string());
    if (first === "-" || (first >= "0" && first <= "9")) return this.put(this.number());
    for (const [word, value] of LITERALS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return this.put(value);
      }
    }
    throw syntax(`a value was expected at ${this.at}`);
  }

  private begin(container: Open, next: Expect): void {
    if (this.open.length >= MAX_DEPTH) {
      throw new JsonError("TooDeep", `nested deeper than ${MAX_DEPTH} levels`);
    }
    this.at += 1;
    this.open.push(container);
    this.expect = next;
  }

  private comma(): void {
    this.at += 1;
    const inner = this.open.at(-1);
    this.expect = inner !== undefined && "members" in inner ? "key" : "value";
  }

  private close(bracket: string): void {
    const inner = this.open.at(-1);
    const fits = inner !== undefined && bracket === ("members" in inner ? "}" : "]");
    if (!fits) throw syntax(`a comma or the end was expected at ${this.at}`);
    this.at += 1;
    this.open.pop();
    if ("items" in inner) return this.put(inner.items);
    checkOrder(inner.keys);
    this.put(inner.members);
  }

  private key(first: string): void {
    const inner = this.open.at(-1);
    if (first !== '"' || inner === undefined || !("members" in inner)) {
      throw syntax(`a key was expected at ${this.at}`);
    }
    const key = this.string();
    if (key in inner.members) throw new JsonError("DuplicateKey", `duplicate key \`${clip(key)}\``);
    this.space();
    if (this.text.charAt(this.at) !== ":") throw syntax(`a colon was expected at ${this.at}`);
    this.at += 1;
    inner.key = key;
    inner.keys.push(key);
    this.expect = "value";
  }

  private put(value: JsonValue): void {
    const inner = this.open.at(-1);
    if (inner === undefined) this.root = value;
    else if ("items" in inner) inner.items.push(value);
    else inner.members[inner.key] = value;
    this.expect = inner === undefined ? "end" : "commaOrEnd";
  }

  private space(): void {
    for (;;) {
      const unit = this.text.charCodeAt(this.at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.at += 1;
    }
  }

  private string(): string {
    const parts: string[] = [];
    this.at += 1;
    let from = this.at;
    for (;;) {
      const unit = this.text.charCodeAt(this.at);
      if (Number.isNaN(unit)) throw syntax("a string does not end");
      if (unit < 0x20) throw syntax(`a control character stands in a string at ${this.at}`);
      if (unit === QUOTE || unit === BACKSLASH) {
        parts.push(this.text.slice(from, this.at));
        this.at += 1;
        if (unit === QUOTE) return parts.length === 1 ? (parts[0] ?? "") : parts.join("");
        parts.push(this.escape());
        from = this.at;
      } else {
        this.at += 1;
      }
    }
  }

  private escape(): string {
    const letter = this.text.charAt(this.at);
    this.at += 1;
    if (letter === "u") return this.unicode();
    const plain = ESCAPES.get(letter);
    if (plain === undefined) throw syntax(`no such escape at ${this.at - 2}`);
    return plain;
  }

  private unicode(): string {
    const first = this.unit();
    if (first < 0xd800 || first > 0xdfff) return String.fromCharCode(first);
    const paired = first < 0xdc00 && this.text.startsWith("\\u", this.at);
    if (!paired) throw syntax(`a lone surrogate ends at ${this.at}`);
    this.at += 2;
    const second = this.unit();
    if (second < 0xdc00 || second > 0xdfff) throw syntax(`a lone surrogate ends at ${this.at}`);
    return String.fromCharCode(first, second);
  }

  private unit(): number {
    const digits = this.text.slice(this.at, this.at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits) || digits.length !== 4) {
      throw syntax(`four hex digits were expected at ${this.at}`);
    }
    this.at += 4;
    return parseInt(digits, 16);
  }

  private number(): number {
    const from = this.at;
    if (this.text.charAt(this.at) === "-") this.at += 1;
    if (this.text.charAt(this.at) === "0") this.at += 1;
    else this.digits();
    if (this.text.charAt(this.at) === ".") {
      this.at += 1;
      this.digits();
    }
    const power = this.text.charAt(this.at);
    if (power === "e" || power === "E") {
      this.at += 1;
      const sign = this.text.charAt(this.at);
      if (sign === "+" || sign === "-") this.at += 1;
      this.digits();
    }
    return exact(this.text.slice(from, this.at));
  }

  private digits(): void {
    const from = this.at;
    for (;;) {
      const unit = this.text.charCodeAt(this.at);
      if (!(unit >= 0x30 && unit <= 0x39)) break;
      this.at += 1;
    }
    if (this.at === from) throw syntax(`a digit was expected at ${from}`);
  }
}

/** Accepts a number only when the shortest form of its double denotes exactly the number written. */
function exact(text: string): number {
  const double = Number(text);
  if (!Number.isFinite(double) || decimal(text) !== decimal(String(double))) {
    throw new JsonError("Number", `number \`${clip(text)}\` cannot be held exactly`);
  }
  return double === 0 ? 0 : double;
}

/** Sign, digits without zeros at either end, and the power of ten of the last digit. */
function decimal(text: string): string {
  const negative = text.startsWith("-");
  const [mantissa = "", power = "0"] = text.slice(negative ? 1 : 0).toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const all = whole + fraction;
  let [first, end] = [0, all.length];
  while (first < end && all.charCodeAt(first) === 0x30) first += 1;
  while (end > first && all.charCodeAt(end - 1) === 0x30) end -= 1;
  if (first === end) return "0";
  const exponent = Number(power) + (all.length - end) - fraction.length;
  return `${negative ? "-" : ""}${all.slice(first, end)}e${exponent}`;
}

function syntax(what: string): JsonError {
  return new JsonError("Syntax", `not strict json: ${what}`);
}
