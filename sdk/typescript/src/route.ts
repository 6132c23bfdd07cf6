/**
 * Our extensions of an artifact, all under the person's signature (PROTOCOL §3): who asks, who must
 * answer, and what may be answered.
 */

import type { JsonValue } from "./json.js";
import * as shape from "./shape.js";

/** Names of our extensions. */
export const extension = {
  /** 32 random bytes, so that the hash is no dictionary for guessable actions. */
  SALT: "org.countersign.salt",
  /** Who asks, where and why: {@link Context}. */
  CONTEXT: "org.countersign.context",
  /** Who must answer: {@link Route}. */
  ROUTE: "org.countersign.route",
  /** The ledger's newest checkpoint. */
  HEAD: "org.countersign.head",
} as const;

/** How sure we are that a key is in a person's hands, from least to most. */
export const ASSURANCES = ["local", "web", "device", "verified"] as const;
export type Assurance = (typeof ASSURANCES)[number];

/** How far a decision reaches. */
export const SCOPES = ["once", "timebox", "session"] as const;
export type Scope = (typeof SCOPES)[number];

/** How dangerous an action is held to be. */
export const RISKS = ["low", "medium", "high", "critical"] as const;
export type Risk = (typeof RISKS)[number];

/** Whether `have` is at least `need`. */
export function isEnough(have: Assurance, need: Assurance): boolean {
  return ASSURANCES.indexOf(have) >= ASSURANCES.indexOf(need);
}

/** One key that may answer, and whose it is. */
export interface Seat {
  readonly person: string;
  readonly keyId: string;
}

/** Who must answer, and what may be answered. */
export interface Route {
  /** Votes count only within one round. */
  readonly round: number;
  readonly ruleId: string;
  readonly risk: Risk;
  readonly policyHash: string;
  /** Every key that may answer. */
  readonly roster: readonly Seat[];
  /** How many distinct persons must allow. */
  readonly threshold: number;
  /** The least assurance that counts. */
  readonly minAssurance: Assurance;
  /** Whether an approval must say why. */
  readonly reasonRequired: boolean;
  /** The scopes on offer. */
  readonly scopes: readonly Scope[];
  /** How often an accepted `timebox` or `session` decision may be claimed. */
  readonly maxUses: number;
}

/** Who asks, where and why: wording, never part of the action's hash. */
export interface Context {
  readonly principal?: string;
  readonly agent?: string;
  readonly session?: string;
  readonly host?: string;
  readonly workspace?: string;
  readonly description?: string;
  readonly reasoning?: string;
  readonly details?: Readonly<Record<string, string>>;
  readonly notes?: readonly string[];
}

/** @throws JsonError `Shape` */
export function seat(value: JsonValue | undefined, what = "seat"): Seat {
  const found = shape.members(value, what, ["person", "keyId"]);
  return { person: shape.text(found.person, "person"), keyId: shape.text(found.keyId, "keyId") };
}

/** @throws JsonError `Shape` */
export function route(value: JsonValue | undefined, what = "route"): Route {
  const found = shape.members(value, what, [
    "round", "ruleId", "risk", "policyHash", "roster", "threshold", "minAssurance",
    "reasonRequired", "scopes", "maxUses",
  ]);
  return {
    round: shape.u32(found.round, "round"),
    ruleId: shape.text(found.ruleId, "ruleId"),
    risk: shape.word(found.risk, RISKS, "risk"),
    policyHash: shape.hash(found.policyHash, "policyHash"),
    roster: shape.list(found.roster, seat, "roster"),
    threshold: shape.u32(found.threshold, "threshold"),
    minAssurance: shape.word(found.minAssurance, ASSURANCES, "minAssurance"),
    reasonRequired: shape.bool(found.reasonRequired, "reasonRequired"),
    scopes: shape.list(found.scopes, scope, "scopes"),
    maxUses: shape.u32(found.maxUses, "maxUses"),
  };
}

/** Texts by name; left out where there are none. */
function details(value: JsonValue): Record<string, string> {
  const found = Object.entries(shape.object(value, "details"));
  if (found.length === 0) throw shape.shape("`details` is empty");
  return Object.fromEntries(found.map(([name, said]) => [name, shape.text(said, name)]));
}

/** @throws JsonError `Shape` */
export function context(value: JsonValue | undefined, what = "context"): Context {
  const texts = [
    "principal", "agent", "session", "host", "workspace", "description", "reasoning",
  ] as const;
  const found = shape.members(value, what, [], [...texts, "details", "notes"]);
  const said = texts.filter((name) => found[name] !== undefined);
  const notes = shape.listOrAbsent(found.notes, shape.text, "notes");
  return {
    ...Object.fromEntries(said.map((name) => [name, shape.text(found[name], name)])),
    ...(found.details === undefined ? {} : { details: details(found.details) }),
    ...(notes.length > 0 ? { notes } : {}),
  };
}

/** @throws JsonError `Shape` */
export function scope(value: JsonValue | undefined, what = "scope"): Scope {
  return shape.word(value, SCOPES, what);
}
