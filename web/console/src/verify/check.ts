/** What a receipt or a bundle proves under the keys of a trust file: worked out, never read off. */

import { bundle, check, meaning, receipt, trust, verify } from "@countersign/protocol";
import type { json, report, route } from "@countersign/protocol";
import type { Fact } from "../model.js";
import { actionFacts, actionLine } from "../review/index.js";
import { KNOWN } from "./known.js";
import { placeIn } from "./where.js";
import type { Place } from "./where.js";

/** One person's answer inside a receipt. */
export interface Answer {
  readonly person: string;
  readonly device: string;
  readonly keyId: string;
  /** What the signed decision says. */
  readonly says: ReturnType<typeof meaning.wordOf>;
  /** What this answer counts as. */
  readonly assurance: route.Assurance;
  /** Until when the answer was good. */
  readonly until: string;
}

/** What stands in a receipt that is valid. */
export interface Told {
  readonly level: receipt.Level;
  readonly assurance?: route.Assurance;
  readonly event: receipt.Event;
  readonly approvers: readonly string[];
  readonly quorum?: check.Quorum;
  readonly ledger: string;
  readonly seq: number;
  readonly recordedAt: string;
  readonly boundary: string;
  readonly binding?: string;
  readonly basis: receipt.Content["basis"];
  readonly operator: { readonly label: string; readonly keyId: string };
  readonly answers: readonly Answer[];
  /** When it was put to people, where it was. */
  readonly askedAt?: string;
  readonly policy?: { readonly rule: string; readonly display: string; readonly risk: string; readonly hash: string };
  /** The action on one line, and every part of it. */
  readonly line?: string;
  readonly facts: readonly Fact[];
  /** What the operator says came of it. */
  readonly outcome: json.JsonObject | undefined;
  /** The reason as the operator tells it. */
  readonly reason?: string;
}

/** A receipt that was checked; nothing of one that is not valid is told. */
export interface Checked {
  readonly verdict: check.Verdict;
  readonly told?: Told;
  readonly place?: Place;
}

/** Checks a receipt. Never throws. */
export function receiptIn(bytes: Uint8Array, pinned: trust.TrustStore, now: number): Checked {
  const verdict = check.checkReceipt(bytes, pinned, now);
  const found = readable(() => receipt.parseReceipt(bytes));
  if (found === undefined) return { verdict };
  if (verdict.verdict === "Valid") return { verdict, told: told(found, verdict, pinned) };
  const place = readable(() => placeIn(found, verdict, pinned));
  return place === undefined ? { verdict } : { verdict, place };
}

/**
 * Checks a bundle as it is read from the disk, line by line.
 *
 * @param pause awaited after each line; what it throws ends the check
 */
export function bundleIn(
  blob: Blob,
  pinned: trust.TrustStore,
  now: number,
  pause: (lines: number) => Promise<void> | void,
): Promise<report.Report> {
  return bundle.checkBundle(pieces(blob), new bundle.Checker(pinned, now, KNOWN), pause);
}

async function* pieces(blob: Blob): AsyncIterable<Uint8Array> {
  const reader = blob.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

type Valid = Extract<check.Verdict, { readonly verdict: "Valid" }>;

function told({ content, signatures }: receipt.Receipt, valid: Valid, pinned: trust.TrustStore): Told {
  const { json: said, action: payload, artifacts: [first], approverDecision } = content;
  const { verdict: _, ...proven } = valid;
  const keyId = signatures[0]?.keyId ?? "";
  const note = said.policy as json.JsonObject | undefined;
  const quorum = check.quorumOf(content);
  const line = payload === undefined ? undefined : actionLine(payload);
  return {
    ...proven,
    ...(quorum === undefined ? {} : { quorum }),
    ledger: content.ledger,
    seq: content.seq,
    recordedAt: content.recordedAt.text,
    boundary: said.boundary as string,
    ...(said.binding === undefined ? {} : { binding: said.binding as string }),
    basis: content.basis,
    operator: { label: trust.operatorOf(pinned, keyId)?.label ?? "", keyId },
    answers: [...content.decisions, ...(content.grant?.decisions ?? [])].flatMap((one) => answer(one, pinned)),
    ...(first === undefined ? {} : { askedAt: first.createdAt.text }),
    ...(note === undefined ? {} : { policy: policy(note) }),
    ...(line === undefined ? {} : { line }),
    facts: payload === undefined ? [] : actionFacts(payload),
    outcome: said.outcome as json.JsonObject | undefined,
    ...(approverDecision?.reason === undefined ? {} : { reason: approverDecision.reason }),
  };
}

function answer(one: receipt.Content["decisions"][number], pinned: trust.TrustStore): readonly Answer[] {
  const signer = trust.approverOf(pinned, one.signerKeyId);
  if (signer === undefined) return [];
  const { person, label: device, keyId } = signer;
  const [says, assurance] = [meaning.wordOf(one), verify.assuranceOf(signer, one)];
  return [{ person, device, keyId, says, assurance, until: one.expiresAt.text }];
}

function policy(note: json.JsonObject): NonNullable<Told["policy"]> {
  const of = (name: string) => note[name] as string;
  return { rule: of("ruleId"), display: of("display"), risk: of("risk"), hash: of("policyHash") };
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
