/** The signed answer of a person (PROTOCOL §3). */

import { sha256 as digest } from "@noble/hashes/sha2.js";
import { artifactHash } from "./artifact.js";
import type { Artifact } from "./artifact.js";
import { base64, concat, hex, utf8 } from "./encoding.js";
import { canonical, limit, parse, without } from "./json.js";
import type { JsonObject, JsonValue } from "./json.js";
import { keyId, verifyRaw } from "./keys.js";
import type { Device } from "./keys.js";
import { assertionJson } from "./passkey.js";
import type { Assertion } from "./passkey.js";
import { scope } from "./route.js";
import type { Scope } from "./route.js";
import * as shape from "./shape.js";
import type { Timestamp } from "./time.js";

/** Both published pairs of words are read; a signed object is never rewritten. */
export const WORDS = ["allow", "deny", "approve", "reject"] as const;
export type Word = (typeof WORDS)[number];

/** Names of the signed hints that we write. */
export const hint = {
  /** When the person decided. */
  DECIDED_AT: "decidedAt",
  /** The session the decision is bound to. */
  SESSION_ID: "sessionId",
  /** SHA-256 of salt ‖ reason. */
  REASON_HASH: "reasonHash",
  /** SHA-256 of the canonical review model. */
  DISPLAY_HASH: "displayHash",
  /** `{"to"?}`: not refused for good, but for the next one to answer. */
  ESCALATE: "escalate",
  /** The indices of a batch that are allowed. */
  ITEMS: "items",
  /** A standing permission taken out of what the route offers, beside a yes. */
  GRANT: "grant",
  /** What a passkey signed. */
  WEBAUTHN: "webauthn",
} as const;

/** A HARP Decision. */
export interface Decision {
  readonly requestId: string;
  readonly artifactHash: string;
  readonly repoRef: string;
  readonly decision: Word;
  readonly scope: Scope;
  readonly expiresAt: Timestamp;
  readonly nonce: string;
  readonly signerKeyId: string;
  readonly signature: Uint8Array;
  readonly policyHints?: JsonObject;
  /** As it was read. */
  readonly json: JsonObject;
}

/** What a person chooses; the rest of a Decision follows from the artifact. */
export interface Choice {
  readonly word: Word;
  readonly scope: Scope;
  /** At most the artifact's end. */
  readonly expiresAt: string;
  /** 24 fresh random bytes. */
  readonly nonce: Uint8Array;
  readonly hints?: JsonObject;
}

/** A person's reason with the salt that hides it from guessing; travels sealed. */
export interface Reason {
  readonly text: string;
  /** 32 random bytes. */
  readonly salt: Uint8Array;
}

/** What travels to the enforcer under seal: the whole Decision and the reason. */
export interface Answer {
  readonly decision: Decision;
  readonly reason?: Reason;
}

/** Whether the word says yes. */
export function allows(found: Word): boolean {
  return found === "allow" || found === "approve";
}

/**
 * Reads a decision strictly.
 *
 * @throws JsonError
 */
export function parseDecision(bytes: Uint8Array | string): Decision {
  return decision(parse(bytes, limit.MESSAGE));
}

/**
 * The same from a value that was read strictly.
 *
 * @throws JsonError `Shape`
 */
export function decision(value: JsonValue | undefined, what = "decision"): Decision {
  const json = shape.members(
    value,
    what,
    [
      "requestId", "artifactHashAlg", "artifactHash", "repoRef", "decision", "scope", "expiresAt",
      "nonce", "sigAlg", "signerKeyId", "signature",
    ],
    ["policyHints"],
  );
  shape.word(json.artifactHashAlg, ["SHA-256"], "artifactHashAlg");
  shape.word(json.sigAlg, ["Ed25519"], "sigAlg");
  const policyHints = shape.optional(json.policyHints, shape.object, "policyHints");
  return {
    requestId: shape.text(json.requestId, "requestId"),
    artifactHash: shape.hash(json.artifactHash, "artifactHash"),
    repoRef: shape.text(json.repoRef, "repoRef"),
    decision: shape.word(json.decision, WORDS, "decision"),
    scope: scope(json.scope),
    expiresAt: shape.time(json.expiresAt, "expiresAt"),
    nonce: shape.text(json.nonce, "nonce"),
    signerKeyId: shape.text(json.signerKeyId, "signerKeyId"),
    signature: shape.bytes(json.signature, "signature", 64),
    json,
    ...(policyHints === undefined ? {} : { policyHints }),
  };
}

/**
 * Reads an opened answer strictly.
 *
 * @throws JsonError also where the reason is not the one that the decision commits to
 */
export function parseAnswer(bytes: Uint8Array | string): Answer {
  const json = shape.members(parse(bytes, limit.MESSAGE * 2), "answer", ["decision"], ["reason"]);
  const answered = decision(json.decision);
  const reason = shape.optional(json.reason, readReason, "reason");
  const said = answered.policyHints?.[hint.REASON_HASH];
  const given = reason === undefined ? undefined : reasonHash(reason);
  if ((typeof said === "string" ? said : undefined) !== given) {
    throw shape.shape("the reason is not the one that was signed");
  }
  return { decision: answered, ...(reason === undefined ? {} : { reason }) };
}

/** What the signed decision says of a reason: SHA-256(salt ‖ reason), as hex. */
export function reasonHash(reason: Reason): string {
  return hex(digest(concat(reason.salt, utf8(reason.text))));
}

/**
 * What a passkey signs for a decision: SHA-256 of its canonical form as it would be without one.
 */
export function challengeOf(json: JsonObject): Uint8Array {
  const hints = json.policyHints === undefined ? undefined : without(json.policyHints as JsonObject, hint.WEBAUTHN);
  const bare = without(without(json, "signature"), "policyHints");
  const empty = hints === undefined || Object.keys(hints).length === 0;
  return digest(canonical(empty ? bare : { ...bare, policyHints: hints }));
}

/** Has a passkey sign a challenge, after it verified its person. */
export type Asserting = (challenge: Uint8Array) => Promise<Assertion>;

/**
 * Signs a choice about an artifact. Where a passkey is used it signs first, and the device's key
 * signs what it made along with everything else.
 *
 * @throws JsonError where artifact or hints have no canonical form
 */
export async function signDecision(
  about: Artifact,
  choice: Choice,
  device: Device,
  passkey?: Asserting,
): Promise<Decision> {
  if (choice.nonce.length !== 24) throw new RangeError("a nonce is 24 bytes");
  const body: JsonObject = {
    requestId: about.requestId,
    artifactHashAlg: "SHA-256",
    artifactHash: artifactHash(about),
    repoRef: about.repoRef,
    decision: choice.word,
    scope: choice.scope,
    expiresAt: choice.expiresAt,
    nonce: base64(choice.nonce),
    sigAlg: "Ed25519",
    signerKeyId: keyId(device.publicKeys.signing),
    ...(choice.hints === undefined ? {} : { policyHints: choice.hints }),
  };
  const whole = passkey === undefined ? body : await asserted(body, passkey);
  return decision({ ...whole, signature: base64(await device.sign(canonical(whole))) });
}

async function asserted(body: JsonObject, passkey: Asserting): Promise<JsonObject> {
  const made = await passkey(challengeOf(body));
  const hints = (body.policyHints ?? {}) as JsonObject;
  return { ...body, policyHints: { ...hints, [hint.WEBAUTHN]: assertionJson(made) } };
}

/** The bytes under the signature. */
export function signable(found: Decision): Uint8Array {
  return canonical(without(found.json, "signature"));
}

/**
 * Checks the signature under an Ed25519 key, and nothing else.
 *
 * @throws KeyError
 */
export function verifySignature(found: Decision, key: Uint8Array): void {
  verifyRaw(key, signable(found), found.signature);
}

function readReason(value: JsonValue): Reason {
  const found = shape.members(value, "reason", ["text", "salt"]);
  return { text: shape.text(found.text, "text"), salt: shape.bytes(found.salt, "salt", 32) };
}
