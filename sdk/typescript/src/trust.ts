/** The keys that somebody pinned. A key that is merely inside a message proves nothing. */

import { limit, parse } from "./json.js";
import type { JsonObject, JsonValue } from "./json.js";
import { keyId, publicKeys } from "./keys.js";
import type { PublicKeys } from "./keys.js";
import { passkey } from "./passkey.js";
import type { Passkey } from "./passkey.js";
import { ASSURANCES } from "./route.js";
import type { Assurance } from "./route.js";
import * as shape from "./shape.js";
import type { Timestamp } from "./time.js";

/** Whether a pinned key still counts. */
export type Status =
  | { readonly state: "active" }
  /** Replaced; counts until the date. */
  | { readonly state: "rotated"; readonly until: Timestamp }
  | {
      readonly state: "revoked";
      readonly at: Timestamp;
      /** From when on others may have had the key, where that is known to be earlier. */
      readonly compromisedSince?: Timestamp;
    };

/** A key that signs receipts. */
export interface Operator {
  readonly keyId: string;
  readonly keys: PublicKeys;
  readonly label: string;
  readonly createdAt: Timestamp;
  readonly status: Status;
}

/** A person's key. One person may have several, and counts once. */
export interface Approver extends Operator {
  readonly deviceId: string;
  readonly person: string;
  readonly roles: readonly string[];
  /** As a person stated it; what an answer counts as is `verify.assuranceOf`. */
  readonly assurance: Assurance;
  /** The passkey that lifts its answers. */
  readonly passkey?: Passkey;
  readonly pairId: string;
  /** What it was pinned as before, oldest first. */
  readonly past?: readonly Past[];
}

/** What a key was pinned as until somebody changed it. Receipts of that time are judged by it. */
export interface Past {
  /** The change, which the next record begins with. */
  readonly until: Timestamp;
  readonly person: string;
  readonly roles: readonly string[];
  readonly assurance: Assurance;
  readonly passkey?: Passkey;
}

/** Pinned operators and approvers. */
export interface TrustStore {
  readonly operators: readonly Operator[];
  readonly approvers: readonly Approver[];
}

/** Why a trust store was not accepted. */
export class TrustError extends Error {
  override readonly name = "TrustError";
  /** A name is not its key's, a key is there twice, or the past of one has no order. */
  readonly code: "WrongKeyId" | "Twice" | "Disordered";

  constructor(code: TrustError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Reads a trust store strictly.
 *
 * @throws JsonError, TrustError
 */
export function parseTrust(bytes: Uint8Array | string): TrustStore {
  const value = parse(bytes, limit.ARTIFACT);
  const json = shape.members(value, "trust store", ["type", "operators", "approvers"]);
  shape.word(json.type, ["countersign.trust/v1"], "type");
  return checked({
    operators: shape.list(json.operators, operator, "operators"),
    approvers: shape.list(json.approvers, approver, "approvers"),
  });
}

/** The approver with this key. */
export function approverOf(trust: TrustStore, id: string): Approver | undefined {
  return trust.approvers.find((one) => one.keyId === id);
}

/** The operator with this key. */
export function operatorOf(trust: TrustStore, id: string): Operator | undefined {
  return trust.operators.find((one) => one.keyId === id);
}

/** The record of an approver as it was at `when`, in milliseconds. Its status is the newest all the same. */
export function approverAt(approver: Approver, when: number): Approver {
  const past = approver.past?.find(({ until }) => when < until.millis);
  if (past === undefined) return approver;
  const { passkey: _newer, past: _past, ...same } = approver;
  const { until: _until, ...then } = past;
  return { ...same, ...then };
}

/** Whether a key counts at `now`, in milliseconds. */
export function counts(status: Status, now: number): boolean {
  return status.state === "active" || (status.state === "rotated" && now < status.until.millis);
}

function checked(trust: TrustStore): TrustStore {
  const seen = new Set<string>();
  for (const { keyId: id, keys } of [...trust.operators, ...trust.approvers]) {
    if (keyId(keys.signing) !== id) {
      throw new TrustError("WrongKeyId", "a key id does not belong to the key beside it");
    }
    if (seen.has(id)) {
      const message = `key \`${id}\` is pinned twice; an operator key is never an approver key`;
      throw new TrustError("Twice", message);
    }
    seen.add(id);
  }
  for (const { keyId: id, past = [] } of trust.approvers) {
    if (past.some(({ until }, at) => until.millis >= (past[at + 1]?.until.millis ?? Infinity))) {
      throw new TrustError("Disordered", `what key \`${id}\` was pinned as before is not in the order of time`);
    }
  }
  return trust;
}

/** Reads one pinned operator. @throws JsonError `Shape` */
export function operator(value: JsonValue): Operator {
  const json = shape.members(value, "operator", ["keyId", "keys", "label", "createdAt", "status"]);
  return {
    keyId: shape.text(json.keyId, "keyId"),
    keys: publicKeys(json.keys),
    label: shape.text(json.label, "label"),
    createdAt: shape.time(json.createdAt, "createdAt"),
    status: status(json.status),
  };
}

/** Reads one pinned approver. @throws JsonError `Shape` */
export function approver(value: JsonValue): Approver {
  const json = shape.members(value, "approver", [
    "keyId", "keys", "deviceId", "person", "label", "roles", "assurance", "createdAt", "status",
    "pairId",
  ], ["passkey", "past"]);
  const before = shape.listOrAbsent(json.past, past, "past");
  return {
    keyId: shape.text(json.keyId, "keyId"),
    keys: publicKeys(json.keys),
    deviceId: shape.text(json.deviceId, "deviceId"),
    label: shape.text(json.label, "label"),
    createdAt: shape.time(json.createdAt, "createdAt"),
    status: status(json.status),
    pairId: shape.text(json.pairId, "pairId"),
    ...pinnedAs(json),
    ...(before.length === 0 ? {} : { past: before }),
  };
}

function past(value: JsonValue): Past {
  const json = shape.members(value, "past", ["until", "person", "roles", "assurance"], ["passkey"]);
  return { until: shape.time(json.until, "until"), ...pinnedAs(json) };
}

/** The particulars that a change can change. */
function pinnedAs(json: JsonObject): Omit<Past, "until"> {
  const pinned = shape.optional(json.passkey, passkey, "passkey");
  return {
    person: shape.text(json.person, "person"),
    roles: shape.list(json.roles, shape.text, "roles"),
    assurance: shape.word(json.assurance, ASSURANCES, "assurance"),
    ...(pinned === undefined ? {} : { passkey: pinned }),
  };
}

function status(value: JsonValue | undefined): Status {
  const { state } = shape.object(value, "status");
  if (state === "rotated") {
    const json = shape.members(value, "status", ["state", "until"]);
    return { state, until: shape.time(json.until, "until") };
  }
  if (state === "revoked") {
    const json = shape.members(value, "status", ["state", "at"], ["compromisedSince"]);
    const at = shape.time(json.at, "at");
    const compromisedSince = shape.optional(json.compromisedSince, shape.time, "compromisedSince");
    return compromisedSince === undefined ? { state, at } : { state, at, compromisedSince };
  }
  shape.members(value, "status", ["state"]);
  return { state: shape.word(state, ["active"], "state") };
}
