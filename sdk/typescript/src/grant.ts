/** A standing permission, as a person signs it, and what a receipt says of the one it rests on. */

import { actionHash, actionKind } from "./action.js";
import { artifactHead, contextOf, requestOf, routeOf } from "./artifact.js";
import type { ArtifactHead } from "./artifact.js";
import { decision } from "./decision.js";
import type { Decision } from "./decision.js";
import { JsonError, same } from "./json.js";
import type { JsonObject, JsonValue } from "./json.js";
import type { Content } from "./receipt.js";
import * as shape from "./shape.js";
import { takenBeside } from "./taken.js";
import type { Taken } from "./taken.js";
import type { Timestamp } from "./time.js";

/** The name of the request that asks for a grant. */
const ACTION = "countersign.grant.add";

/** One call that may run again without asking. */
export interface Grant {
  /** Of the whole call: only an identical one is covered. */
  readonly actionHash: string;
  readonly expiresAt: Timestamp;
  /** How often it may be used, at least 1; absent is until it ends. */
  readonly count?: number;
}

/** What a receipt says of the grant that something ran under. */
export interface GrantNote {
  readonly id: string;
  readonly grantedAt: Timestamp;
  /** What was signed. */
  readonly action: JsonObject;
  readonly artifacts: readonly ArtifactHead[];
  readonly decisions: readonly Decision[];
}

/** @throws JsonError `Shape` */
export function grantNote(value: JsonValue, what = "grant"): GrantNote {
  const json = shape.members(value, what, ["id", "grantedAt", "action", "artifacts", "decisions"]);
  return {
    id: shape.text(json.id, "id"),
    grantedAt: shape.time(json.grantedAt, "grantedAt"),
    action: shape.object(json.action, "action"),
    artifacts: shape.list(json.artifacts, artifactHead, "artifacts"),
    decisions: shape.list(json.decisions, decision, "decisions"),
  };
}

/** Reads a grant back from what was signed; `undefined` where it is something else. */
export function grantIn(payload: JsonObject): Grant | undefined {
  const ours = actionKind(payload) === "request" && payload.verb === undefined;
  if (!ours || payload.action !== ACTION) return undefined;
  try {
    return grant(payload.parameters);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/**
 * The grant that everything in a note was signed for: a request for it, or a call with an answer
 * that took it. Whether the signatures hold is for the module `check` to say.
 */
export function signedGrant(note: GrantNote): Grant | undefined {
  const askedFor = grantIn(note.action);
  if (askedFor !== undefined) return askedFor;
  const found = note.decisions.map((one) => takenBy(one, note.artifacts));
  const [first] = found;
  if (first === undefined || !found.every((other) => other !== undefined && same(other.whole, first.whole))) return undefined;
  const { expiresAt, count } = first.taken;
  return { actionHash: actionHash(note.action), expiresAt, ...(count === undefined ? {} : { count }) };
}

/** What somebody took, and all that makes it the same grant: also whose call it is, and where. */
interface TakenBy {
  readonly taken: Taken;
  readonly whole: JsonValue;
}

function takenBy(one: Decision, artifacts: readonly ArtifactHead[]): TakenBy | undefined {
  const head = artifacts.find((other) => other.artifactHash === one.artifactHash);
  try {
    const route = head === undefined ? undefined : routeOf(head);
    if (head === undefined || route === undefined) return undefined;
    const taken = takenBeside(one, head, route);
    const { principal, workspace } = contextOf(head) ?? {};
    return taken && { taken, whole: [taken.json, principal ?? null, workspace ?? null] };
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/** The approval by which a grant was given, as a content of its own. */
export function giving(content: Content, note: GrantNote): Content {
  const [first] = note.artifacts;
  return {
    ledger: content.ledger,
    seq: content.seq,
    ...(content.prev === undefined ? {} : { prev: content.prev }),
    recordedAt: note.grantedAt,
    event: "approved",
    ...(first === undefined ? {} : { requestId: requestOf(first) }),
    actionHash: actionHash(note.action),
    action: note.action,
    artifacts: note.artifacts,
    decisions: note.decisions,
    basis: "decision",
    trustLevel: "L1",
    json: content.json,
  };
}

function grant(value: JsonValue | undefined): Grant {
  const required = ["action", "principal", "workspace", "expiresAt"];
  const json = shape.members(value, "grant", required, ["session", "count"]);
  shape.text(json.principal, "principal");
  shape.text(json.workspace, "workspace");
  shape.optional(json.session, shape.text, "session");
  const count = shape.optional(json.count, shape.u32, "count");
  if (count === 0) throw shape.shape("count is nothing");
  const expiresAt = shape.time(json.expiresAt, "expiresAt");
  const call = actionHash(shape.object(json.action, "action"));
  return { actionHash: call, expiresAt, ...(count === undefined ? {} : { count }) };
}
