/** The signed record of an outcome, which anyone can check offline (PROTOCOL §9). */

import { artifactHead } from "./artifact.js";
import type { ArtifactHead } from "./artifact.js";
import { decision } from "./decision.js";
import type { Decision } from "./decision.js";
import { grantNote } from "./grant.js";
import type { GrantNote } from "./grant.js";
import { canonicalText, limit, parse } from "./json.js";
import type { JsonObject, JsonValue } from "./json.js";
import { RISKS, seat } from "./route.js";
import type { Risk, Seat } from "./route.js";
import * as shape from "./shape.js";
import type { Timestamp } from "./time.js";

/** What a receipt can say happened. */
export const EVENTS = [
  "allowed", "blocked", "suspended", "approved", "denied", "expired", "escalated", "withdrawn",
  "released", "executed", "failed", "uncertain", "granted", "revoked", "key", "policy", "frozen",
  "observed",
] as const;
export type Event = (typeof EVENTS)[number];

/** How much a receipt proves: the operator only; also the people whom the signed route asked for. */
export type Level = "L0" | "L1";

/** One signature over the content hash. */
export interface ReceiptSignature {
  readonly keyId: string;
  /** For people who look; never trusted. */
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

/** What the policy said of the action. */
export interface PolicyNote {
  readonly ruleId: string;
  readonly risk: Risk;
  readonly policyHash: string;
  /** All of it, as canonical text. */
  readonly text: string;
}

/** One approver's verdict, in words. */
export interface ApproverDecision {
  readonly verdict: string;
  readonly person: string;
  readonly keyId: string;
  readonly reason?: string;
}

/** The shape of a quorum; must equal the signed route's. */
export interface MultiApproval {
  readonly threshold: number;
  readonly roster: readonly Seat[];
  readonly approvers: readonly string[];
}

/** What came out of one of a run's two outputs. */
export interface OutputDigest {
  readonly bytes: number;
  /** 64 lowercase hex digits. */
  readonly sha256: string;
  /** There where it is of the first `bytes` bytes only, and more may have been written. */
  readonly cut?: true;
}

/** What a receipt records. */
export interface Content {
  readonly ledger: string;
  readonly seq: number;
  readonly prev?: string;
  readonly recordedAt: Timestamp;
  readonly event: Event;
  readonly requestId?: string;
  readonly actionHash?: string;
  readonly action?: JsonObject;
  /** The items of a batch that it is about; absent where it is about the whole action. */
  readonly items?: readonly number[];
  /** What it was judged under, 64 hex digits. */
  readonly policy?: PolicyNote;
  /** Without their payload, which is `action`. */
  readonly artifacts: readonly ArtifactHead[];
  readonly decisions: readonly Decision[];
  readonly approverDecision?: ApproverDecision;
  readonly multiApproval?: MultiApproval;
  readonly basis: "policy" | "decision" | "grant";
  /** What it rests on, where that is a grant. */
  readonly grant?: GrantNote;
  /** The level claimed; never believed. */
  readonly trustLevel: Level;
  /** When the claim was made, of what ran. */
  readonly claimedAt?: Timestamp;
  /** What it wrote, where whoever started it asked for digests. */
  readonly stdout?: OutputDigest;
  readonly stderr?: OutputDigest;
  /** As it was read: also the members that nothing here looks at. */
  readonly json: JsonObject;
}

/** A receipt. Nothing in it is checked: see the module `check`. */
export interface Receipt {
  readonly content: Content;
  readonly contentHash: string;
  readonly signatures: readonly ReceiptSignature[];
  /** As it was read. */
  readonly json: JsonObject;
}

/**
 * Reads a receipt strictly. Nothing in it is checked.
 *
 * @throws JsonError
 */
export function parseReceipt(bytes: Uint8Array | string): Receipt {
  return receipt(parse(bytes, limit.RECEIPT));
}

/**
 * The same from a value that was read strictly.
 *
 * @throws JsonError `Shape`
 */
export function receipt(value: JsonValue | undefined): Receipt {
  const json = shape.members(value, "receipt", ["type", "content", "contentHash", "signatures"]);
  shape.word(json.type, ["countersign.receipt/v1"], "type");
  return {
    content: content(json.content),
    contentHash: shape.hash(json.contentHash, "contentHash"),
    signatures: shape.list(json.signatures, signature, "signatures"),
    json,
  };
}

function content(value: JsonValue | undefined): Content {
  const json = shape.members(
    value,
    "content",
    ["ledger", "seq", "recordedAt", "boundary", "event", "basis", "trustLevel"],
    [
      "prev", "binding", "requestId", "actionHash", "action", "items", "artifacts", "policy",
      "decisions", "approver_decision", "multi_approval", "grant", "outcome",
    ],
  );
  shape.word(json.boundary, ["separate", "unprotected"], "boundary");
  shape.optional(json.binding, binding, "binding");
  return {
    ledger: shape.text(json.ledger, "ledger"),
    seq: shape.count(json.seq, "seq"),
    recordedAt: shape.time(json.recordedAt, "recordedAt"),
    event: shape.word(json.event, EVENTS, "event"),
    artifacts: shape.listOrAbsent(json.artifacts, artifactHead, "artifacts"),
    decisions: shape.listOrAbsent(json.decisions, decision, "decisions"),
    basis: shape.word(json.basis, ["policy", "decision", "grant"], "basis"),
    trustLevel: shape.word(json.trustLevel, ["L0", "L1"], "trustLevel"),
    json,
    ...where("prev", shape.optional(json.prev, shape.hash, "prev")),
    ...where("requestId", shape.optional(json.requestId, shape.text, "requestId")),
    ...where("actionHash", shape.optional(json.actionHash, shape.hash, "actionHash")),
    ...where("action", shape.optional(json.action, shape.object, "action")),
    ...where("items", shape.optional(json.items, indices, "items")),
    ...where("policy", shape.optional(json.policy, policyNote, "policy")),
    ...where("grant", shape.optional(json.grant, grantNote, "grant")),
    ...where("approverDecision", shape.optional(json.approver_decision, said, "approver_decision")),
    ...where("multiApproval", shape.optional(json.multi_approval, quorum, "multi_approval")),
    ...shape.optional(json.outcome, outcome, "outcome"),
  };
}

/** The member, where it has a value: an optional member is absent, not undefined. */
function where<N extends string, T>(name: N, value: T | undefined): { readonly [K in N]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [K in N]?: T };
}

function signature(value: JsonValue): ReceiptSignature {
  const names = ["keyId", "algorithm", "publicKey", "signature"];
  const json = shape.members(value, "signature", names);
  shape.word(json.algorithm, ["Ed25519"], "algorithm");
  return {
    keyId: shape.text(json.keyId, "keyId"),
    publicKey: shape.bytes(json.publicKey, "publicKey", 32),
    signature: shape.bytes(json.signature, "signature", 64),
  };
}

function indices(value: JsonValue, what: string): readonly number[] {
  return shape.list(value, shape.count, what);
}

function binding(value: JsonValue, what: string): string {
  return shape.word(value, ["descriptor", "sealed", "rehashed"], what);
}

function policyNote(value: JsonValue, what: string): PolicyNote {
  const names = ["ruleId", "display", "policyHash", "risk", "verb", "matched"];
  const json = shape.members(value, what, names);
  for (const name of ["display", "verb"]) shape.text(json[name], name);
  shape.list(json.matched, shape.text, "matched");
  return {
    ruleId: shape.text(json.ruleId, "ruleId"),
    risk: shape.word(json.risk, RISKS, "risk"),
    policyHash: shape.hash(json.policyHash, "policyHash"),
    text: canonicalText(value),
  };
}

function said(value: JsonValue, what: string): ApproverDecision {
  const json = shape.members(value, what, ["verdict", "person", "keyId"], ["reason"]);
  return {
    ...where("reason", shape.optional(json.reason, shape.text, "reason")),
    verdict: shape.text(json.verdict, "verdict"),
    person: shape.text(json.person, "person"),
    keyId: shape.text(json.keyId, "keyId"),
  };
}

function quorum(value: JsonValue, what: string): MultiApproval {
  const json = shape.members(value, what, ["threshold", "roster", "approvers"]);
  return {
    threshold: shape.u32(json.threshold, "threshold"),
    roster: shape.list(json.roster, seat, "roster"),
    approvers: shape.list(json.approvers, shape.text, "approvers"),
  };
}

/** When the claim was made, and digests; the other members are read and not looked at. */
function outcome(value: JsonValue, what: string): Pick<Content, "claimedAt" | "stdout" | "stderr"> {
  const others = ["endedAt", "exitCode", "signal", "error", "stdout", "stderr"];
  const json = shape.members(value, what, ["claimedAt"], others);
  shape.optional(json.endedAt, shape.time, "endedAt");
  shape.optional(json.exitCode, i32, "exitCode");
  shape.optional(json.signal, i32, "signal");
  shape.optional(json.error, shape.text, "error");
  return {
    claimedAt: shape.time(json.claimedAt, "claimedAt"),
    ...where("stdout", shape.optional(json.stdout, outputDigest, "stdout")),
    ...where("stderr", shape.optional(json.stderr, outputDigest, "stderr")),
  };
}

function outputDigest(value: JsonValue, what: string): OutputDigest {
  const json = shape.members(value, what, ["bytes", "sha256"], ["cut"]);
  if (json.cut !== undefined && json.cut !== true) throw shape.shape("cut is true, or absent");
  return {
    bytes: shape.count(json.bytes, "bytes"),
    sha256: shape.hash(json.sha256, "sha256"),
    ...where("cut", json.cut),
  };
}

function i32(value: JsonValue, what: string): number {
  return shape.whole(value, what, -0x8000_0000, 0x7fff_ffff);
}
