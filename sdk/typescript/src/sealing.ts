/**
 * Messages for devices that the relay in between cannot read (PROTOCOL §6).
 *
 * A random content key seals the text once; each recipient gets that key under an agreement with a
 * fresh ephemeral key. Both layers are bound to the fields that the gateway shows.
 */

import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 as digest } from "@noble/hashes/sha2.js";
import { base64, concat, utf8 } from "./encoding.js";
import { canonical } from "./json.js";
import type { JsonObject, JsonValue } from "./json.js";
import { keyId } from "./keys.js";
import type { Device, PublicKeys } from "./keys.js";
import * as shape from "./shape.js";

const INFO = utf8("COUNTERSIGN-SEAL-V1");

/** The most devices that one message is sealed to. */
export const MAX_RECIPIENTS = 64;

/** Why a message could not be sealed or opened. */
export class SealError extends Error {
  override readonly name = "SealError";
  /** The reason. */
  readonly code: "NotForUs" | "WeakKey" | "Broken" | "TooMany";

  constructor(code: "NotForUs" | "WeakKey" | "Broken" | "TooMany") {
    super(`the message could not be sealed or opened: ${code}`);
    this.code = code;
  }
}

/** The fields that the gateway shows, bound into both layers as additional data. */
export interface Shown {
  readonly requestId: string;
  readonly artifactType: string;
  /** Bare hex. */
  readonly artifactHash: string;
  readonly expiresAt: string;
}

/** The content key for one device. */
export interface Recipient {
  /** The name of the device's Ed25519 key. */
  readonly keyId: string;
  /** The ephemeral X25519 key, 32 bytes. */
  readonly epk: Uint8Array;
  /** The HKDF salt, 32 bytes. */
  readonly salt: Uint8Array;
  /** The nonce of `key`, 24 bytes. */
  readonly nonce: Uint8Array;
  /** The sealed content key with its tag, 48 bytes. */
  readonly key: Uint8Array;
}

/** The gateway's `ciphertext` object. */
export interface Sealed {
  readonly nonce: Uint8Array;
  readonly data: Uint8Array;
  readonly tag: Uint8Array;
  readonly recipients: readonly Recipient[];
}

/**
 * Reads a sealed message.
 *
 * @throws JsonError `Shape`
 */
export function sealed(value: JsonValue | undefined): Sealed {
  const json = shape.members(value, "ciphertext", ["alg", "nonce", "data", "tag", "recipients"]);
  shape.word(json.alg, ["XChaCha20-Poly1305"], "alg");
  return {
    nonce: shape.bytes(json.nonce, "nonce", 24),
    data: shape.blob(json.data, "data"),
    tag: shape.bytes(json.tag, "tag", 16),
    recipients: shape.list(json.recipients, recipient, "recipients"),
  };
}

/** A sealed message as it stands in an envelope. */
export function sealedJson(found: Sealed): JsonObject {
  const recipients = found.recipients.map((to) => ({
    keyId: to.keyId,
    epk: base64(to.epk),
    salt: base64(to.salt),
    nonce: base64(to.nonce),
    key: base64(to.key),
  }));
  const { nonce, data, tag } = found;
  const alg = "XChaCha20-Poly1305";
  return { alg, nonce: base64(nonce), data: base64(data), tag: base64(tag), recipients };
}

/**
 * Seals `plaintext` to every device of `to`, or to none.
 *
 * @param random gives that many fresh random bytes, such as
 *   `(n) => crypto.getRandomValues(new Uint8Array(n))`
 * @throws SealError `WeakKey`, `TooMany`
 */
export function seal(
  plaintext: Uint8Array,
  shown: Shown,
  to: readonly PublicKeys[],
  random: (length: number) => Uint8Array,
): Sealed {
  if (to.length > MAX_RECIPIENTS) throw new SealError("TooMany");
  const aad = additional(shown);
  const contentKey = random(32);
  const nonce = random(24);
  const whole = xchacha20poly1305(contentKey, nonce, aad).encrypt(plaintext);
  const recipients = to.map((device) => wrap(contentKey, aad, device, random));
  return { nonce, data: whole.slice(0, -16), tag: whole.slice(-16), recipients };
}

/**
 * Opens a message sealed to `device`.
 *
 * @throws SealError `NotForUs`, `WeakKey`, `Broken`
 */
export async function open(found: Sealed, shown: Shown, device: Device): Promise<Uint8Array> {
  const aad = additional(shown);
  const id = keyId(device.publicKeys.signing);
  const ours = found.recipients.find((to) => to.keyId === id);
  if (ours === undefined) throw new SealError("NotForUs");
  const own = device.publicKeys.exchange;
  const key = keyOf(await agreed(device, ours.epk), ours.salt, ours.epk, own);
  const contentKey = decrypt(key, ours.nonce, aad, ours.key);
  return decrypt(contentKey, found.nonce, aad, concat(found.data, found.tag));
}

/**
 * X25519 that refuses points which give no agreement.
 *
 * @throws SealError `WeakKey`
 */
export function sharedSecret(secret: Uint8Array, peer: Uint8Array): Uint8Array {
  try {
    return strong(x25519.getSharedSecret(secret, peer));
  } catch {
    throw new SealError("WeakKey");
  }
}

/**
 * Opens XChaCha20-Poly1305.
 *
 * @throws SealError `Broken`
 */
export function decrypt(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  withTag: Uint8Array,
): Uint8Array {
  try {
    return xchacha20poly1305(key, nonce, aad).decrypt(withTag);
  } catch {
    throw new SealError("Broken");
  }
}

function wrap(
  contentKey: Uint8Array,
  aad: Uint8Array,
  device: PublicKeys,
  random: (length: number) => Uint8Array,
): Recipient {
  const ephemeral = random(32);
  const [salt, nonce] = [random(32), random(24)];
  const epk = x25519.getPublicKey(ephemeral);
  const key = keyOf(sharedSecret(ephemeral, device.exchange), salt, epk, device.exchange);
  const wrapped = xchacha20poly1305(key, nonce, aad).encrypt(contentKey);
  return { keyId: keyId(device.signing), epk, salt, nonce, key: wrapped };
}

async function agreed(device: Device, peer: Uint8Array): Promise<Uint8Array> {
  try {
    return strong(await device.agree(peer));
  } catch {
    throw new SealError("WeakKey");
  }
}

/** A point of small order gives zeros, which everybody knows. */
function strong(shared: Uint8Array): Uint8Array {
  if (shared.length !== 32 || shared.every((byte) => byte === 0)) throw new SealError("WeakKey");
  return shared;
}

function keyOf(
  shared: Uint8Array,
  salt: Uint8Array,
  epk: Uint8Array,
  device: Uint8Array,
): Uint8Array {
  return hkdf(digest, shared, salt, concat(INFO, epk, device), 32);
}

function additional({ requestId, artifactType, artifactHash, expiresAt }: Shown): Uint8Array {
  return canonical({ requestId, artifactType, artifactHash, expiresAt });
}

function recipient(value: JsonValue): Recipient {
  const json = shape.members(value, "recipient", ["keyId", "epk", "salt", "nonce", "key"]);
  return {
    keyId: shape.text(json.keyId, "keyId"),
    epk: shape.bytes(json.epk, "epk", 32),
    salt: shape.bytes(json.salt, "salt", 32),
    nonce: shape.bytes(json.nonce, "nonce", 24),
    key: shape.bytes(json.key, "key", 48),
  };
}
