/**
 * Secrets inside an action: committed to before hashing, disclosed under seal (PROTOCOL §2).
 */

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as digest } from "@noble/hashes/sha2.js";
import { concat, hex, sameBytes, unhex } from "./encoding.js";
import { canonical } from "./json.js";
import type { JsonObject, JsonValue } from "./json.js";
import * as shape from "./shape.js";

/** What opens a commitment: `[path, value, salt]`. */
export interface Disclosure {
  /** A JSON pointer into the action. */
  readonly path: string;
  readonly value: JsonValue;
  /** 64 hex digits. */
  readonly salt: string;
}

/**
 * Commits to `value` at `path` under the ledger's secret.
 *
 * @returns the commitment, `{"_sd": hex}`, and what opens it
 */
export function commit(
  secret: Uint8Array,
  path: string,
  value: JsonValue,
): { commitment: JsonObject; disclosure: Disclosure } {
  const salt = hex(hmac(digest, secret, canonical([path, value])));
  const disclosure = { path, value, salt };
  return { commitment: { _sd: hex(opened(disclosure)) }, disclosure };
}

/** Whether the value, at its place, is the one committed to. */
export function opens(disclosure: Disclosure, commitment: JsonObject): boolean {
  const committed = isCommitment(commitment) ? unhex(commitment._sd) : undefined;
  return committed !== undefined && sameBytes(opened(disclosure), committed);
}

/**
 * Reads `[path, value, salt]`.
 *
 * @throws JsonError `Shape`
 */
export function disclosure(value: JsonValue | undefined, what = "disclosure"): Disclosure {
  const parts = shape.list(value, (part) => part, what);
  if (parts.length !== 3) throw shape.shape(`${what} has not three parts`);
  return {
    path: shape.text(parts[0], `${what}: path`),
    value: parts[1] as JsonValue,
    salt: shape.hash(parts[2], `${what}: salt`),
  };
}

/**
 * Reads `{"_sd": hex}`.
 *
 * @throws JsonError `Shape`
 */
export function commitment(value: JsonValue | undefined, what = "commitment"): JsonObject {
  const found = shape.members(value, what, ["_sd"]);
  shape.hash(found._sd, `${what}: _sd`);
  return found;
}

/** Whether an object is a commitment and nothing else. */
export function isCommitment(value: JsonValue): value is { readonly _sd: string } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const sd = (value as JsonObject)._sd;
  return Object.keys(value).length === 1 && typeof sd === "string" && /^[0-9a-f]{64}$/.test(sd);
}

/** Whether an object anywhere in `value` has the key `_sd`, which only an enforcer may write. */
export function smugglesCommitment(value: JsonValue): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (!Array.isArray(value) && Object.hasOwn(value, "_sd")) return true;
  return Object.values(value).some((inner) => smugglesCommitment(inner as JsonValue));
}

/** Every commitment in `value` with its path, a JSON pointer such as `/env/TOKEN`. */
export function commitments(value: JsonValue, path = ""): readonly [string, JsonObject][] {
  if (typeof value !== "object" || value === null) return [];
  if (isCommitment(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) =>
    commitments(inner as JsonValue, `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`),
  );
}

function opened({ path, value, salt }: Disclosure): Uint8Array {
  return digest(concat(unhex(salt) ?? new Uint8Array(), canonical([path, value])));
}
