/**
 * Keys, fingerprints, and signatures that belong to one domain each.
 *
 * No key signs bytes that another party chose: apart from a HARP Decision, every signature is
 * over a tag, a zero byte and a canonical object of ours (PROTOCOL §4).
 */

import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { sha256 as digest } from "@noble/hashes/sha2.js";
import { base64, concat, hex, utf8 } from "./encoding.js";
import { canonical } from "./json.js";
import type { JsonValue } from "./json.js";
import * as shape from "./shape.js";

/** What a signature is for. One made in one domain verifies in no other. */
export const DOMAINS = {
  /** An enforcer over an artifact. */
  artifact: "countersign-artifact/v1",
  /** A device proving to a gateway that it holds its key. */
  auth: "countersign-auth/v1",
  /** An Ed25519 key over the X25519 key beside it. */
  keyExchange: "countersign-kx/v1",
  /** What two people compare while pairing. */
  sas: "countersign-sas/v1",
  /** An operator over a receipt. */
  receipt: "countersign-receipt/v1",
  /** An operator over a head of the ledger. */
  checkpoint: "countersign-checkpoint/v1",
  /** An approver over a compact token. */
  token: "countersign-token/v1",
  /** A key over its successor or its revocation. */
  key: "countersign-key/v1",
  /** A person over a policy. */
  policy: "countersign-policy/v1",
  /** An operator over the manifest of a bundle. */
  bundle: "countersign-bundle/v1",
  /** An approver over a stop. */
  freeze: "countersign-freeze/v1",
  /** An operator over how far a round is. */
  progress: "countersign-progress/v1",
} as const;

/** The name of a domain. */
export type Domain = keyof typeof DOMAINS;

/** Why a key or a signature was not accepted. */
export class KeyError extends Error {
  override readonly name = "KeyError";
  /** The reason: the bytes are no usable key, or the signature does not fit. */
  readonly code: "BadKey" | "BadSignature";

  constructor(code: "BadKey" | "BadSignature") {
    super(code === "BadKey" ? "not an Ed25519 public key" : "signature does not verify");
    this.code = code;
  }
}

/** The public half of a device: an Ed25519 key and the X25519 key that it signed. */
export interface PublicKeys {
  /** Ed25519, 32 bytes. */
  readonly signing: Uint8Array;
  /** X25519, 32 bytes. */
  readonly exchange: Uint8Array;
  /** The first over the second, in the domain `countersign-kx/v1`. */
  readonly kxSignature: Uint8Array;
}

/**
 * What a device does with its secret keys. It never says them: they may stand where no script can
 * read them, such as in a browser's key store.
 */
export interface Device {
  /** The public half. */
  readonly publicKeys: PublicKeys;
  /** Ed25519 over the bytes: 64 bytes. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
  /** X25519 with a point of 32 bytes: 32 bytes. Fails, or gives zeros, where there is no agreement. */
  agree(point: Uint8Array): Promise<Uint8Array>;
}

/** The name of an Ed25519 public key: base64url of its SHA-256. */
export function keyId(signing: Uint8Array): string {
  return base64(digest(signing));
}

/** SHA-256 of all 64 bytes, as hex: what people compare. */
export function fingerprint(keys: PublicKeys): string {
  return hex(digest(concat(keys.signing, keys.exchange)));
}

/**
 * Reads public keys as they stand in messages: {publicKey, kxSignature}.
 *
 * @throws JsonError `Shape`, also where the signature over the exchange key does not verify
 */
export function publicKeys(value: JsonValue | undefined, what = "keys"): PublicKeys {
  const found = shape.members(value, what, ["publicKey", "kxSignature"]);
  const both = shape.bytes(found.publicKey, `${what}.publicKey`, 64);
  const kxSignature = shape.bytes(found.kxSignature, `${what}.kxSignature`, 64);
  const keys = { signing: both.slice(0, 32), exchange: both.slice(32), kxSignature };
  if (!verifies(() => verifyDomain(keys.signing, "keyExchange", kxBody(keys.exchange), kxSignature))) {
    throw shape.shape(`${what}: the signing key did not sign the exchange key`);
  }
  return keys;
}

/** Public keys as they stand in messages. */
export function publicKeysJson(keys: PublicKeys): JsonValue {
  const publicKey = base64(concat(keys.signing, keys.exchange));
  return { publicKey, kxSignature: base64(keys.kxSignature) };
}

/**
 * A device of 64 random bytes: Ed25519 seed ‖ X25519 secret.
 *
 * @throws RangeError where there are not 64
 */
export function secretKeys(bytes: Uint8Array): Device {
  if (bytes.length !== 64) throw new RangeError("secret keys are 64 bytes");
  const [seed, secret] = [bytes.slice(0, 32), bytes.slice(32)];
  const exchange = x25519.getPublicKey(secret);
  const kxSignature = ed25519.sign(exchangeBytes(exchange), seed);
  return {
    publicKeys: { signing: ed25519.getPublicKey(seed), exchange, kxSignature },
    sign: async (message) => ed25519.sign(message, seed),
    agree: async (point) => x25519.getSharedSecret(secret, point),
  };
}

/** What an Ed25519 key signs, once, to stand for the X25519 key beside it. */
export function exchangeBytes(exchange: Uint8Array): Uint8Array {
  return domainBytes("keyExchange", kxBody(exchange));
}

/** Signs a canonical object of ours in its domain. */
export function signDomain(device: Device, domain: Domain, object: JsonValue): Promise<Uint8Array> {
  return device.sign(domainBytes(domain, object));
}

/**
 * Checks a signature made in `domain` over a canonical object.
 *
 * @throws KeyError
 */
export function verifyDomain(
  key: Uint8Array,
  domain: Domain,
  object: JsonValue,
  signature: Uint8Array,
): void {
  verifyRaw(key, domainBytes(domain, object), signature);
}

/** The bytes under a signature of `domain`. */
export function domainBytes(domain: Domain, object: JsonValue): Uint8Array {
  return concat(utf8(DOMAINS[domain]), new Uint8Array(1), canonical(object));
}

/**
 * Ed25519 as strict as it goes: S below the group order, canonical encodings, and neither key nor R
 * of small order.
 *
 * @throws KeyError
 */
export function verifyRaw(key: Uint8Array, message: Uint8Array, signature: Uint8Array): void {
  // ZIP 215 reads every encoding of a point: what it cannot read is no key at all.
  const small = isSmallOrder(key);
  if (small === undefined) throw new KeyError("BadKey");
  if (small || signature.length !== 64 || isSmallOrder(signature.slice(0, 32)) !== false) {
    throw new KeyError("BadSignature");
  }
  const fits = verifies(() => {
    if (!ed25519.verify(signature, message, key, { zip215: false })) throw new KeyError("BadSignature");
  });
  if (!fits) throw new KeyError("BadSignature");
}

/** Whether `check` ends without a refusal. */
export function verifies(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

/** Whether a point is of small order; `undefined` where the bytes are no point. */
export function isSmallOrder(point: Uint8Array): boolean | undefined {
  try {
    return ed25519.Point.fromBytes(point, true).isSmallOrder();
  } catch {
    return undefined;
  }
}

function kxBody(exchange: Uint8Array): JsonValue {
  return { kxPublic: base64(exchange) };
}
