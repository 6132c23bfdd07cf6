/** What a check of a bundle says in words: what it looked at, and what it could not. */

import type { Report } from "./report.js";
import type { Under } from "./under.js";

/** A number of things by the name of one. */
function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}

/** What was seen on the way. */
export interface Seen {
  /** Heads inside artifacts that name receipts which are here, and others. */
  readonly witnessed: number;
  readonly outside: number;
  /** Receipts from before the range. */
  readonly earlier: number;
  /** The key that signed the manifest. */
  readonly signedBy: string | undefined;
  readonly under: Under;
  /** Texts of policies. */
  readonly texts: number;
}

/** Fills the lists of what was checked and what was not. */
export function told(report: Report, seen: Seen): void {
  receipts(report, seen);
  rest(report, seen);
  policies(report, seen.under);
  outside(report);
  report.notChecked.push("the values behind commitments (`_sd`): they are not inside");
}

function receipts({ receipts: read, checked, levels, notChecked }: Report, seen: Seen): void {
  const held = Object.values(levels).reduce((sum, count) => sum + count, 0);
  if (read > 0) {
    checked.push(`${counted(read, "receipt")}, each whether it follows the one before it`);
    checked.push(`hashes, signatures and levels of each under the keys of your trust store: ${held} of ${read} hold`);
  }
  if (seen.witnessed > 0) {
    checked.push(`${counted(seen.witnessed, "head")} of the ledger inside artifacts, by the receipts that are here`);
  }
  if (seen.outside > 0) {
    notChecked.push(`${counted(seen.outside, "head")} inside artifacts, of receipts outside this bundle`);
  }
}

function rest({ checked, notChecked }: Report, { texts, signedBy, earlier }: Seen): void {
  if (texts > 0) checked.push(`${counted(texts, "text")} of policies, each against its hash`);
  if (signedBy !== undefined) checked.push(`the manifest: digests, and the signature of operator key ${signedBy}`);
  if (earlier > 0) {
    notChecked.push(`the chain between ${counted(earlier, "earlier receipt")} of keys and policies: each was checked alone`);
  }
}

/** Under which policies receipts were written. */
function policies({ checked, notChecked }: Report, under: Under): void {
  if (under.explained > 0) {
    checked.push(`the policyHash of ${counted(under.explained, "receipt")}: it is that of policies accepted before`);
  }
  if (under.own > 0) {
    checked.push(`the policyHash of ${counted(under.own, "receipt")}: a rule of the enforcer's own applied, no policy`);
  }
  if (under.first === undefined) return;
  notChecked.push(
    `which policies judged ${counted(under.unexplained, "receipt")}, the first is receipt ${under.first}: ` +
      "the policyHash is not that of policies accepted before; one that nobody accepted, the " +
      "administrator's, or the built-in one of another version was in force as well",
  );
}

function outside({ range, until, notChecked }: Report): void {
  if (range === undefined) {
    notChecked.push("receipts: this time has none, it says");
    return;
  }
  if (range.first > 1) notChecked.push(`receipts before ${range.first}: outside this bundle`);
  notChecked.push(
    until === undefined
      ? `whether others came after ${range.last}: only newer heads could tell`
      : `receipts after ${range.last}: outside this bundle`,
  );
}
