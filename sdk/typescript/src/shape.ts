/**
 * Readable JSON into the object asked for: every member named, none left over, no `null` for what
 * is absent. One object has one form.
 */

import { JsonError, clip } from "./value.js";
import type { JsonObject, JsonValue } from "./value.js";
import { isHash, unbase64 } from "./encoding.js";
import { timestamp } from "./time.js";
import type { Timestamp } from "./time.js";

/** Readable JSON, but not the object asked for. */
export function shape(message: string): JsonError {
  return new JsonError("Shape", message);
}

/** An object. */
export function object(value: JsonValue | undefined, what: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw shape(`${what} is no object`);
  }
  return value as JsonObject;
}

/** An object with these members, and no others. */
export function members(
  value: JsonValue | undefined,
  what: string,
  required: readonly string[],
  optional: readonly string[] = [],
): JsonObject {
  const found = object(value, what);
  for (const name of Object.keys(found)) {
    if (!required.includes(name) && !optional.includes(name)) {
      throw shape(`unknown member \`${clip(name)}\` in ${what}`);
    }
  }
  for (const name of required) {
    if (!Object.hasOwn(found, name)) throw shape(`${what} has no \`${name}\``);
  }
  return found;
}

/** A text. */
export function text(value: JsonValue | undefined, what: string): string {
  if (typeof value !== "string") throw shape(`${what} is no text`);
  return value;
}

/** A text of at least one character. */
export function filled(value: JsonValue | undefined, what: string): string {
  const found = text(value, what);
  if (found === "") throw shape(`${what} is empty`);
  return found;
}

/** What is there, read; what is absent, `undefined`. `null` is not absent. */
export function optional<T>(
  value: JsonValue | undefined,
  read: (value: JsonValue, what: string) => T,
  what: string,
): T | undefined {
  return value === undefined ? undefined : read(value, what);
}

/** One of a few words. */
export function word<const W extends string>(
  value: JsonValue | undefined,
  words: readonly W[],
  what: string,
): W {
  const found = words.find((one) => one === value);
  if (found === undefined) throw shape(`${what} is none of ${words.join(", ")}`);
  return found;
}

/** A truth value. */
export function bool(value: JsonValue | undefined, what: string): boolean {
  if (typeof value !== "boolean") throw shape(`${what} is neither true nor false`);
  return value;
}

/** A whole number between two bounds, both included. */
export function whole(
  value: JsonValue | undefined,
  what: string,
  least: number,
  most: number,
): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
    throw shape(`${what} is no whole number from ${least} to ${most}`);
  }
  return value;
}

/** An unsigned number of 32 bits. */
export function u32(value: JsonValue | undefined, what: string): number {
  return whole(value, what, 0, 0xffff_ffff);
}

/** A count: from 0 to 2^53. */
export function count(value: JsonValue | undefined, what: string): number {
  return whole(value, what, 0, 2 ** 53);
}

/** A list, each item read. */
export function list<T>(
  value: JsonValue | undefined,
  read: (value: JsonValue, what: string) => T,
  what: string,
): readonly T[] {
  if (!Array.isArray(value)) throw shape(`${what} is no list`);
  return (value as readonly JsonValue[]).map((item) => read(item, what));
}

/** A list that is left out where it is empty. */
export function listOrAbsent<T>(
  value: JsonValue | undefined,
  read: (value: JsonValue, what: string) => T,
  what: string,
): readonly T[] {
  if (value === undefined) return [];
  const items = list(value, read, what);
  if (items.length === 0) throw shape(`${what} is empty, and should be absent`);
  return items;
}

/** 64 lowercase hex digits. */
export function hash(value: JsonValue | undefined, what: string): string {
  const found = text(value, what);
  if (!isHash(found)) throw shape(`${what} is not 64 lowercase hex digits`);
  return found;
}

/** Exactly `length` bytes as base64url. */
export function bytes(value: JsonValue | undefined, what: string, length: number): Uint8Array {
  const found = unbase64(text(value, what));
  if (found === undefined || found.length !== length) {
    throw shape(`${what} is not ${length} bytes as base64url`);
  }
  return found;
}

/** Any number of bytes as base64url. */
export function blob(value: JsonValue | undefined, what: string): Uint8Array {
  const found = unbase64(text(value, what));
  if (found === undefined) throw shape(`${what} is no base64url`);
  return found;
}

/** An RFC 3339 timestamp. */
export function time(value: JsonValue | undefined, what: string): Timestamp {
  const found = timestamp(text(value, what));
  if (found === undefined) throw shape(`${what} is no RFC 3339 timestamp`);
  return found;
}
