/**
 * What an approver takes of an offer beside a yes, "always allow this": the signed hint `grant`.
 *
 * Whoever does not know the hint hears a yes for once. Nobody can take more than the route offers.
 */

import { contextOf } from "./artifact.js";
import type { ArtifactHead } from "./artifact.js";
import { allows, hint } from "./decision.js";
import type { Decision } from "./decision.js";
import { JsonError } from "./json.js";
import type { JsonValue } from "./json.js";
import { oneDecides } from "./quorum.js";
import type { GrantOffer, Route } from "./route.js";
import * as shape from "./shape.js";
import type { Timestamp } from "./time.js";

/** The hint `grant` of a decision. */
export interface Taken {
  readonly expiresAt: Timestamp;
  /** The artifact's own session, where it holds in that one only. */
  readonly session?: string;
  /** At least 1; absent is until it ends. */
  readonly count?: number;
  /** As signed. */
  readonly json: JsonValue;
}

/**
 * The widest permission that can be taken out of an artifact. Whatever a route says, what is
 * critical and what several people must allow is on no offer, and neither is a call of which the
 * artifact does not say whose it is and where.
 */
export function offerOf(found: ArtifactHead, route: Route): GrantOffer | undefined {
  const { principal, workspace } = contextOf(found) ?? {};
  const placed = principal !== undefined && workspace !== undefined;
  return placed && oneDecides(route) && route.risk !== "critical" ? route.grant : undefined;
}

/**
 * What a decision takes; `undefined` where it takes nothing.
 *
 * @throws JsonError `Shape` where it is no yes, not readable, or more than is on offer
 */
export function takenBeside(decision: Decision, found: ArtifactHead, route: Route): Taken | undefined {
  const said = decision.policyHints?.[hint.GRANT];
  if (said === undefined) return undefined;
  const json = shape.members(said, "grant", ["expiresAt"], ["session", "count"]);
  const session = shape.optional(json.session, shape.text, "session");
  const count = shape.optional(json.count, shape.u32, "count");
  const taken: Taken = {
    json: said,
    expiresAt: shape.time(json.expiresAt, "expiresAt"),
    ...(session === undefined ? {} : { session }),
    ...(count === undefined ? {} : { count }),
  };
  if (!allows(decision.decision) || !isWithin(taken, found, route)) {
    throw shape.shape("the standing permission was not on offer");
  }
  return taken;
}

/** Whether it takes nothing, or no more than is on offer. */
export function keepsToOffer(decision: Decision, found: ArtifactHead, route: Route): boolean {
  try {
    takenBeside(decision, found, route);
    return true;
  } catch (error) {
    if (error instanceof JsonError) return false;
    throw error;
  }
}

function isWithin(taken: Taken, found: ArtifactHead, route: Route): boolean {
  const offer = offerOf(found, route);
  if (offer === undefined || taken.count === 0) return false;
  const inSession = taken.session === undefined ? !offer.session : taken.session === found.sessionId;
  const from = found.createdAt.millis;
  const end = taken.expiresAt.millis;
  return inSession && from < end && end <= from + offer.maxSeconds * 1000;
}
