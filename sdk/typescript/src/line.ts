/** What may stand in a bundle: one object with one member, which names its section. */

import { checkpoint } from "./checkpoint.js";
import type { Checkpoint } from "./checkpoint.js";
import { sameBytes } from "./encoding.js";
import { JsonError, canonical, comparePoints, limit, parse } from "./json.js";
import type { JsonObject, JsonValue } from "./json.js";
import { keyId } from "./keys.js";
import { receipt } from "./receipt.js";
import type { Receipt } from "./receipt.js";
import * as shape from "./shape.js";
import type { Timestamp } from "./time.js";
import { approver, operator } from "./trust.js";
import type { Approver, Operator } from "./trust.js";

/** The longest line in bytes: a receipt, and what is around it. */
export const MAX_LINE = limit.RECEIPT + 64;

const BUNDLE = "countersign.bundle/v1";

/** The receipts from one number to another, both included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** Which part of which ledger. */
export interface Cover {
  readonly ledger: string;
  /** Absent where the time has none. */
  readonly range?: Range;
  readonly since?: Timestamp;
  readonly until?: Timestamp;
}

/** A key that the home pinned. It proves nothing. */
export type Key =
  | { readonly role: "operator"; readonly pinned: Operator }
  | { readonly role: "approver"; readonly pinned: Approver };

/** The text of a policy. */
export interface Text {
  readonly sha256: string;
  readonly text: string;
}

/** What somebody remembers of the ledger, or why it could not be learned. */
export interface Remembered {
  /** `ledger`, `home`, or a gateway's address. */
  readonly by: string;
  readonly checkpoint?: Checkpoint;
  readonly missing?: string;
}

/** The last line: digests of everything before, signed. */
export interface Manifest {
  /** What is signed. */
  readonly content: JsonObject;
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** One line, by its section. */
export type Line =
  | { readonly section: "bundle"; readonly cover: Cover }
  | { readonly section: "key"; readonly key: Key }
  | { readonly section: "policy"; readonly text: Text }
  | { readonly section: "head"; readonly head: Remembered }
  | { readonly section: "earlier" | "receipt"; readonly receipt: Receipt }
  | { readonly section: "manifest"; readonly manifest: Manifest };

/** The sections, in the order of the file. */
export const SECTIONS = ["bundle", "key", "policy", "head", "earlier", "receipt", "manifest"] as const;
export type Section = (typeof SECTIONS)[number];

/**
 * Reads one line, without its line break. It must be the canonical text of its object.
 *
 * @throws JsonError
 */
export function parseLine(bytes: Uint8Array): Line {
  const value = parse(bytes, MAX_LINE);
  const [section = "", ...others] = Object.keys(shape.object(value, "line"));
  if (others.length > 0) throw shape.shape("a line has one member");
  const name = shape.word(section, SECTIONS, "section");
  const line = READERS[name]((value as JsonObject)[name]);
  if (!sameBytes(canonical(value), bytes)) throw shape.shape("not the canonical form of its object");
  return line;
}

/** Whether a line that was not understood says that it is of another version. */
export function isOfAnotherVersion(bytes: Uint8Array): boolean {
  try {
    const value = shape.object(parse(bytes, MAX_LINE), "line");
    const says = (member: string, below: string) => {
      const inner = value[member] as JsonObject | null | undefined;
      const type = typeof inner === "object" && inner !== null ? inner.type : undefined;
      return typeof type === "string" && type.startsWith(below) && !type.endsWith("/v1");
    };
    return (
      says("bundle", "countersign.bundle/") ||
      says("receipt", "countersign.receipt/") ||
      says("earlier", "countersign.receipt/")
    );
  } catch (error) {
    if (error instanceof JsonError) return false;
    throw error;
  }
}

/** Whether a key's name is its own. */
export function isNamedAfterItself({ pinned }: Key): boolean {
  return keyId(pinned.keys.signing) === pinned.keyId;
}

/** Where a line stands: its section's place, and by what its section is sorted. */
export interface Place {
  readonly section: number;
  readonly by: string | number;
}

export function placeOf(line: Line): Place {
  return { section: SECTIONS.indexOf(line.section), by: sortedBy(line) };
}

/** Below zero where `a` stands before `b`. */
export function comparePlaces(a: Place, b: Place): number {
  if (a.section !== b.section) return a.section - b.section;
  if (typeof a.by === "number" && typeof b.by === "number") return a.by - b.by;
  return comparePoints(String(a.by), String(b.by));
}

function sortedBy(line: Line): string | number {
  switch (line.section) {
    case "key":
      return line.key.pinned.keyId;
    case "policy":
      return line.text.sha256;
    case "head":
      return line.head.by;
    case "earlier":
    case "receipt":
      return line.receipt.content.seq;
    default:
      return "";
  }
}

const READERS: Readonly<Record<Section, (value: JsonValue | undefined) => Line>> = {
  bundle: (value) => ({ section: "bundle", cover: cover(value) }),
  key: (value) => ({ section: "key", key: key(value) }),
  policy(value) {
    const json = shape.members(value, "policy", ["sha256", "text"]);
    const text = { sha256: shape.hash(json.sha256, "sha256"), text: shape.text(json.text, "text") };
    return { section: "policy", text };
  },
  head: (value) => ({ section: "head", head: remembered(value) }),
  earlier: (value) => ({ section: "earlier", receipt: receipt(value) }),
  receipt: (value) => ({ section: "receipt", receipt: receipt(value) }),
  manifest(value) {
    const json = shape.members(value, "manifest", ["content", "keyId", "signature"]);
    const content = summary(json.content);
    const signature = shape.bytes(json.signature, "signature", 64);
    return { section: "manifest", manifest: { content, keyId: shape.text(json.keyId, "keyId"), signature } };
  },
};

function cover(value: JsonValue | undefined): Cover {
  const json = shape.members(value, "bundle", ["type", "ledger"], ["range", "since", "until"]);
  shape.word(json.type, [BUNDLE], "type");
  const range = shape.optional(json.range, rangeOf, "range");
  const since = shape.optional(json.since, shape.time, "since");
  const until = shape.optional(json.until, shape.time, "until");
  return {
    ledger: shape.text(json.ledger, "ledger"),
    ...(range === undefined ? {} : { range }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

function rangeOf(value: JsonValue, what: string): Range {
  const json = shape.members(value, what, ["first", "last"]);
  return { first: shape.count(json.first, "first"), last: shape.count(json.last, "last") };
}

function key(value: JsonValue | undefined): Key {
  const json = shape.members(value, "key", [], ["operator", "approver"]);
  if (Object.keys(json).length !== 1) throw shape.shape("a key has one role");
  if (json.operator !== undefined) return { role: "operator", pinned: operator(json.operator) };
  return { role: "approver", pinned: approver(json.approver as JsonValue) };
}

function remembered(value: JsonValue | undefined): Remembered {
  const json = shape.members(value, "head", ["by"], ["checkpoint", "missing"]);
  const found = shape.optional(json.checkpoint, checkpoint, "checkpoint");
  const missing = shape.optional(json.missing, shape.text, "missing");
  return {
    by: shape.text(json.by, "by"),
    ...(found === undefined ? {} : { checkpoint: found }),
    ...(missing === undefined ? {} : { missing }),
  };
}

/** What the manifest signs, as it was read. */
function summary(value: JsonValue | undefined): JsonObject {
  const json = shape.members(value, "content", ["type", "ledger", "sections", "sha256"]);
  shape.word(json.type, [BUNDLE], "type");
  shape.text(json.ledger, "ledger");
  shape.hash(json.sha256, "sha256");
  for (const section of Object.values(shape.object(json.sections, "sections"))) {
    const { lines, sha256 } = shape.members(section, "section", ["lines", "sha256"]);
    shape.count(lines, "lines");
    shape.hash(sha256, "sha256");
  }
  return json;
}
