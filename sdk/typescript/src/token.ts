/**
 * The approval token: an approval in its compact form (PROTOCOL §9).
 *
 * nonce 32 · expiry 8 (unix seconds, big endian) · decision 1 (1 approve, 2 reject) · scope length 4
 * (big endian) · scope · signature 64 · public key 32. Signed are the tag, a zero byte, the
 * canonical artifact, and the fields before the signature.
 */

import type { Artifact } from "./artifact.js";
import { base64, concat, sameBytes, utf8 } from "./encoding.js";
import { limit } from "./json.js";
import { domainBytes, verifies, verifyRaw } from "./keys.js";
import type { Device } from "./keys.js";

/** A token that was decoded. Nothing in it is checked. */
export interface Token {
  /** 32 bytes, never used twice. */
  readonly nonce: Uint8Array;
  /** Unix seconds. */
  readonly expiry: bigint;
  readonly approves: boolean;
  readonly scope: string;
  readonly signature: Uint8Array;
  /** The approver's Ed25519 key, as the token says. */
  readonly publicKey: Uint8Array;
}

/** The one scope that counts. */
export const SCOPE = "once";

const FIXED = 32 + 8 + 1 + 4;
const SEALS = 64 + 32;

/** Why a token was refused. */
export class TokenError extends Error {
  override readonly name = "TokenError";
  /** The reason. */
  readonly code: "Malformed" | "WrongKey" | "BadSignature" | "Expired" | "Replay" | "Scope";

  constructor(code: "Malformed" | "WrongKey" | "BadSignature" | "Expired" | "Replay" | "Scope") {
    super(`the approval token was refused: ${code}`);
    this.code = code;
  }
}

/** What a token is checked against. */
export interface TokenCheck {
  /** The artifact as it is stored here. */
  readonly artifact: Artifact;
  /** The pinned key that may approve it. */
  readonly publicKey: Uint8Array;
  /** Unix seconds. */
  readonly now: number | bigint;
  /** Whether a nonce, as base64url, was used before. */
  readonly spent: (nonce: string) => boolean;
}

/**
 * Decodes the bytes of a token.
 *
 * @throws TokenError `Malformed`
 */
export function decodeToken(bytes: Uint8Array): Token {
  if (bytes.length < FIXED + SEALS || bytes.length > limit.MESSAGE) throw new TokenError("Malformed");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = view.getUint8(40);
  const length = view.getUint32(41);
  const exact = bytes.length === FIXED + length + SEALS;
  if (!exact || (word !== 1 && word !== 2)) throw new TokenError("Malformed");
  const ends = FIXED + length;
  return {
    nonce: bytes.slice(0, 32),
    expiry: view.getBigUint64(32),
    approves: word === 1,
    scope: textOf(bytes.slice(FIXED, ends)),
    signature: bytes.slice(ends, ends + 64),
    publicKey: bytes.slice(ends + 64),
  };
}

/** The bytes of a token. */
export function encodeToken(token: Token): Uint8Array {
  return concat(fields(token), token.signature, token.publicKey);
}

/** Signs an answer about an artifact. */
export async function signToken(
  about: Artifact,
  choice: { readonly nonce: Uint8Array; readonly expiry: bigint; readonly approves: boolean },
  device: Device,
): Promise<Token> {
  if (choice.nonce.length !== 32) throw new RangeError("a token's nonce is 32 bytes");
  const unsigned = { ...choice, scope: SCOPE };
  const signature = await device.sign(signed(about, unsigned));
  return { ...unsigned, signature, publicKey: device.publicKeys.signing };
}

/**
 * Checks a token against the artifact that is stored here.
 *
 * @returns whether it approves
 * @throws TokenError the first check that fails
 */
export function verifyToken(token: Token, check: TokenCheck): boolean {
  if (!sameBytes(token.publicKey, check.publicKey)) throw new TokenError("WrongKey");
  const message = signed(check.artifact, token);
  if (!verifies(() => verifyRaw(check.publicKey, message, token.signature))) {
    throw new TokenError("BadSignature");
  }
  if (!(BigInt(check.now) < token.expiry)) throw new TokenError("Expired");
  if (token.scope !== SCOPE) throw new TokenError("Scope");
  if (check.spent(base64(token.nonce))) throw new TokenError("Replay");
  return token.approves;
}

function signed(about: Artifact, token: Omit<Token, "signature" | "publicKey">): Uint8Array {
  return concat(domainBytes("token", about.json), fields(token));
}

function fields(token: Omit<Token, "signature" | "publicKey">): Uint8Array {
  const scope = utf8(token.scope);
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setBigUint64(0, token.expiry);
  view.setUint8(8, token.approves ? 1 : 2);
  view.setUint32(9, scope.length);
  return concat(token.nonce, head, scope);
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new TokenError("Malformed");
  }
}
