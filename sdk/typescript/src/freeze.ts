/** The stop that an approver sends from another device. It is no answer, and permits nothing. */

import { base64, utf8 } from "./encoding.js";
import { limit, parse } from "./json.js";
import type { JsonObject } from "./json.js";
import { KeyError, keyId, signDomain, verifyDomain } from "./keys.js";
import type { Device } from "./keys.js";
import type { Shown } from "./sealing.js";
import * as shape from "./shape.js";
import type { Timestamp } from "./time.js";
import { approverOf, counts } from "./trust.js";
import type { Approver, TrustStore } from "./trust.js";

/** The most bytes that the reason of a stop has. */
export const MAX_WHY = 2_000;

const TYPE = "countersign.freeze/v1";

/** A stop with its signature in the domain `countersign-freeze/v1`. */
export interface SignedStop {
  /** The operator key of the enforcer that is to stop. */
  readonly enforcer: string;
  /** The approver's key. */
  readonly signerKeyId: string;
  readonly why?: string;
  readonly signedAt: Timestamp;
  /** 24 bytes as base64url; also the name under which a gateway keeps it. */
  readonly nonce: string;
  readonly signature: Uint8Array;
  /** What is signed, as it was read. */
  readonly json: JsonObject;
}

/** Why a stop is not heeded. */
export class NotHeeded extends Error {
  override readonly name = "NotHeeded";
  /** The reason: too long, for another enforcer, by nobody who counts, or not signed. */
  readonly code: "TooLong" | "OtherEnforcer" | "Signer" | "Signature";

  constructor(code: NotHeeded["code"]) {
    super(`the stop is not heeded: ${code}`);
    this.code = code;
  }
}

/**
 * Signs a stop.
 *
 * @param stop `enforcer` is the operator's key id, `nonce` 24 fresh random bytes
 * @throws NotHeeded `TooLong`
 */
export async function signStop(
  stop: {
    readonly enforcer: string;
    readonly why?: string;
    readonly signedAt: string;
    readonly nonce: Uint8Array;
  },
  device: Device,
): Promise<JsonObject> {
  if (stop.nonce.length !== 24) throw new RangeError("a nonce is 24 bytes");
  const body = {
    type: TYPE,
    enforcer: stop.enforcer,
    signerKeyId: keyId(device.publicKeys.signing),
    ...(stop.why === undefined ? {} : { why: stop.why }),
    signedAt: stop.signedAt,
    nonce: base64(stop.nonce),
  };
  short(stop.why);
  return { stop: body, signature: base64(await signDomain(device, "freeze", body)) };
}

/**
 * Reads one strictly. The signature is not checked here.
 *
 * @throws JsonError, NotHeeded `TooLong`
 */
export function parseStop(bytes: Uint8Array | string): SignedStop {
  const whole = shape.members(parse(bytes, limit.MESSAGE), "stop", ["stop", "signature"]);
  const required = ["type", "enforcer", "signerKeyId", "signedAt", "nonce"];
  const json = shape.members(whole.stop, "stop.stop", required, ["why"]);
  shape.word(json.type, [TYPE], "type");
  const why = shape.optional(json.why, shape.text, "why");
  const found = {
    enforcer: shape.text(json.enforcer, "enforcer"),
    signerKeyId: shape.text(json.signerKeyId, "signerKeyId"),
    ...(why === undefined ? {} : { why }),
    signedAt: shape.time(json.signedAt, "signedAt"),
    nonce: base64(shape.bytes(json.nonce, "nonce", 24)),
    signature: shape.bytes(whole.signature, "signature", 64),
    json,
  };
  short(why);
  return found;
}

/**
 * Whose stop it is, where the enforcer with this operator key is to heed it.
 *
 * @param now milliseconds since the Unix epoch
 * @throws NotHeeded
 */
export function verifyStop(
  stop: SignedStop,
  operator: string,
  trust: TrustStore,
  now: number,
): Approver {
  if (stop.enforcer !== operator) throw new NotHeeded("OtherEnforcer");
  const signer = approverOf(trust, stop.signerKeyId);
  if (signer === undefined || !counts(signer.status, now)) throw new NotHeeded("Signer");
  try {
    verifyDomain(signer.keys.signing, "freeze", stop.json, stop.signature);
  } catch (error) {
    throw error instanceof KeyError ? new NotHeeded("Signature") : error;
  }
  return signer;
}

/** What the seal around a stop is bound to. */
export function shownOf(nonce: string): Shown {
  return { requestId: nonce, artifactType: TYPE, artifactHash: "", expiresAt: "" };
}

function short(why: string | undefined): void {
  if (why !== undefined && utf8(why).length > MAX_WHY) throw new NotHeeded("TooLong");
}
