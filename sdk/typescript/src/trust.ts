/** The keys that somebody pinned. A key that is merely inside a message proves nothing. */

import { limit, parse } from "./json.js";
import type { JsonValue } from "./json.js";
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
}

/** Pinned operators and approvers. */
export interface TrustStore {
  readonly operators: readonly Operator[];
  readonly approvers: readonly Approver[];
}

/** Why a trust store was not accepted. */
export class TrustError extends Error {
  override readonly name = "TrustError";
  /** A name is not its key's, or a key is there twice. */
  readonly code: "WrongKeyId" | "Twice";

  constructor(code: "WrongKeyId" | "Twice", message: string) {
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
  ], ["passkey"]);
  const pinned = shape.optional(json.passkey, passkey, "passkey");
  return {
    keyId: shape.text(json.keyId, "keyId"),
    keys: publicKeys(json.keys),
    deviceId: shape.text(json.deviceId, "deviceId"),
    person: shape.text(json.person, "person"),
    label: shape.text(json.label, "label"),
    roles: shape.list(json.roles, shape.text, "roles"),
    assurance: shape.word(json.assurance, ASSURANCES, "assurance"),
    createdAt: shape.time(json.createdAt, "createdAt"),
    status: status(json.status),
    pairId: shape.text(json.pairId, "pairId"),
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
