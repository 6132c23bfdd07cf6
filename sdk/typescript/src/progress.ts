/**
 * How far the others are: what an enforcer tells those of a round who have not answered yet. It is
 * no part of what anybody signs, and releases nothing.
 */

import { routeOf } from "./artifact.js";
import type { Artifact } from "./artifact.js";
import { limit, parse } from "./json.js";
import type { JsonObject } from "./json.js";
import { KeyError, verifyDomain } from "./keys.js";
import type { PublicKeys } from "./keys.js";
import { missing, needed, of } from "./quorum.js";
import type { Short } from "./quorum.js";
import type { Route } from "./route.js";
import * as shape from "./shape.js";
import type { Timestamp } from "./time.js";

/** A note and the operator's signature over it, in the domain `countersign-progress/v1`. */
export interface SignedNote {
  /** The artifact that it is about, and its request. */
  readonly requestId: string;
  readonly artifactHash: string;
  /** How many answers of the round were taken: more is newer. */
  readonly answers: number;
  /** The distinct persons who allow, sorted. */
  readonly allowed: readonly string[];
  readonly needed: number;
  readonly toldAt: Timestamp;
  readonly signature: Uint8Array;
  /** What is signed, as it was read. */
  readonly json: JsonObject;
}

/** How far a round is, as its enforcer tells. */
export interface SoFar {
  readonly allowed: readonly string[];
  readonly needed: number;
  /** How far each group of the route is, in its order. */
  readonly groups: readonly (Short & { readonly name?: string })[];
  readonly toldAt: Timestamp;
}

/** Why a note is told to nobody. */
export class NotTold extends Error {
  override readonly name = "NotTold";
  /** The reason: about another artifact, not signed by its enforcer, about others than were asked, or beyond its route. */
  readonly code: "OtherArtifact" | "Signature" | "People" | "Count";

  constructor(code: NotTold["code"]) {
    super(`the note is told to nobody: ${code}`);
    this.code = code;
  }
}

const MEMBERS = ["type", "requestId", "artifactHash", "answers", "allowed", "needed", "toldAt"];

/**
 * Reads a note strictly. Nothing about it is checked here.
 *
 * @throws JsonError
 */
export function parseNote(bytes: Uint8Array | string): SignedNote {
  const whole = shape.members(parse(bytes, limit.MESSAGE), "note", ["note", "signature"]);
  const json = shape.members(whole.note, "note.note", MEMBERS);
  shape.word(json.type, ["countersign.progress/v1"], "type");
  return {
    requestId: shape.text(json.requestId, "requestId"),
    artifactHash: shape.hash(json.artifactHash, "artifactHash"),
    answers: shape.u32(json.answers, "answers"),
    allowed: shape.list(json.allowed, shape.text, "allowed"),
    needed: shape.u32(json.needed, "needed"),
    toldAt: shape.time(json.toldAt, "toldAt"),
    signature: shape.bytes(whole.signature, "signature", 64),
    json,
  };
}

/**
 * What a note tells of an artifact that this enforcer signed.
 *
 * @throws NotTold
 */
export function verifyNote(note: SignedNote, about: Artifact, enforcer: PublicKeys): SoFar {
  const route = routeOf(about);
  const same = note.requestId === about.requestId && note.artifactHash === about.artifactHash;
  if (!same) throw new NotTold("OtherArtifact");
  checkSignature(note, enforcer);
  if (route === undefined) throw new NotTold("OtherArtifact");
  checkPeople(note, route);
  checkCount(note, route);
  const allowed = new Set(note.allowed);
  const groups = (route.groups ?? []).map((group) => ({
    ...(group.name === undefined ? {} : { name: group.name }),
    ...of(group, allowed),
  }));
  return { allowed: note.allowed, needed: needed(route), groups, toldAt: note.toldAt };
}

function checkSignature(note: SignedNote, enforcer: PublicKeys): void {
  try {
    verifyDomain(enforcer.signing, "progress", note.json, note.signature);
  } catch (error) {
    throw error instanceof KeyError ? new NotTold("Signature") : error;
  }
}

function checkPeople(note: SignedNote, route: Route): void {
  const asked = new Set(route.roster.map(({ person }) => person));
  const rising = note.allowed.every((one, at) => at === 0 || before(note.allowed[at - 1] ?? "", one));
  if (!rising || !note.allowed.every((one) => asked.has(one))) throw new NotTold("People");
}

/** A note is made while a round waits. */
function checkCount(note: SignedNote, route: Route): void {
  const yes = (persons: readonly string[]) => persons.map((person) => ({ person, yes: true }));
  const all = yes(route.roster.map(({ person }) => person));
  const waits = missing(route, yes(note.allowed)) !== undefined && missing(route, all) === undefined;
  const fits = note.allowed.length <= note.answers && note.needed === needed(route);
  if (!waits || !fits) throw new NotTold("Count");
}

/** Whether one text stands before another, by code points. */
function before(one: string, other: string): boolean {
  const points = (text: string) => Array.from(text, (c) => c.codePointAt(0) ?? 0);
  const [left, right] = [points(one), points(other)];
  const at = left.findIndex((point, index) => point !== right[index]);
  return at === -1 ? left.length < right.length : (left[at] ?? 0) < (right[at] ?? -1);
}
