/** An action put to one approver (PROTOCOL §3). */

import { sha256 as digest } from "@noble/hashes/sha2.js";
import { actionHash, actionKind } from "./action.js";
import { checkpoint } from "./checkpoint.js";
import type { Checkpoint } from "./checkpoint.js";
import { concat, unhex, utf8 } from "./encoding.js";
import { limit, parse, sha256, without } from "./json.js";
import type { JsonObject, JsonValue } from "./json.js";
import { context, extension, route } from "./route.js";
import type { Context, Route } from "./route.js";
import * as shape from "./shape.js";
import type { Timestamp } from "./time.js";

/** The five artifact types of HARP-CORE. */
export const ARTIFACT_TYPES = [
  "plan.review",
  "task.review",
  "patch.review",
  "command.review",
  "checkpoint.review",
] as const;
export type ArtifactType = (typeof ARTIFACT_TYPES)[number];

/** Everything of an artifact but the payload: what a receipt keeps beside the action. */
export interface ArtifactHead {
  readonly requestId: string;
  readonly sessionId?: string;
  readonly artifactType: ArtifactType;
  readonly repoRef: string;
  readonly baseRevision?: string;
  readonly createdAt: Timestamp;
  readonly expiresAt: Timestamp;
  /** The claimed hash: {@link artifactHash} works it out. */
  readonly artifactHash: string;
  readonly extensions?: JsonObject;
  /** As it was read; without the payload where it is a head. */
  readonly json: JsonObject;
}

/** A HARP artifact. */
export interface Artifact extends ArtifactHead {
  /** The action, or a foreign payload. */
  readonly payload: JsonObject;
}

const REQUIRED = [
  "requestId", "artifactType", "repoRef", "createdAt", "expiresAt", "artifactHashAlg", "artifactHash",
];
const OPTIONAL = ["sessionId", "baseRevision", "metadata", "extensions"];

/**
 * Reads an artifact strictly. The claimed hash is not checked here.
 *
 * @throws JsonError
 */
export function parseArtifact(bytes: Uint8Array | string): Artifact {
  return artifact(parse(bytes, limit.ARTIFACT));
}

/**
 * The same from a value that was read strictly.
 *
 * @throws JsonError `Shape`
 */
export function artifact(value: JsonValue | undefined): Artifact {
  const json = shape.members(value, "artifact", [...REQUIRED, "payload"], OPTIONAL);
  const found = { ...headOf(json), payload: shape.object(json.payload, "payload") };
  routeOf(found);
  contextOf(found);
  checkpointOf(found);
  return found;
}

/**
 * Reads an artifact without its payload.
 *
 * @throws JsonError `Shape`
 */
export function artifactHead(value: JsonValue | undefined): ArtifactHead {
  return headOf(shape.members(value, "artifact", REQUIRED, OPTIONAL));
}

/** The artifact that `head` was cut from, with `payload` put back. Nothing more is checked. */
export function withPayload(head: ArtifactHead, payload: JsonObject): Artifact {
  const json = Object.assign(without(head.json, "payload"), { payload });
  return { ...head, payload, json };
}

/**
 * Builds the artifact and works out its hash.
 *
 * @param body every member but `artifactHashAlg` and `artifactHash`
 * @throws JsonError where it is no artifact, or has no canonical form
 */
export function buildArtifact(body: JsonObject): Artifact {
  const rest = Object.assign(without(body, "artifactHash"), { artifactHashAlg: "SHA-256" });
  return artifact({ ...rest, artifactHash: sha256(rest) });
}

/**
 * SHA-256 of the canonical artifact without `artifactHash`, as hex.
 *
 * @throws JsonError where it has no canonical form
 */
export function artifactHash(found: Artifact): string {
  return sha256(without(found.json, "artifactHash"));
}

/** SHA-256 of the canonical payload. */
export function actionHashOf(found: Artifact): string {
  return actionHash(found.payload);
}

/** Whether the payload is another implementation's. */
export function isForeign(found: Artifact): boolean {
  return actionKind(found.payload) === undefined;
}

/**
 * The four digits that the asking side shows beside a critical call, and that its approver types:
 * whoever knows them looked at the call that waits. They prove nothing else.
 *
 * The first eight bytes of SHA-256(`countersign-look/v1` ‖ 0 ‖ the 32 bytes of the hash) as a number,
 * big endian, modulo 10000.
 */
export function lookDigits(hash: string): string {
  const bytes = concat(utf8("countersign-look/v1"), new Uint8Array(1), unhex(hash) ?? new Uint8Array());
  const digits = new DataView(digest(bytes).buffer).getBigUint64(0) % 10_000n;
  return digits.toString().padStart(4, "0");
}

/** Our route, where the artifact carries one. @throws JsonError `Shape` */
export function routeOf(found: ArtifactHead): Route | undefined {
  return shape.optional(found.extensions?.[extension.ROUTE], route, "route");
}

/** Our context, where the artifact carries one. @throws JsonError `Shape` */
export function contextOf(found: ArtifactHead): Context | undefined {
  return shape.optional(found.extensions?.[extension.CONTEXT], context, "context");
}

/** The ledger's head, where the artifact carries one. @throws JsonError `Shape` */
export function checkpointOf(found: ArtifactHead): Checkpoint | undefined {
  return shape.optional(found.extensions?.[extension.HEAD], checkpoint, "head");
}

/**
 * The request that it is an artifact of: named like it, or signed as another artifact of it.
 *
 * @throws JsonError `Shape` where the context has another shape: nobody knows then which it names
 */
export function requestOf(found: ArtifactHead): string {
  return contextOf(found)?.request ?? found.requestId;
}

function headOf(json: JsonObject): ArtifactHead {
  const sessionId = shape.optional(json.sessionId, shape.text, "sessionId");
  const baseRevision = shape.optional(json.baseRevision, shape.text, "baseRevision");
  const extensions = shape.optional(json.extensions, shape.object, "extensions");
  shape.optional(json.metadata, shape.object, "metadata");
  shape.word(json.artifactHashAlg, ["SHA-256"], "artifactHashAlg");
  return {
    requestId: shape.text(json.requestId, "requestId"),
    artifactType: shape.word(json.artifactType, ARTIFACT_TYPES, "artifactType"),
    repoRef: shape.text(json.repoRef, "repoRef"),
    createdAt: shape.time(json.createdAt, "createdAt"),
    expiresAt: shape.time(json.expiresAt, "expiresAt"),
    artifactHash: shape.hash(json.artifactHash, "artifactHash"),
    json,
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(baseRevision === undefined ? {} : { baseRevision }),
    ...(extensions === undefined ? {} : { extensions }),
  };
}
