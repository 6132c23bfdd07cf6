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
  /** People of whom some must allow, besides the threshold; absent where there are none. */
  readonly groups?: readonly Group[];
  /** Whether one denial ends it; absent where not. */
  readonly veto?: true;
  /** Labels of those who are asked next; absent where there are none. */
  readonly escalateTo?: readonly string[];
  /** The widest standing permission on offer; absent where there is none. */
  readonly grant?: GrantOffer;
}

/** People of whom some must allow, such as those of one role. */
export interface Group {
  readonly name?: string;
  /** Persons of the roster, sorted, each once. */
  readonly persons: readonly string[];
  readonly threshold: number;
}

/** The widest standing permission that an approver may give out of an answer. */
export interface GrantOffer {
  readonly maxSeconds: number;
  readonly session: boolean;
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
  /** The request of which this is one artifact of several, or a later round. */
  readonly request?: string;
  readonly details?: Readonly<Record<string, string>>;
  readonly previous?: string;
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
  ], ["groups", "veto", "escalateTo", "grant"]);
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
    ...more(found),
  };
}

/** The members that are left out where they say nothing; written out they are a second form. */
function more(found: Record<string, JsonValue | undefined>): Partial<Route> {
  const groups = shape.listOrAbsent(found.groups, group, "groups");
  const escalateTo = shape.listOrAbsent(found.escalateTo, shape.text, "escalateTo");
  if (found.veto !== undefined && !shape.bool(found.veto, "veto")) shape.bool(undefined, "veto");
  return {
    ...(groups.length > 0 ? { groups } : {}),
    ...(found.veto === undefined ? {} : { veto: true }),
    ...(escalateTo.length > 0 ? { escalateTo } : {}),
    ...(found.grant === undefined ? {} : { grant: grantOffer(found.grant) }),
  };
}

function group(value: JsonValue | undefined, what = "group"): Group {
  const found = shape.members(value, what, ["persons", "threshold"], ["name"]);
  return {
    ...(found.name === undefined ? {} : { name: shape.text(found.name, "name") }),
    persons: shape.list(found.persons, shape.text, "persons"),
    threshold: shape.u32(found.threshold, "threshold"),
  };
}

function grantOffer(value: JsonValue | undefined, what = "grant"): GrantOffer {
  const found = shape.members(value, what, ["maxSeconds", "session"]);
  return {
    maxSeconds: shape.u32(found.maxSeconds, "maxSeconds"),
    session: shape.bool(found.session, "session"),
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
    "principal", "agent", "session", "host", "workspace", "description", "reasoning", "request",
    "previous",
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
