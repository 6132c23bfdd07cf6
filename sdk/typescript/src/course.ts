/**
 * What the receipts of one ledger say together (PROTOCOL §9).
 *
 * Each receipt may hold by itself and follow the one before it, and what they tell still be nothing
 * that can happen: an approval used twice, a run while everything was stopped, a grant used after
 * it was taken back.
 */

import { sha256 as digest } from "@noble/hashes/sha2.js";
import { hex, utf8 } from "./encoding.js";
import { Contradiction, allowsUse, approved, endedBy, handedOn, isTold, newlyAsked, untold, used, waits } from "./fate.js";
import type { Fate } from "./fate.js";
import { clip, comparePoints } from "./json.js";
import type { Of, Step } from "./step.js";

/** What became of a grant. */
interface Uses {
  used: number;
  /** The receipt that took it back. */
  revoked?: number;
  /** The receipt that gave it, where that was followed. */
  given?: number;
}

/** What was followed so far. */
export class Course {
  private readonly requests = new Map<string, Fate>();
  private readonly grants = new Map<string, Uses>();
  /** Grants that were taken back, by their names. */
  private readonly revoked = new Map<string, number>();
  /** The receipt that stopped everything. */
  private stopped: number | undefined;
  /** The request whose approval lets go again, and the receipt that says so. */
  private thawing: { readonly seq: number; readonly request: string } | undefined;
  private readonly held = new Set<string>();
  /** Whether a receipt was followed already. */
  private followed = false;

  /** @param partial whether receipts before the first one are not there: what they did is not known */
  constructor(private readonly partial: boolean) {}

  /** Takes what the next receipt changes; what it contradicts, in words. */
  follow(seq: number, step: Step): string | undefined {
    try {
      this.take(seq, step);
      this.followed = true;
      return undefined;
    } catch (error) {
      if (error instanceof Contradiction) return error.message;
      throw error;
    }
  }

  private take(seq: number, step: Step): void {
    const { thawing } = this;
    this.thawing = undefined;
    if (thawing !== undefined && !(step.what === "thawed" && step.request === thawing.request)) {
      throw new Contradiction(`receipt ${thawing.seq} allows the end of a stop, which does not follow`);
    }
    switch (step.what) {
      case "nothing":
        return;
      case "allowed":
        this.moves();
        if (step.request !== undefined) this.goes(step.request, { is: "runs" });
        return;
      case "suspended":
        return this.suspended(seq, step.of);
      case "escalated":
        return handedOn(this.of(seq, step.of), step.of.round);
      case "approved":
        return approved(this.of(seq, step.of), step.of.round);
      case "released":
        this.moves();
        return this.released(seq, step.of, step.items);
      case "thaws":
        this.isItsEnd(step.stop);
        this.released(seq, step.of, undefined);
        this.thawing = { seq, request: step.of.request };
        return;
      case "thawed":
        return this.thawed(thawing !== undefined);
      case "uses":
        return this.uses(step);
      case "told":
        return this.told(step.request, step.items);
      case "granted":
        return this.granted(seq, step.of, step.whole);
      case "revoked":
        return this.revokes(seq, step.grant, step.request);
      case "ended":
        return this.ended(seq, step.request);
      case "frozen":
        this.stopped = seq;
        return;
      case "held":
        this.held.add(step.hold);
        return;
      case "unheld":
        this.held.delete(step.hold);
        return;
      case "dropped":
        return this.drops();
    }
  }

  /** Nothing is let go while everything is stopped. */
  private moves(): void {
    if (this.stopped !== undefined) throw new Contradiction(`it lets go what receipt ${this.stopped} had stopped`);
  }

  /** People are asked for the first time, or answered and it goes on waiting. */
  private suspended(seq: number, { request, round }: Of): void {
    const fate = this.requests.get(nameOf(request));
    if (fate !== undefined) waits(fate, round);
    else this.requests.set(nameOf(request), newlyAsked(seq, round));
  }

  /** What became so far of a request that people were asked about. */
  private of(seq: number, { request, round }: Of): Fate {
    const fate = this.requests.get(nameOf(request));
    if (fate !== undefined) return fate;
    if (!this.partial) throw new Contradiction("no receipt says that anybody was asked before it");
    // They were asked in a receipt that is not there.
    const asked = newlyAsked(seq, round);
    this.requests.set(nameOf(request), asked);
    return asked;
  }

  /** The approval of a request is used up, all of it or some items of it. */
  private released(seq: number, of: Of, items: readonly number[] | undefined): void {
    this.approvedBefore(seq, of);
    this.requests.set(nameOf(of.request), used(this.of(seq, of), of.round, items));
  }

  /** An approval of which nothing is known stands in a receipt that is not there. */
  private approvedBefore(seq: number, of: Of): void {
    if (this.partial && !this.requests.has(nameOf(of.request))) approved(this.of(seq, of), of.round);
  }

  /** Nobody is asked about a request: it goes at once, under a name of its own. */
  private goes(request: string, fate: Fate): void {
    const name = nameOf(request);
    if (this.requests.has(name)) throw new Contradiction("it lets a request go that was there before");
    this.requests.set(name, fate);
  }

  private uses(one: Extract<Step, { readonly what: "uses" }>): void {
    this.moves();
    this.goes(one.request, { is: "used", told: false });
    const grant = this.grant(one.giver);
    const before = grant.revoked ?? this.revoked.get(nameOf(one.grant));
    if (before !== undefined) throw new Contradiction(`receipt ${before} took back the grant that it rests on`);
    if (grant.given === undefined && !this.partial) {
      throw new Contradiction("no receipt gives the grant that it rests on");
    }
    grant.used += 1;
    if (one.count !== undefined && grant.used > one.count) {
      throw new Contradiction(`the grant that it rests on was for ${one.count} uses, and this is one more`);
    }
  }

  private grant(giver: string): Uses {
    const found = this.grants.get(nameOf(giver)) ?? { used: 0 };
    this.grants.set(nameOf(giver), found);
    return found;
  }

  /** The approval of a request gives a grant, and is used up by it where it asked for that. */
  private granted(seq: number, of: Of, whole: boolean): void {
    this.moves();
    this.approvedBefore(seq, of);
    const fate = this.of(seq, of);
    // The call itself may have been used meanwhile.
    if (fate.is !== "used" || whole) allowsUse(fate, of.round);
    if (whole) this.requests.set(nameOf(of.request), { is: "used", told: true });
    const grant = this.grant(of.request);
    const before = grant.given;
    grant.given = seq;
    if (before !== undefined) throw new Contradiction(`receipt ${before} says that this approval gave a grant`);
  }

  private revokes(seq: number, grant: string, request: string | undefined): void {
    const name = nameOf(grant);
    if (!this.revoked.has(name)) this.revoked.set(name, seq);
    if (request !== undefined) this.grant(request).revoked ??= seq;
  }

  /** What came of something is told, once. Nothing is kept of what nobody was asked about. */
  private told(request: string, items: readonly number[] | undefined): void {
    const fate = this.requests.get(nameOf(request));
    if (fate === undefined) {
      if (!this.partial) throw untold();
    } else if (fate.is === "runs") this.requests.delete(nameOf(request));
    else isTold(fate, items);
  }

  private ended(seq: number, request: string): void {
    const fate = this.requests.get(nameOf(request));
    this.requests.set(nameOf(request), fate === undefined ? { is: "ended", seq } : endedBy(fate, seq));
  }

  /** What is allowed to end is the stop that holds. */
  private isItsEnd(stop: number | undefined): void {
    if (this.stopped !== undefined && stop !== this.stopped) {
      throw new Contradiction(`it ends another stop than the one of receipt ${this.stopped}`);
    }
  }

  private thawed(approvedRightBefore: boolean): void {
    // The approval stands right before: gone only where all before this receipt is.
    if (!approvedRightBefore && (this.followed || !this.partial)) {
      throw new Contradiction("it ends a stop, and no approval of that was used right before");
    }
    const { stopped } = this;
    this.stopped = undefined;
    if (stopped === undefined && !this.partial) throw new Contradiction("it ends a stop, and nothing was stopped");
  }

  private drops(): void {
    const [hold] = [...this.held].sort(comparePoints);
    if (hold !== undefined) throw new Contradiction(`receipts were dropped that \`${clip(hold)}\` held`);
  }
}

/** A name that a ledger may hold a million of, in a few bytes. */
function nameOf(text: string): string {
  return hex(digest(utf8(text)).subarray(0, 16));
}
