/** What became of a request, as receipts say. */

import type { Round } from "./step.js";

/** What cannot have happened, in words. */
export class Contradiction extends Error {
  override readonly name = "Contradiction";
}

/** What people were asked. */
interface Asked {
  readonly is: "asked";
  /** The first receipt of it. */
  readonly since: number;
  /** The number of the round. */
  round: number;
  /** Its artifacts; nothing where others are asked from now on, and no receipt named them yet. */
  named: Round | undefined;
  /** Whether enough of them allowed it. */
  approved: boolean;
}

/** A batch that is used item by item. */
interface Items {
  readonly is: "items";
  readonly round: Round;
  readonly used: Set<number>;
  readonly told: Set<number>;
  ended: number | undefined;
}

/** What became of it. */
export type Fate =
  /** People are asked, or allowed it. */
  | Asked
  /** Nobody was asked, it was let go, and what came of it is not told yet. */
  | { readonly is: "runs" }
  /** All of it was used; whether what came of it is told. */
  | { readonly is: "used"; told: boolean }
  /** Items of a batch were. */
  | Items
  /** It ended unused, as this receipt says. */
  | { readonly is: "ended"; readonly seq: number };

export function newlyAsked(since: number, round: Round): Fate {
  return { is: "asked", since, round: round.number, named: round, approved: false };
}

/** People are asked, or answered, and it goes on waiting. */
export function waits(fate: Fate, round: Round): void {
  names(notApproved(fate), round);
}

export function approved(fate: Fate, round: Round): void {
  const asked = notApproved(fate);
  names(asked, round);
  asked.approved = true;
}

/** Others are asked in place of those of this round. */
export function handedOn(fate: Fate, round: Round): void {
  const asked = notApproved(fate);
  names(asked, round);
  asked.round += 1;
  asked.named = undefined;
}

/** Uses the approval, all of it or these items; what becomes of it by that. */
export function used(fate: Fate, round: Round, items: readonly number[] | undefined): Fate {
  if (fate.is === "items") {
    usesItems(fate, round, items ?? []);
    return fate;
  }
  allowsUse(fate, round);
  if (items === undefined) return { is: "used", told: false };
  return { is: "items", round, used: new Set(items), told: new Set(), ended: undefined };
}

/** Demands that these artifacts were approved, and it was not used. */
export function allowsUse(fate: Fate, round: Round): void {
  const asked = askedOf(fate);
  names(asked, round);
  if (!asked.approved) throw new Contradiction("it uses what no receipt approves");
}

/** What came of it is told, once. */
export function isTold(fate: Fate, items: readonly number[] | undefined): void {
  if (fate.is === "used" && items === undefined && !fate.told) {
    fate.told = true;
    return;
  }
  const tells = (batch: Items, item: number) => batch.used.has(item) && isNew(batch.told, item);
  const some = fate.is === "items" && items !== undefined && items.length > 0;
  if (!some || !items.every((item) => tells(fate, item))) throw untold();
}

/** What becomes of it by its end, where there is something left of it to end. */
export function endedBy(fate: Fate, seq: number): Fate {
  switch (fate.is) {
    case "asked":
      return { is: "ended", seq };
    case "items":
      if (fate.ended !== undefined) throw goesOn(fate.ended);
      fate.ended = seq;
      return fate;
    case "ended":
      throw goesOn(fate.seq);
    default:
      throw new Contradiction("it says that something ended unused that was let go before");
  }
}

/** What is said of an end that belongs to nothing. */
export function untold(): Contradiction {
  return new Contradiction("it tells how something ended that was not let go, or ended before");
}

/** Demands that a receipt names the artifacts that were asked with; those of a new round are named
 *  by the first receipt of it. */
function names(asked: Asked, round: Round): void {
  const named = (asked.named ??= round);
  if (isSame(named, round) && round.number === asked.round) return;
  throw new Contradiction(`it names other artifacts or grounds than those of the request of receipt ${asked.since}`);
}

/** Its people, while none of it was used. */
function askedOf(fate: Fate): Asked {
  switch (fate.is) {
    case "asked":
      return fate;
    case "ended":
      throw goesOn(fate.seq);
    case "runs":
      throw new Contradiction("it speaks of people, and nobody was asked");
    default:
      throw again();
  }
}

function notApproved(fate: Fate): Asked {
  const asked = askedOf(fate);
  if (asked.approved) throw new Contradiction("it asks for what was approved before");
  return asked;
}

function usesItems(batch: Items, round: Round, items: readonly number[]): void {
  if (batch.ended !== undefined) throw goesOn(batch.ended);
  const fresh = items.length > 0 && items.every((item) => isNew(batch.used, item));
  if (!fresh || !isSame(round, batch.round)) throw again();
}

function isSame(a: Round, b: Round): boolean {
  return a.number === b.number && a.artifacts === b.artifacts;
}

function isNew(set: Set<number>, item: number): boolean {
  const isNew = !set.has(item);
  set.add(item);
  return isNew;
}

function goesOn(seq: number): Contradiction {
  return new Contradiction(`it goes on with a request that ended in receipt ${seq}`);
}

function again(): Contradiction {
  return new Contradiction("it goes on with an approval that was used before");
}
