/**
 * The place in a receipt that does not hold. The verdict is worked out elsewhere; this only says where
 * to look, in the order in which it was.
 */

import { action, artifact, decision, json, keys, trust } from "@countersign/protocol";
import type { check, receipt } from "@countersign/protocol";

/** A place, by what is wrong there. */
export type Place =
  | { readonly at: "content" | "action" | "together" | "operator" }
  | { readonly at: "artifact" | "decision"; readonly index: number }
  | { readonly at: "answer"; readonly index: number; readonly person: string; readonly ofGrant: boolean };

/** Where a receipt does not hold; nothing where the verdict says it. */
export function placeIn(found: receipt.Receipt, verdict: check.Verdict, pinned: trust.TrustStore): Place | undefined {
  if (verdict.verdict === "HashMismatch") return otherHash(found);
  return verdict.verdict === "BadSignature" ? badSignature(found.content, pinned) : undefined;
}

function otherHash({ content, contentHash }: receipt.Receipt): Place {
  if (json.sha256(content.json) !== contentHash) return { at: "content" };
  const { action: payload, artifacts, decisions, actionHash } = content;
  if ((payload === undefined ? undefined : action.actionHash(payload)) !== actionHash) return { at: "action" };
  const whole = artifacts.map((head) => artifact.withPayload(head, payload ?? {}));
  const wrong = whole.findIndex((one) => artifact.artifactHash(one) !== one.artifactHash);
  if (wrong >= 0) return { at: "artifact", index: wrong };
  const stray = decisions.findIndex((one) => !artifacts.some((asked) => asked.artifactHash === one.artifactHash));
  return stray >= 0 ? { at: "decision", index: stray } : { at: "together" };
}

function badSignature(content: receipt.Content, pinned: trust.TrustStore): Place {
  const given = content.grant?.decisions ?? [];
  for (const [ofGrant, decisions] of [[false, content.decisions], [true, given]] as const) {
    for (const [index, one] of decisions.entries()) {
      const signer = trust.approverOf(pinned, one.signerKeyId);
      if (signer === undefined || keys.verifies(() => decision.verifySignature(one, signer.keys.signing))) continue;
      return { at: "answer", index, person: signer.person, ofGrant };
    }
  }
  return { at: "operator" };
}
