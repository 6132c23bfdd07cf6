/** From a decision to a verified vote (PROTOCOL §3): each check in its order, with its own refusal. */

import { itemsIn } from "./action.js";
import { artifactHash, routeOf } from "./artifact.js";
import type { Artifact } from "./artifact.js";
import { allows, challengeOf, hint, verifySignature } from "./decision.js";
import type { Decision } from "./decision.js";
import { JsonError } from "./json.js";
import { verifies } from "./keys.js";
import { givesReason, meaning } from "./meaning.js";
import type { Meaning } from "./meaning.js";
import { asserts } from "./passkey.js";
import { isEnough } from "./route.js";
import type { Assurance, Route } from "./route.js";
import { takenBeside } from "./taken.js";
import type { Taken } from "./taken.js";
import { approverOf, counts } from "./trust.js";
import type { Approver, TrustStore } from "./trust.js";

/** The clock skew that is tolerated unless configured otherwise: 60 s. */
export const DEFAULT_SKEW_MILLIS = 60_000;

/** The names of the refusals. */
export type RefusalName =
  | "Schema"
  | "NoRoute"
  | "UnknownSigner"
  | "RevokedSigner"
  | "OffRoster"
  | "Assurance"
  | "Signature"
  | "DecisionExpired"
  | "ArtifactExpired"
  | "FromTheFuture"
  | "HashMismatch"
  | "WrongRequest"
  | "WrongRepository"
  | "WrongSession"
  | "Scope"
  | "Unclear"
  | "NoReason"
  | "Replay";

const CODES: Readonly<Record<RefusalName, string>> = {
  Schema: "HARP_ERR_CANONICALIZATION",
  NoRoute: "HARP_ERR_UNSUPPORTED",
  UnknownSigner: "HARP_ERR_SIGNATURE_INVALID",
  RevokedSigner: "HARP_ERR_SIGNATURE_INVALID",
  OffRoster: "HARP_ERR_SIGNATURE_INVALID",
  Assurance: "HARP_ERR_SIGNATURE_INVALID",
  Signature: "HARP_ERR_SIGNATURE_INVALID",
  DecisionExpired: "HARP_ERR_EXPIRED",
  ArtifactExpired: "HARP_ERR_EXPIRED",
  FromTheFuture: "HARP_ERR_EXPIRED",
  HashMismatch: "HARP_ERR_HASH_MISMATCH",
  WrongRequest: "HARP_ERR_HASH_MISMATCH",
  WrongRepository: "HARP_ERR_HASH_MISMATCH",
  WrongSession: "HARP_ERR_SCOPE",
  Scope: "HARP_ERR_SCOPE",
  Unclear: "HARP_ERR_SCOPE",
  NoReason: "HARP_ERR_SCOPE",
  Replay: "HARP_ERR_REPLAY",
};

/** Why a decision was refused. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  /** The one check that failed. */
  readonly refusal: RefusalName;
  /** The HARP error code. */
  readonly code: string;

  constructor(refusal: RefusalName) {
    super(`the decision was refused: ${refusal}`);
    this.refusal = refusal;
    this.code = CODES[refusal];
  }
}

/** What has been used before. Durable at the caller's; spent by acceptance. */
export interface ReplayView {
  requestSpent(requestId: string, artifactHash: string): boolean;
  nonceSpent(nonce: string, signerKeyId: string): boolean;
}

/** Everything that a decision is checked against. */
export interface Check {
  /** The artifact as it was built and stored here, never the one a message brought. */
  readonly artifact: Artifact;
  /** The pinned keys, as they are now. */
  readonly trust: TrustStore;
  /** The session that the enforcer itself issued. */
  readonly session?: string | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** The clock skew tolerated, in milliseconds; {@link DEFAULT_SKEW_MILLIS} where absent. */
  readonly skewMillis?: number;
  readonly replay: ReplayView;
}

/** One decision that was checked against one artifact. */
export interface Vote {
  /** Whether it says yes to all of it. */
  readonly allows: boolean;
  readonly meaning: Meaning;
  /** The standing permission taken beside a yes, no wider than the offer. */
  readonly taken?: Taken;
  readonly person: string;
  readonly assurance: Assurance;
  readonly decision: Decision;
  readonly route: Route;
}

/**
 * Checks one decision against the artifact that is stored here.
 *
 * One vote is not yet an approval: the route's threshold counts distinct persons, under the same
 * terms.
 *
 * @throws Refusal the first check that fails, in the order of PROTOCOL §3
 */
export function verifyDecision(decision: Decision, check: Check): Vote {
  const { artifact, now } = check;
  const route = readable(() => routeOf(artifact));
  if (route === undefined) throw new Refusal("NoRoute");
  const signer = signerOf(decision, check.trust, now);
  demandSeat(signer, route);
  if (!verifies(() => verifySignature(decision, signer.keys.signing))) throw new Refusal("Signature");
  const assurance = demandAssurance(decision, signer, route);
  demandTime(decision, artifact, now, check.skewMillis ?? DEFAULT_SKEW_MILLIS);
  if (decision.artifactHash !== readable(() => artifactHash(artifact))) throw new Refusal("HashMismatch");
  demandNames(decision, artifact);
  if (artifact.sessionId !== check.session) throw new Refusal("WrongSession");
  const said = demandTerms(decision, termsOf(artifact, route));
  const taken = demandOffer(decision, artifact, route);
  demandUnused(decision, check.replay);
  const { person } = signer;
  const beside = taken === undefined ? {} : { taken };
  return { allows: said.says === "allow", meaning: said, ...beside, person, assurance, decision, route };
}

/** The pinned approver whose key the decision names. @throws Refusal */
export function signerOf(decision: Decision, trust: TrustStore, now: number): Approver {
  const signer = approverOf(trust, decision.signerKeyId);
  if (signer === undefined) throw new Refusal("UnknownSigner");
  if (!counts(signer.status, now)) throw new Refusal("RevokedSigner");
  return signer;
}

/** Demands that the route asked this approver, and an answer of its can be of enough assurance. @throws Refusal */
export function demandSeat(signer: Approver, route: Route): void {
  const { keyId, person } = signer;
  if (!route.roster.some((seat) => seat.keyId === keyId && seat.person === person)) {
    throw new Refusal("OffRoster");
  }
  if (!isEnough(reach(signer), route.minAssurance)) throw new Refusal("Assurance");
}

/**
 * What an answer of this key counts as without a passkey: `device` at most, whatever was pinned,
 * because nothing shows that its person was there.
 */
export function unaided({ assurance }: Approver): Assurance {
  return assurance === "verified" ? "device" : assurance;
}

/** The most that an answer of this key can count as. A passkey lifts no key on the enforcer's machine. */
export function reach(signer: Approver): Assurance {
  return signer.passkey !== undefined && signer.assurance !== "local" ? "verified" : unaided(signer);
}

/** What this answer counts as. That this key signed it is checked elsewhere. */
export function assuranceOf(signer: Approver, { policyHints, json }: Decision): Assurance {
  const made = policyHints?.[hint.WEBAUTHN];
  const { passkey } = signer;
  if (reach(signer) !== "verified" || passkey === undefined || made === undefined) return unaided(signer);
  return asserts(passkey, challengeOf(json), made) ? "verified" : unaided(signer);
}

/**
 * What a signed answer counts as, where that is enough for what it says. A plain no needs no more
 * than a key that was asked.
 *
 * @throws Refusal
 */
export function demandAssurance(decision: Decision, signer: Approver, route: Route): Assurance {
  const have = assuranceOf(signer, decision);
  const more = [hint.ITEMS, hint.ESCALATE].some((name) => decision.policyHints?.[name] !== undefined);
  const plainNo = !allows(decision.decision) && !more;
  if (!plainNo && !isEnough(have, route.minAssurance)) throw new Refusal("Assurance");
  return have;
}

/** Demands that decision and artifact are both alive at `now`. @throws Refusal */
export function demandTime(decision: Decision, artifact: Artifact, now: number, skew: number): void {
  // Written so that a time that is no number ends in a refusal.
  if (!(now < decision.expiresAt.millis + skew)) throw new Refusal("DecisionExpired");
  if (!(now < artifact.expiresAt.millis + skew)) throw new Refusal("ArtifactExpired");
  if (!(artifact.createdAt.millis <= now + skew)) throw new Refusal("FromTheFuture");
}

/** Demands that a decision names the artifact's request and repository. @throws Refusal */
export function demandNames(decision: Decision, artifact: Artifact): void {
  if (decision.requestId !== artifact.requestId) throw new Refusal("WrongRequest");
  if (decision.repoRef !== artifact.repoRef) throw new Refusal("WrongRepository");
}

/** What was asked, on which terms: the same in every artifact of one round. */
export interface Terms {
  readonly sessionId: string | undefined;
  /** How many items the action has, where it is a batch. */
  readonly items: number | undefined;
  readonly route: Route;
}

/** The terms that an artifact states beside its route. */
export function termsOf(artifact: Artifact, route: Route): Terms {
  return { sessionId: artifact.sessionId, items: itemsIn(artifact.payload), route };
}

/**
 * What an answer says that keeps to what it was asked for: its session, the scopes on offer, a
 * reason, the items that there are.
 *
 * @throws Refusal
 */
export function demandTerms(decision: Decision, { sessionId, items, route }: Terms): Meaning {
  const hinted = decision.policyHints?.[hint.SESSION_ID];
  // The artifact's own session is under the hash already; a hint that is there must agree too, and
  // a scope that lasts for a session must name it.
  const agrees =
    hinted === undefined
      ? decision.scope !== "session"
      : typeof hinted === "string" && hinted === sessionId;
  if (!agrees) throw new Refusal("WrongSession");
  // A denial permits nothing, so no scope is too wide for it.
  if (allows(decision.decision)) {
    if (!route.scopes.includes(decision.scope)) throw new Refusal("Scope");
    if (route.reasonRequired && !givesReason(decision)) throw new Refusal("NoReason");
  }
  const said = meaning(decision, items, route);
  if (said === undefined) throw new Refusal("Unclear");
  return said;
}

/** What an answer takes beside its yes, no more than is on offer. @throws Refusal */
function demandOffer(decision: Decision, artifact: Artifact, route: Route): Taken | undefined {
  try {
    return takenBeside(decision, artifact, route);
  } catch (error) {
    if (error instanceof JsonError) throw new Refusal("Unclear");
    throw error;
  }
}

function demandUnused(decision: Decision, replay: ReplayView): void {
  const spent =
    replay.requestSpent(decision.requestId, decision.artifactHash) ||
    replay.nonceSpent(decision.nonce, decision.signerKeyId);
  if (spent) throw new Refusal("Replay");
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof JsonError) throw new Refusal("Schema");
    throw error;
  }
}
