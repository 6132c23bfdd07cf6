/**
 * How this device becomes an approver, as a state machine: a function of state and event, without
 * input or output. By link nobody compares anything; by typed code a person compares six digits.
 *
 * Nothing is kept before the other side's proof was checked. By code, the pairing is kept after this
 * device's yes and taken back where the enforcer says no, or nothing until its time is over.
 */

import { encoding, pairing } from "@countersign/protocol";
import type { keys } from "@countersign/protocol";
import type { PairingStatus, Resolved } from "../gateway/index.js";

/** What a person was given to join with. */
export type Invitation =
  | { readonly by: "link"; readonly link: pairing.Link }
  | { readonly by: "code"; readonly origin: string; readonly code: string };

/**
 * Reads a link, or a code and the relay at which it was announced.
 *
 * @throws PairError `BadLink`, `BadCode`, `BadOrigin`
 */
export function invitation(text: string, relay: string): Invitation {
  if (text.includes("://") || text.includes("#")) return { by: "link", link: pairing.parseLink(text) };
  return { by: "code", origin: pairing.parseRelay(relay), code: pairing.parseCode(text.trim()) };
}

/** Where the relay is. */
export function originOf(invited: Invitation): string {
  return invited.by === "link" ? invited.link.origin : invited.origin;
}

/** A device about to join: its id, keys and part of the digits, made for this pairing. */
export interface Newcomer {
  readonly deviceId: string;
  readonly publicKeys: keys.PublicKeys;
  /** 32 random bytes. */
  readonly r2: Uint8Array;
}

/** How long to wait for the other side; longer than a relay keeps a pairing. */
export const PATIENCE = 11 * 60_000;

/** How long a person may look at the digits. */
export const LOOK = 5 * 60_000;

/** How often handing over the keys is tried while the relay is away. */
const TRIES = 10;

/** Why this device did not join. */
export type Failure =
  | pairing.PairError["code"]
  /** The relay refused for good: most often no such code. */
  | "RelayRefused"
  /** The relay was away for too long. */
  | "RelayAway"
  /** The enforcer said no. */
  | "Refused"
  /** The time of the pairing is over. */
  | "Expired"
  /** The person stopped it. */
  | "Stopped";

interface Base {
  readonly invited: Invitation;
  readonly newcomer: Newcomer;
  /** When this device stops waiting, in milliseconds. */
  readonly until: number;
}

/** Where it stands. */
export type State =
  | (Base & { readonly step: "resolving" })
  | (Base & Completing)
  | (Base & { readonly step: "waiting"; readonly nonce: string; readonly waiting: Waiting })
  | (Base & { readonly step: "comparing"; readonly nonce: string; readonly compare: pairing.Compare })
  | (Base & { readonly step: "keeping"; readonly nonce: string; readonly paired: pairing.Paired })
  | (Base & { readonly step: "agreeing"; readonly nonce: string; readonly paired: pairing.Paired })
  | { readonly step: "joined"; readonly paired: pairing.Paired }
  | { readonly step: "failed"; readonly why: Failure };

/** The keys are handed over. A relay takes them once, so after a break its status says whether it has them. */
interface Completing {
  readonly step: "completing";
  readonly nonce: string;
  readonly waiting: Waiting;
  readonly tries: number;
  /** Whether handing over failed, and whether for good; the status is asked then. */
  readonly broke?: "passing" | "final";
}

type Waiting = pairing.AwaitingMac | pairing.AwaitingReveal;

/** What happened. */
export type Event =
  | { readonly event: "resolved"; readonly found: Resolved }
  /** The relay has the keys. */
  | { readonly event: "completed" }
  | { readonly event: "status"; readonly status: PairingStatus }
  /** A call failed; `final` where it will never do better. */
  | { readonly event: "failed"; readonly final: boolean }
  /** The person said whether the digits are the same. */
  | { readonly event: "compared"; readonly same: boolean }
  /** The pairing was written down. */
  | { readonly event: "kept" }
  | { readonly event: "stopped" };

/** What is to be done; the driver does it, and tells what came of it as an event. */
export type Effect =
  | { readonly effect: "resolve"; readonly code: string }
  | { readonly effect: "complete"; readonly nonce: string; readonly completion: pairing.Completion }
  /** After a moment. */
  | { readonly effect: "ask"; readonly nonce: string }
  | { readonly effect: "keep"; readonly paired: pairing.Paired }
  | { readonly effect: "discard"; readonly pairId: string }
  /** Told to the other side on a best effort. */
  | { readonly effect: "say"; readonly nonce: string; readonly accepted: boolean };

/** A state, and what is to be done. */
export type Step = readonly [State, readonly Effect[]];

/** The first step. */
export function begin(invited: Invitation, newcomer: Newcomer, now: number): Step {
  const code = invited.by === "link" ? invited.link.code : invited.code;
  return [{ step: "resolving", invited, newcomer, until: now + PATIENCE }, [{ effect: "resolve", code }]];
}

/** The next step. What does not belong to a state changes nothing. */
export function step(state: State, event: Event, now: number): Step {
  if (state.step === "joined" || state.step === "failed") return [state, []];
  if (event.event === "stopped") return over(state, "Stopped");
  if (now >= state.until) return over(state, "Expired");
  switch (state.step) {
    case "resolving":
      return resolving(state, event);
    case "completing":
      return completing(state, event);
    case "waiting":
      return waiting(state, event, now);
    case "comparing":
      return comparing(state, event);
    case "keeping":
      return keeping(state, event, now);
    case "agreeing":
      return agreeing(state, event);
  }
}

type At<S extends State["step"]> = Extract<State, { step: S }>;

function resolving(state: At<"resolving">, event: Event): Step {
  if (event.event === "failed") return over(state, event.final ? "RelayRefused" : "RelayAway");
  if (event.event !== "resolved") return [state, []];
  const { found } = event;
  return guarded(state, () => {
    const waits = join(state, found);
    const { invited, newcomer, until } = state;
    const next = { step: "completing", invited, newcomer, until, nonce: found.nonce, waiting: waits, tries: 0 } as const;
    return [next, [{ effect: "complete", nonce: found.nonce, completion: waits.completion }]];
  });
}

function join({ invited, newcomer }: Base, found: Resolved): Waiting {
  const joining = { approverId: newcomer.deviceId, keys: newcomer.publicKeys, r2: newcomer.r2 };
  if (invited.by === "link") return pairing.joinByLink(joining, invited.link, found);
  return pairing.joinByCode(joining, invited.origin, invited.code, found);
}

function completing(state: At<"completing">, event: Event): Step {
  const { nonce, invited, newcomer, until, waiting: waits } = state;
  const taken: State = { step: "waiting", invited, newcomer, until, nonce, waiting: waits };
  const ask: Effect = { effect: "ask", nonce };
  switch (event.event) {
    case "completed":
      return [taken, [ask]];
    case "status":
      if (hasOurs(event.status, newcomer)) return [taken, [ask]];
      return state.broke === "final" ? over(state, "RelayRefused") : again(state);
    case "failed":
      if (state.broke !== undefined) return again(state);
      return [{ ...state, broke: event.final ? "final" : "passing" }, [ask]];
    default:
      return [state, []];
  }
}

function again({ broke: _, ...state }: At<"completing">): Step {
  if (state.tries + 1 >= TRIES) return over(state, "RelayAway");
  const { nonce, waiting: waits } = state;
  return [{ ...state, tries: state.tries + 1 }, [{ effect: "complete", nonce, completion: waits.completion }]];
}

function hasOurs({ keys: found }: PairingStatus, { publicKeys }: Newcomer): boolean {
  if (found === undefined) return false;
  return encoding.sameBytes(found.signing, publicKeys.signing) && encoding.sameBytes(found.exchange, publicKeys.exchange);
}

function waiting(state: At<"waiting">, event: Event, now: number): Step {
  const { nonce, waiting: waits, invited, newcomer } = state;
  if (event.event === "failed") return [state, [{ effect: "ask", nonce }]];
  if (event.event !== "status") return [state, []];
  const { status } = event;
  const ended = endOf(status);
  if (ended !== undefined) return [{ step: "failed", why: ended }, []];
  return guarded(state, () => {
    if ("finish" in waits) {
      if (status.enforcerMac === undefined) return [state, [{ effect: "ask", nonce }]];
      return kept(state, waits.finish(status.enforcerMac));
    }
    if (status.r === undefined) return [state, [{ effect: "ask", nonce }]];
    const compare = waits.reveal(status.r);
    return [{ step: "comparing", invited, newcomer, until: now + LOOK, nonce, compare }, []];
  });
}

function comparing(state: At<"comparing">, event: Event): Step {
  if (event.event !== "compared") return [state, []];
  return guarded(state, () => kept(state, state.compare.confirm(event.same)));
}

function kept(state: Base & { readonly nonce: string }, paired: pairing.Paired): Step {
  const { invited, newcomer, until, nonce } = state;
  return [{ step: "keeping", invited, newcomer, until, nonce, paired }, [{ effect: "keep", paired }]];
}

function keeping(state: At<"keeping">, event: Event, now: number): Step {
  if (event.event !== "kept") return [state, []];
  const { nonce, paired, invited, newcomer } = state;
  const yes: Effect = { effect: "say", nonce, accepted: true };
  // By link, the enforcer pinned this device before it sent its proof: the word is a courtesy.
  if (invited.by === "link") return [{ step: "joined", paired }, [yes]];
  return [{ step: "agreeing", invited, newcomer, until: now + PATIENCE, nonce, paired }, [yes, { effect: "ask", nonce }]];
}

function agreeing(state: At<"agreeing">, event: Event): Step {
  const { nonce, paired } = state;
  if (event.event === "failed") return [state, [{ effect: "ask", nonce }]];
  if (event.event !== "status") return [state, []];
  if (event.status.enforcerConfirmed === true) return [{ step: "joined", paired }, []];
  const ended = endOf(event.status);
  return ended === undefined ? [state, [{ effect: "ask", nonce }]] : over(state, ended);
}

/** What a relay says of an end is a hint: it causes no pairing, at worst none. */
function endOf({ state }: PairingStatus): Failure | undefined {
  if (state === "refused") return "Refused";
  return state === "expired" ? "Expired" : undefined;
}

/** A proof that fails ends it, and the other side is told no. */
function guarded(state: Exclude<State, { step: "joined" | "failed" }>, next: () => Step): Step {
  try {
    return next();
  } catch (error) {
    if (error instanceof pairing.PairError) return over(state, error.code);
    throw error;
  }
}

function over(state: Exclude<State, { step: "joined" | "failed" }>, why: Failure): Step {
  const told: readonly Effect[] =
    state.step === "resolving" ? [] : [{ effect: "say", nonce: state.nonce, accepted: false }];
  const back: readonly Effect[] =
    state.step === "agreeing" || state.step === "keeping" ? [{ effect: "discard", pairId: state.paired.pairId }] : [];
  return [{ step: "failed", why }, [...back, ...told]];
}
