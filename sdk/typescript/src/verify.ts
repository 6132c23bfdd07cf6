/** From a decision to a verified vote (PROTOCOL §3): each check in its order, with its own refusal. */

import { artifactHash, routeOf } from "./artifact.js";
import type { Artifact } from "./artifact.js";
import { allows, hint, verifySignature } from "./decision.js";
import type { Decision } from "./decision.js";
import { JsonError } from "./json.js";
import { verifies } from "./keys.js";
import { isEnough } from "./route.js";
import type { Assurance, Route } from "./route.js";
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
  readonly allows: boolean;
  readonly person: string;
  readonly assurance: Assurance;
  readonly decision: Decision;
  readonly route: Route;
}

/**
 * Checks one decision against the artifact that is stored here.
 *
 * One vote is not yet an approval: the route's threshold counts distinct persons.
 *
 * @throws Refusal the first check that fails, in the order of PROTOCOL §3
 */
export function verifyDecision(decision: Decision, check: Check): Vote {
  const route = readable(() => routeOf(check.artifact));
  if (route === undefined) throw new Refusal("NoRoute");
  const signer = seated(decision, route, check);
  if (!verifies(() => verifySignature(decision, signer.keys.signing))) throw new Refusal("Signature");
  inTime(decision, check);
  sameQuestion(decision, check.artifact);
  sameSession(decision, check);
  withinOffer(decision, route);
  unused(decision, check.replay);
  const { person, assurance } = signer;
  return { allows: allows(decision.decision), person, assurance, decision, route };
}

function seated(decision: Decision, route: Route, check: Check): Approver {
  const id = decision.signerKeyId;
  const signer = approverOf(check.trust, id);
  if (signer === undefined) throw new Refusal("UnknownSigner");
  if (!counts(signer.status, check.now)) throw new Refusal("RevokedSigner");
  if (!route.roster.some((seat) => seat.keyId === id && seat.person === signer.person)) {
    throw new Refusal("OffRoster");
  }
  if (!isEnough(signer.assurance, route.minAssurance)) throw new Refusal("Assurance");
  return signer;
}

function inTime(decision: Decision, { artifact, now, skewMillis }: Check): void {
  const skew = skewMillis ?? DEFAULT_SKEW_MILLIS;
  // Written so that a time that is no number ends in a refusal.
  if (!(now < decision.expiresAt.millis + skew)) throw new Refusal("DecisionExpired");
  if (!(now < artifact.expiresAt.millis + skew)) throw new Refusal("ArtifactExpired");
  if (!(artifact.createdAt.millis <= now + skew)) throw new Refusal("FromTheFuture");
}

function sameQuestion(decision: Decision, artifact: Artifact): void {
  if (decision.artifactHash !== readable(() => artifactHash(artifact))) {
    throw new Refusal("HashMismatch");
  }
  if (decision.requestId !== artifact.requestId) throw new Refusal("WrongRequest");
  if (decision.repoRef !== artifact.repoRef) throw new Refusal("WrongRepository");
}

function sameSession(decision: Decision, { artifact, session }: Check): void {
  const asked = artifact.sessionId;
  const hinted = decision.policyHints?.[hint.SESSION_ID];
  const bound = decision.scope === "session" || hinted !== undefined;
  // The artifact's own session is under the hash already; a hint that is there must agree too.
  const agrees = asked === session && (!bound || (hinted !== undefined && saysText(hinted) === asked));
  if (!agrees || (decision.scope === "session" && asked === undefined)) {
    throw new Refusal("WrongSession");
  }
}

function saysText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function withinOffer(decision: Decision, route: Route): void {
  // A denial permits nothing, so no scope is too wide for it.
  if (!allows(decision.decision)) return;
  if (!route.scopes.includes(decision.scope)) throw new Refusal("Scope");
  if (route.reasonRequired && decision.policyHints?.[hint.REASON_HASH] === undefined) {
    throw new Refusal("NoReason");
  }
}

function unused(decision: Decision, replay: ReplayView): void {
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
