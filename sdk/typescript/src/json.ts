/**
 * The strict reader and the canonical writer: one text, one value, one sequence of bytes
 * (PROTOCOL §1).
 *
 * The reader refuses everything on which two honest parsers could disagree. Objects that it makes
 * have no prototype, so that a member named `__proto__` is a member like every other.
 */

import canonicalize from "canonicalize";
import { sha256 as digest } from "@noble/hashes/sha2.js";
import { hex, utf8 } from "./encoding.js";
import { parseText } from "./reader.js";
import { JsonError, MAX_DEPTH, checkOrder, emptyObject } from "./value.js";
import type { JsonObject, JsonValue } from "./value.js";

export { JsonError, MAX_DEPTH, clip, comparePoints, emptyObject } from "./value.js";
export type { JsonErrorCode, JsonObject, JsonValue } from "./value.js";

/** Byte limits of HARP v0.2, counted on plaintext. */
export const limit = {
  /** An artifact: 2 MiB. */
  ARTIFACT: 2 * 1024 * 1024,
  /** A decision and every other message: 64 KiB. */
  MESSAGE: 64 * 1024,
  /** A receipt holds whole artifacts and decisions: 8 MiB. */
  RECEIPT: 8 * 1024 * 1024,
} as const;

/**
 * Reads one JSON text strictly.
 *
 * @param text UTF-8 bytes, or a text without lone surrogates
 * @param most the limit in bytes
 * @throws JsonError every code but `Shape`
 */
export function parse(text: Uint8Array | string, most: number): JsonValue {
  const size = typeof text === "string" ? sizeOf(text, most) : text.length;
  if (size > most) throw new JsonError("TooLarge", `more bytes than the limit of ${most}`);
  return parseText(typeof text === "string" ? wellFormed(text) : decoded(text));
}

/**
 * The canonical bytes of `value` (RFC 8785).
 *
 * @throws JsonError `KeyOrder`, `TooDeep`, `Number` or `Shape` where it has no canonical form
 */
export function canonical(value: JsonValue): Uint8Array {
  return utf8(canonicalText(value));
}

/**
 * The canonical text of `value`.
 *
 * @throws JsonError as {@link canonical}
 */
export function canonicalText(value: JsonValue): string {
  const text = canonicalize(plain(value, 0));
  if (text === undefined) throw new JsonError("Shape", "no value has no canonical form");
  return text;
}

/**
 * SHA-256 of the canonical bytes of `value`, as 64 lowercase hex digits.
 *
 * @throws JsonError as {@link canonical}
 */
export function sha256(value: JsonValue): string {
  return hex(digest(canonical(value)));
}

/** The object without one of its members. */
export function without(object: JsonObject, member: string): JsonObject {
  const rest = emptyObject();
  for (const key of Object.keys(object)) {
    if (key !== member) rest[key] = object[key] as JsonValue;
  }
  return rest;
}

/** Whether two values have the same canonical form. */
export function same(a: JsonValue, b: JsonValue): boolean {
  return canonicalText(a) === canonicalText(b);
}

/** A copy that is nothing but data: no prototype, no getter, no `toJSON`. */
function plain(value: unknown, depth: number): JsonValue {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "string") return wellFormed(value);
  if (typeof value === "number") return finite(value);
  if (typeof value !== "object") {
    throw new JsonError("Shape", `a ${typeof value} has no canonical form`);
  }
  if (depth >= MAX_DEPTH) throw new JsonError("TooDeep", `nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return Array.from(value, (item) => plain(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    throw new JsonError("Shape", "an object of a class has no canonical form");
  }
  const copy = emptyObject();
  const keys = Object.keys(value);
  for (const key of keys) {
    copy[wellFormed(key)] = plain((value as Record<string, unknown>)[key], depth + 1);
  }
  checkOrder(keys);
  return copy;
}

function finite(value: number): number {
  if (!Number.isFinite(value)) {
    throw new JsonError("Number", `number \`${value}\` cannot be held exactly`);
  }
  return value;
}

function wellFormed(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new JsonError("Syntax", "not strict json: lone surrogate");
  return text;
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new JsonError("Syntax", "not strict json: invalid utf-8");
  }
}

/** Bytes of a text; a text that is too long by its units alone is not encoded to count. */
function sizeOf(text: string, most: number): number {
  return text.length > most ? text.length : utf8(text).length;
}
