/**
 * The plaintext that is sealed to a device: nothing is shown that the paired enforcer did not sign
 * (PROTOCOL §6).
 */

import { artifact } from "./artifact.js";
import type { Artifact } from "./artifact.js";
import { base64 } from "./encoding.js";
import { limit, parse } from "./json.js";
import type { JsonObject } from "./json.js";
import { signDomain, verifyDomain } from "./keys.js";
import type { Device, PublicKeys } from "./keys.js";
import { disclosure } from "./redact.js";
import type { Disclosure } from "./redact.js";
import * as shape from "./shape.js";

/** An artifact with its enforcer's signature. */
export interface Statement {
  readonly artifact: Artifact;
  /** In the domain `countersign-artifact/v1`. */
  readonly enforcerSignature: Uint8Array;
  /** What opens the commitments that this approver may see. */
  readonly disclosures: readonly Disclosure[];
}

/**
 * Reads the plaintext strictly. The signature is not checked here.
 *
 * @throws JsonError
 */
export function parseStatement(bytes: Uint8Array | string): Statement {
  const value = parse(bytes, limit.ARTIFACT * 2);
  const required = ["artifact", "enforcerSignature"];
  const json = shape.members(value, "statement", required, ["disclosures"]);
  return {
    artifact: artifact(json.artifact),
    enforcerSignature: shape.bytes(json.enforcerSignature, "enforcerSignature", 64),
    disclosures: shape.listOrAbsent(json.disclosures, disclosure, "disclosures"),
  };
}

/**
 * Checks the signature under the pinned enforcer.
 *
 * @throws KeyError
 */
export function verifyStatement(statement: Statement, enforcer: PublicKeys): void {
  const { artifact: signed, enforcerSignature } = statement;
  verifyDomain(enforcer.signing, "artifact", signed.json, enforcerSignature);
}

/** Signs an artifact for its approver: the object to be sealed, in canonical form. */
export async function signStatement(
  signed: Artifact,
  disclosures: readonly Disclosure[],
  enforcer: Device,
): Promise<JsonObject> {
  const enforcerSignature = base64(await signDomain(enforcer, "artifact", signed.json));
  const opened = disclosures.map(({ path, value, salt }) => [path, value, salt]);
  return {
    artifact: signed.json,
    enforcerSignature,
    ...(opened.length > 0 ? { disclosures: opened } : {}),
  };
}
