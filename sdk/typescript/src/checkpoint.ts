/** A signed head of the ledger: how long it was, and what its newest receipt said (PROTOCOL §9). */

import { base64 } from "./encoding.js";
import type { JsonObject, JsonValue } from "./json.js";
import { keyId, signDomain, verifyDomain } from "./keys.js";
import type { Device } from "./keys.js";
import * as shape from "./shape.js";
import type { Timestamp } from "./time.js";

/** Names one receipt as the newest of a ledger. */
export interface Head {
  readonly ledger: string;
  /** The number of its newest receipt, from 1. */
  readonly seq: number;
  /** That receipt's content hash, 64 hex digits. */
  readonly contentHash: string;
  readonly time: Timestamp;
  /** One digest over the receipts of all changes that the ledger holds up to there, 64 hex digits. */
  readonly changes?: string;
  /** The digest of what may still be used, 64 hex digits. */
  readonly usable?: string;
}

/** A head and the operator's signature over it. */
export interface Checkpoint {
  readonly head: Head;
  readonly keyId: string;
  readonly signature: Uint8Array;
  /** As it was read. */
  readonly json: JsonObject;
}

/**
 * Reads a checkpoint. The signature is not checked here.
 *
 * @throws JsonError `Shape`
 */
export function checkpoint(value: JsonValue | undefined, what = "checkpoint"): Checkpoint {
  const json = shape.members(value, what, ["head", "keyId", "signature"]);
  const names = ["ledger", "seq", "contentHash", "time"];
  const head = shape.members(json.head, `${what}.head`, names, ["changes", "usable"]);
  const changes = shape.optional(head.changes, shape.hash, "changes");
  const usable = shape.optional(head.usable, shape.hash, "usable");
  return {
    head: {
      ledger: shape.text(head.ledger, "ledger"),
      seq: shape.count(head.seq, "seq"),
      contentHash: shape.hash(head.contentHash, "contentHash"),
      time: shape.time(head.time, "time"),
      ...(changes === undefined ? {} : { changes }),
      ...(usable === undefined ? {} : { usable }),
    },
    keyId: shape.text(json.keyId, "keyId"),
    signature: shape.bytes(json.signature, "signature", 64),
    json,
  };
}

/**
 * Checks the signature under the operator's Ed25519 key.
 *
 * @throws KeyError
 */
export function verifyCheckpoint(found: Checkpoint, operator: Uint8Array): void {
  verifyDomain(operator, "checkpoint", shape.object(found.json.head, "head"), found.signature);
}

/** Signs a head. */
export async function signCheckpoint(head: Head, operator: Device): Promise<Checkpoint> {
  const { ledger, seq, contentHash, time, changes, usable } = head;
  const counted = {
    ...(changes === undefined ? {} : { changes }),
    ...(usable === undefined ? {} : { usable }),
  };
  const body = { ledger, seq, contentHash, time: time.text, ...counted };
  const signature = base64(await signDomain(operator, "checkpoint", body));
  return checkpoint({ head: body, keyId: keyId(operator.publicKeys.signing), signature });
}
