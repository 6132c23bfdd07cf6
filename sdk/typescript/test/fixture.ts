/** Parties and objects that the tests share. Everything is fixed: no clock, no chance. */

import { buildArtifact } from "../src/artifact.js";
import type { Artifact } from "../src/artifact.js";
import { signDecision } from "../src/decision.js";
import type { Choice, Decision } from "../src/decision.js";
import { base64 } from "../src/encoding.js";
import { canonicalText, sha256 } from "../src/json.js";
import type { JsonObject } from "../src/json.js";
import { keyId, publicKeysJson, secretKeys, signDomain } from "../src/keys.js";
import type { Device } from "../src/keys.js";
import { atMillis } from "../src/time.js";
import { parseTrust } from "../src/trust.js";
import type { ReplayView } from "../src/verify.js";

export const NOW = 1_770_000_000_000;
export const UNUSED: ReplayView = { requestSpent: () => false, nonceSpent: () => false };

/** Keys by number: 1 is the operator's, 2 ann's, 3 bob's. */
export function secret(n: number): Device {
  return secretKeys(new Uint8Array(64).fill(n));
}

export function idOf(n: number): string {
  return keyId(secret(n).publicKeys.signing);
}

export function time(after: number): string {
  return atMillis(NOW + after).text;
}

function approver(n: number, person: string): JsonObject {
  return {
    keyId: idOf(n), keys: publicKeysJson(secret(n).publicKeys), deviceId: `dev-${person}`, person,
    label: "phone", roles: [], assurance: "device", createdAt: time(0), status: { state: "active" },
    pairId: `pair_${n}`,
  };
}

export function trustText(): string {
  const operator = {
    keyId: idOf(1), keys: publicKeysJson(secret(1).publicKeys), label: "operator",
    createdAt: time(0), status: { state: "active" },
  };
  const approvers = [approver(2, "ann"), approver(3, "bob")];
  return canonicalText({ type: "countersign.trust/v1", operators: [operator], approvers });
}

export const trust = () => parseTrust(trustText());

export const ACTION = { kind: "request", action: "deploy", parameters: {} };

export const ROUTE = {
  round: 1, ruleId: "default", risk: "high", policyHash: "00".repeat(32),
  roster: [{ person: "ann", keyId: idOf(2) }], threshold: 1, minAssurance: "local",
  reasonRequired: false, scopes: ["once"], maxUses: 1,
};

/** An artifact of {@link ACTION}, put to ann; `change` replaces members. */
export function artifact(change: JsonObject = {}, route: JsonObject = ROUTE): Artifact {
  return buildArtifact({
    requestId: "r1", artifactType: "command.review", repoRef: "repo", createdAt: time(0),
    expiresAt: time(300_000), payload: ACTION,
    extensions: { "org.countersign.salt": base64(new Uint8Array(32)), "org.countersign.route": route },
    ...change,
  });
}

export function decide(about: Artifact, change: Partial<Choice> = {}, by = 2): Promise<Decision> {
  const choice: Choice = {
    word: "allow", scope: "once", expiresAt: time(200_000), nonce: new Uint8Array(24).fill(5), ...change,
  };
  return signDecision(about, choice, secret(by));
}

/** A receipt of a run that ann allowed; `change` replaces members of its content. */
export async function receiptText(change: JsonObject = {}): Promise<string> {
  const about = artifact();
  const { payload: _, ...head } = about.json;
  const content = {
    ledger: "l1", seq: 1, recordedAt: time(6_000), boundary: "unprotected", event: "executed",
    requestId: "r1", actionHash: sha256(ACTION), action: ACTION, artifacts: [head],
    decisions: [(await decide(about)).json], basis: "decision", trustLevel: "L1",
    outcome: { claimedAt: time(5_000), endedAt: time(6_000), exitCode: 0 }, ...change,
  };
  const contentHash = sha256(content);
  const operator = secret(1);
  const signature = {
    keyId: idOf(1), algorithm: "Ed25519", publicKey: base64(operator.publicKeys.signing),
    signature: base64(await signDomain(operator, "receipt", { contentHash })),
  };
  return canonicalText({ type: "countersign.receipt/v1", content, contentHash, signatures: [signature] });
}

/** The error code with which `act` refuses, or `accepted`. */
export function codeOf(act: () => unknown): string {
  try {
    act();
    return "accepted";
  } catch (error) {
    return codeIn(error);
  }
}

/** The same of something that takes its time. */
export async function laterCodeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return "accepted";
  } catch (error) {
    return codeIn(error);
  }
}

function codeIn(error: unknown): string {
  const { code, refusal } = error as { code?: string; refusal?: string };
  return refusal ?? code ?? `unexpected: ${String(error)}`;
}

export { utf8 } from "../src/encoding.js";
