/** Signed heads of a ledger that are remembered, against the receipts that are here. */

import { verifyCheckpoint } from "./checkpoint.js";
import type { Checkpoint, Head } from "./checkpoint.js";
import { clip, same } from "./json.js";
import { verifies } from "./keys.js";
import type { Wrong } from "./report.js";
import { operatorOf } from "./trust.js";
import type { TrustStore } from "./trust.js";

/** One receipt, by its number and content hash. */
export interface Link {
  readonly seq: number;
  readonly hash: string;
}

/** What a head says of the receipts that are here: contained, another in its place, or not here. */
export type Says = "agrees" | "differs" | "before" | "after";

/** The content hashes of the receipts so far. */
export class Chain {
  private readonly hashes = new Map<number, string>();
  private last: Link | undefined;
  /** What the first receipt says of the one before it. */
  private before: Link | undefined;

  /** The newest. */
  newest(): Link | undefined {
    return this.last;
  }

  /** Adds the next; `prev` is what it says of the one before it. */
  push(seq: number, hash: string, prev: string | undefined): void {
    if (this.last === undefined && prev !== undefined && seq > 0) this.before = { seq: seq - 1, hash: prev };
    this.hashes.set(seq, hash);
    this.last = { seq, hash };
  }

  /** Compares a head. A number within a gap is no contradiction of its own. */
  compare({ seq, contentHash }: Head): Says {
    const known = this.hashes.get(seq) ?? (this.before?.seq === seq ? this.before.hash : undefined);
    if (known !== undefined) return known === contentHash ? "agrees" : "differs";
    return this.last !== undefined && this.last.seq < seq ? "after" : "before";
  }
}

/** Checks the signatures of heads; the same one again is not checked again. */
export class Signatures {
  private last: Checkpoint | undefined;

  /** What is wrong with a head; nothing where an operator signed it whom the auditor pinned. */
  wrong(head: Checkpoint, trust: TrustStore): Wrong | undefined {
    if (this.last !== undefined && same(this.last.json, head.json)) return undefined;
    const operator = operatorOf(trust, head.keyId);
    if (operator === undefined) return { verdict: "Untrusted", keyId: clip(head.keyId) };
    if (operator.status.state === "revoked") return { verdict: "Revoked" };
    if (!verifies(() => verifyCheckpoint(head, operator.keys.signing))) return { verdict: "BadSignature" };
    this.last = head;
    return undefined;
  }
}
