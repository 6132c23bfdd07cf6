/**
 * The files of HARP's reference programs: `artifact-wire.json`, `decision.json`, `ma-keys.json`
 * (PROTOCOL §6). They carry no enforcer's signature, and no route: one pinned key answers.
 */

import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 as digest } from "@noble/hashes/sha2.js";
import { artifact, artifactHash, artifactHead, withPayload } from "./artifact.js";
import type { Artifact, ArtifactHead } from "./artifact.js";
import { allows, decision, parseDecision, verifySignature } from "./decision.js";
import type { Decision, Word } from "./decision.js";
import { base64, concat, sameBytes, unbase64, utf8 } from "./encoding.js";
import { JsonError, canonical, canonicalText, limit, parse, sha256, without } from "./json.js";
import type { JsonObject, JsonValue } from "./json.js";
import { isSmallOrder, verifies } from "./keys.js";
import { SealError, decrypt, sharedSecret } from "./sealing.js";
import * as shape from "./shape.js";
import { DEFAULT_SKEW_MILLIS } from "./verify.js";
import type { ReplayView } from "./verify.js";

const ALGORITHMS = {
  kdf: "X25519+HKDF-SHA256",
  encAlg: "XChaCha20-Poly1305",
  info: "HARP-XCHACHA-PAYLOAD-V1",
} as const;

/** The members in the clear, which are bound to the payload. */
const HEADER = [
  "requestId", "artifactType", "repoRef", "createdAt", "expiresAt", "artifactHashAlg", "artifactHash",
];

/** The longest name of a signer, in bytes. */
const MAX_SIGNER = 256;

/** The approver's keys. The secret halves are there where the file belongs to the approver. */
export interface ReferenceKeys {
  readonly exchange: Uint8Array;
  readonly exchangeSecret?: Uint8Array;
  readonly signing: Uint8Array;
  readonly seed?: Uint8Array;
  readonly signerKeyId: string;
}

/** `artifact-wire.json`: a header in the clear, and the payload for one approver. */
export interface Wire {
  readonly head: ArtifactHead;
  readonly enc: {
    readonly maKxPub: Uint8Array;
    readonly heKxPub: Uint8Array;
    readonly salt: Uint8Array;
    readonly nonce: Uint8Array;
    readonly ciphertext: Uint8Array;
    readonly tag: Uint8Array;
  };
}

/** Why a file was refused: HARP's error code. */
export class HarpError extends Error {
  override readonly name = "HarpError";
  /** The code, such as `HARP_ERR_EXPIRED`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** What `enforce` found out. */
export interface Enforced {
  readonly verdict: "allow" | "deny";
  /** Whether the hash was worked out again, for which the approver's exchange secret is needed. */
  readonly recomputed: boolean;
}

/**
 * Reads `ma-keys.json`.
 *
 * @throws JsonError; HarpError `HARP_ERR_SIGNATURE_INVALID` where a secret is not its key's
 */
export function parseKeys(bytes: Uint8Array | string): ReferenceKeys {
  const names = ["maKxPubRawB64Url", "maEd25519PubRawB64Url", "signerKeyId"];
  const secrets = ["maKxPrivRawB64Url", "maEd25519PrivRawB64Url"];
  const json = shape.members(parse(bytes, limit.MESSAGE), "keys", names, secrets);
  const exchange = shape.bytes(json.maKxPubRawB64Url, "maKxPubRawB64Url", 32);
  const signing = shape.bytes(json.maEd25519PubRawB64Url, "maEd25519PubRawB64Url", 32);
  const signerKeyId = shape.filled(json.signerKeyId, "signerKeyId");
  if (utf8(signerKeyId).length > MAX_SIGNER) throw shape.shape("signerKeyId is too long");
  if (isSmallOrder(signing) !== false) throw shape.shape("maEd25519PubRawB64Url is no usable key");
  const exchangeSecret = shape.optional(json.maKxPrivRawB64Url, secret32, "maKxPrivRawB64Url");
  const pair = shape.optional(json.maEd25519PrivRawB64Url, seedOrPair, "maEd25519PrivRawB64Url");
  if (exchangeSecret !== undefined) belongs(x25519.getPublicKey(exchangeSecret), exchange);
  const seed = pair?.slice(0, 32);
  if (seed !== undefined) belongs(ed25519.getPublicKey(seed), signing);
  // A pair whose halves do not fit would sign under one key and be checked under another.
  if (pair?.length === 64) belongs(pair.slice(32), signing);
  return {
    exchange,
    signing,
    signerKeyId,
    ...(exchangeSecret === undefined ? {} : { exchangeSecret }),
    ...(seed === undefined ? {} : { seed }),
  };
}

/**
 * Reads `artifact-wire.json`.
 *
 * @throws JsonError; HarpError `HARP_ERR_UNSUPPORTED` where it names another algorithm
 */
export function parseWire(bytes: Uint8Array | string): Wire {
  const value = parse(bytes, limit.ARTIFACT * 2);
  namesOurs(value);
  const whole = shape.members(value, "artifact", [...HEADER, "enc"]);
  const enc = shape.members(whole.enc, "enc", [
    "kdf", "encAlg", "maKxPub", "heKxPub", "salt", "info", "nonce", "ciphertext", "tag",
  ]);
  Object.entries(ALGORITHMS).forEach(([name, ours]) => shape.word(enc[name], [ours], name));
  return {
    head: artifactHead(without(whole, "enc")),
    enc: {
      maKxPub: shape.bytes(enc.maKxPub, "maKxPub", 32),
      heKxPub: shape.bytes(enc.heKxPub, "heKxPub", 32),
      salt: shape.bytes(enc.salt, "salt", 16),
      nonce: shape.bytes(enc.nonce, "nonce", 24),
      ciphertext: shape.blob(enc.ciphertext, "ciphertext"),
      tag: shape.bytes(enc.tag, "tag", 16),
    },
  };
}

/** Looked at first: with other algorithms the keys beside them have other lengths. */
function namesOurs(value: JsonValue): void {
  const enc = (value as { readonly enc?: JsonObject } | null)?.enc;
  for (const [name, ours] of Object.entries(ALGORITHMS)) {
    const named = typeof enc === "object" ? enc?.[name] : undefined;
    if (typeof named === "string" && named !== ours) {
      throw new HarpError("HARP_ERR_UNSUPPORTED", `\`${name}\` of the artifact is not supported`);
    }
  }
}

/**
 * The enforcer's part: hashes an artifact and seals its payload to the approver.
 *
 * @param header requestId, artifactType, repoRef, createdAt, expiresAt
 * @param random gives that many fresh random bytes
 * @throws JsonError where header and payload make no artifact
 */
export function propose(
  header: JsonObject,
  payload: JsonObject,
  approver: ReferenceKeys,
  random: (length: number) => Uint8Array,
): JsonObject {
  const body = { ...header, artifactHashAlg: "SHA-256" };
  const hash = sha256({ ...body, payload });
  const whole = artifact(
    shape.members({ ...body, payload, artifactHash: hash }, "artifact", [...HEADER, "payload"]),
  );
  const ephemeral = random(32);
  const [salt, nonce] = [random(16), random(24)];
  const key = contentKey(sharedSecret(ephemeral, approver.exchange), salt);
  const plaintext = utf8(canonicalText(payload));
  const sealed = xchacha20poly1305(key, nonce, additional(whole)).encrypt(plaintext);
  return {
    ...body,
    artifactHash: hash,
    enc: {
      kdf: ALGORITHMS.kdf,
      encAlg: ALGORITHMS.encAlg,
      maKxPub: base64(approver.exchange),
      heKxPub: base64(x25519.getPublicKey(ephemeral)),
      salt: base64(salt),
      info: ALGORITHMS.info,
      nonce: base64(nonce),
      ciphertext: base64(sealed.slice(0, -16)),
      tag: base64(sealed.slice(-16)),
    },
  };
}

/**
 * Opens the payload and works the hash out again.
 *
 * @throws HarpError where it does not open or the hash is another; JsonError where it is no artifact
 */
export function openWire(wire: Wire, keys: ReferenceKeys): Artifact {
  if (keys.exchangeSecret === undefined) {
    throw new HarpError("HARP_ERR_UNSUPPORTED", "the keys hold no exchange secret");
  }
  if (!sameBytes(wire.enc.maKxPub, keys.exchange)) {
    throw new HarpError("HARP_ERR_HASH_MISMATCH", "the payload is not sealed to this key");
  }
  const payload = shape.object(parse(plaintext(wire, keys.exchangeSecret), limit.ARTIFACT), "payload");
  const whole = withPayload(wire.head, payload);
  if (artifactHash(whole) !== whole.artifactHash) {
    throw new HarpError("HARP_ERR_HASH_MISMATCH", "the artifact has another hash");
  }
  return whole;
}

/**
 * The approver's part: signs an answer about an artifact that was opened.
 *
 * @param choice the word, when it ends, and a fresh nonce as text
 */
export function review(
  about: Artifact,
  choice: { readonly word: Word; readonly expiresAt: string; readonly nonce: string },
  keys: ReferenceKeys,
): Decision {
  if (keys.seed === undefined) {
    throw new HarpError("HARP_ERR_UNSUPPORTED", "the keys hold no signing secret");
  }
  const body = {
    requestId: about.requestId,
    artifactHashAlg: "SHA-256",
    artifactHash: artifactHash(about),
    repoRef: about.repoRef,
    decision: choice.word,
    scope: "once",
    expiresAt: choice.expiresAt,
    nonce: choice.nonce,
    sigAlg: "Ed25519",
    signerKeyId: keys.signerKeyId,
  };
  const signature = base64(ed25519.sign(canonical(body), keys.seed));
  return parseDecision(canonical({ ...body, signature }));
}

/**
 * Reads `decision.json` strictly, but for one thing: HARP's program in C# writes
 * `"policyHints": null`, which it does not sign. That is read as absent, here and nowhere else.
 */
function readAnswer(bytes: Uint8Array | string): Decision {
  const value = shape.object(parse(bytes, limit.MESSAGE), "decision");
  return decision(value.policyHints === null ? without(value, "policyHints") : value);
}

/**
 * The enforcer's part again: checks an answer.
 *
 * @param now milliseconds since the Unix epoch
 * @throws HarpError the first check that fails
 */
export function enforce(
  files: {
    readonly artifact: Uint8Array | string;
    readonly decision: Uint8Array | string;
    readonly keys: ReferenceKeys;
  },
  now: number,
  replay: ReplayView,
  skewMillis: number = DEFAULT_SKEW_MILLIS,
): Enforced {
  return harpCoded(() => {
    const [wire, answer] = [parseWire(files.artifact), readAnswer(files.decision)];
    const { keys } = files;
    if (answer.policyHints !== undefined) {
      throw new HarpError("HARP_ERR_UNSUPPORTED", "a reference decision carries no policyHints");
    }
    signedBy(answer, keys);
    inTime(answer, wire.head, now, skewMillis);
    const recomputed = keys.exchangeSecret !== undefined;
    const hash = recomputed ? artifactHash(openWire(wire, keys)) : wire.head.artifactHash;
    sameQuestion(answer, wire.head, hash);
    if (allows(answer.decision) && answer.scope !== "once") {
      throw new HarpError("HARP_ERR_SCOPE", "the scope is not `once`");
    }
    if (
      replay.requestSpent(answer.requestId, answer.artifactHash) ||
      replay.nonceSpent(answer.nonce, answer.signerKeyId)
    ) {
      throw new HarpError("HARP_ERR_REPLAY", "the decision was used before");
    }
    return { verdict: allows(answer.decision) ? "allow" : "deny", recomputed };
  });
}

function signedBy(answer: Decision, keys: ReferenceKeys): void {
  const named = answer.signerKeyId === keys.signerKeyId;
  if (!named || !verifies(() => verifySignature(answer, keys.signing))) {
    throw new HarpError("HARP_ERR_SIGNATURE_INVALID", "the signature does not verify");
  }
}

function inTime(answer: Decision, head: ArtifactHead, now: number, skew: number): void {
  const alive =
    now < answer.expiresAt.millis + skew &&
    now < head.expiresAt.millis + skew &&
    head.createdAt.millis <= now + skew;
  if (!alive) throw new HarpError("HARP_ERR_EXPIRED", "the time of decision or artifact is over");
}

function sameQuestion(answer: Decision, head: ArtifactHead, hash: string): void {
  const alike =
    answer.artifactHash === hash &&
    answer.requestId === head.requestId &&
    answer.repoRef === head.repoRef;
  if (!alike) throw new HarpError("HARP_ERR_HASH_MISMATCH", "the decision answers another question");
}

function plaintext(wire: Wire, secret: Uint8Array): Uint8Array {
  const { heKxPub, salt, nonce, ciphertext, tag } = wire.enc;
  try {
    const key = contentKey(sharedSecret(secret, heKxPub), salt);
    return decrypt(key, nonce, additional(wire.head), concat(ciphertext, tag));
  } catch (error) {
    const weak = error instanceof SealError && error.code === "WeakKey";
    const code = weak ? "HARP_ERR_UNSUPPORTED" : "HARP_ERR_HASH_MISMATCH";
    throw new HarpError(code, "the payload does not open");
  }
}

function contentKey(shared: Uint8Array, salt: Uint8Array): Uint8Array {
  return hkdf(digest, shared, salt, utf8(ALGORITHMS.info), 32);
}

/** {@link HEADER}, bound to the payload. */
function additional(head: ArtifactHead): Uint8Array {
  return canonical({
    requestId: head.requestId,
    artifactType: head.artifactType,
    repoRef: head.repoRef,
    createdAt: head.createdAt.text,
    expiresAt: head.expiresAt.text,
    artifactHashAlg: "SHA-256",
    artifactHash: head.artifactHash,
  });
}

function harpCoded<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof JsonError) throw new HarpError("HARP_ERR_CANONICALIZATION", error.message);
    throw error;
  }
}

function secret32(value: JsonValue, what: string): Uint8Array {
  return shape.bytes(value, what, 32);
}

/** A seed, or the keypair of 64 bytes that begins with it. */
function seedOrPair(value: JsonValue, what: string): Uint8Array {
  const bytes = unbase64(shape.text(value, what));
  if (bytes === undefined || (bytes.length !== 32 && bytes.length !== 64)) {
    throw shape.shape(`${what} is neither seed nor keypair`);
  }
  return bytes;
}

function belongs(derived: Uint8Array, key: Uint8Array): void {
  if (!sameBytes(derived, key)) {
    throw new HarpError("HARP_ERR_SIGNATURE_INVALID", "a secret does not belong to the key beside it");
  }
}
