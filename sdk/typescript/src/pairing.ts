/**
 * How an approver's device joins an enforcer through a relay that neither trusts (PROTOCOL §8): by a
 * link that carries a secret past the relay, or by a typed code and six digits that two screens show.
 *
 * Each step gives what the next one needs, so that there are no digits before the commitment was
 * checked, and no pinned keys before a proof.
 */

import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as digest } from "@noble/hashes/sha2.js";
import { base64, concat, hex, isHash, sameBytes, unbase64, utf8 } from "./encoding.js";
import { canonical, clip } from "./json.js";
import type { JsonObject } from "./json.js";
import { domainBytes, fingerprint } from "./keys.js";
import type { PublicKeys } from "./keys.js";
import { isOrigin, parseOrigin } from "./origin.js";

/** Why a pairing step was refused. Nothing is pinned by a step that fails. */
export class PairError extends Error {
  override readonly name = "PairError";
  /** The reason. */
  readonly code:
    | "BadOrigin" | "BadCode" | "BadLink" | "WrongFingerprint" | "WrongCommitment" | "WrongMac"
    | "DigitsRefused" | "Reflected";

  constructor(code: PairError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** `{relay}/pair#v=1&g={relay}&c={code}&f={fingerprint}&s={secret}`. A secret until it was used. */
export interface Link {
  /** The relay at which the enforcer waits. */
  readonly origin: string;
  readonly code: string;
  /** Of the enforcer's 64 key bytes, in hex. */
  readonly fingerprint: string;
  /** 32 bytes that the relay does not know. */
  readonly secret: Uint8Array;
}

/** What the relay tells of an enforcer that waits. All of it is a claim. */
export interface Resolved {
  readonly enforcerId: string;
  readonly keys: PublicKeys;
  /** SHA-256 of the enforcer's 64 key bytes and `r`, in hex. */
  readonly commitment: string;
}

/** A device that wants to join, with keys of its own for this pairing. */
export interface Joining {
  readonly approverId: string;
  readonly keys: PublicKeys;
  /** Its part of the digits: 32 random bytes. */
  readonly r2: Uint8Array;
}

/** What is sent to complete a pairing. */
export interface Completion extends Joining {
  /** The proof of the link's secret; without it the digits are compared. */
  readonly mac?: Uint8Array;
}

/** The other side's keys, proven: the ones to pin. */
export interface Paired {
  /** Names the pairing, on both sides the same. */
  readonly pairId: string;
  readonly origin: string;
  readonly enforcerId: string;
  readonly keys: PublicKeys;
}

/** Joined by link: the enforcer has to prove that it knows the secret too. */
export interface AwaitingMac {
  readonly completion: Completion;
  /** @throws PairError `WrongMac` */
  finish(mac: Uint8Array): Paired;
}

/** Joined by code: the enforcer has to open its commitment. */
export interface AwaitingReveal {
  readonly completion: Completion;
  /** @throws PairError `WrongCommitment` */
  reveal(r: Uint8Array): Compare;
}

/** Digits that wait for a person. */
export interface Compare {
  /** What the other screen must show too: `042 137`. */
  readonly digits: string;
  /** The other side's keys, as claimed until the person said yes. */
  readonly keys: PublicKeys;
  /** @throws PairError `DigitsRefused` unless the person said yes */
  confirm(same: boolean): Paired;
}

/**
 * Joins with a link.
 *
 * @throws PairError `WrongFingerprint` where the relay shows other keys than the link names: then
 *   nothing is sent; `Reflected`
 */
export function joinByLink(joining: Joining, link: Link, resolved: Resolved): AwaitingMac {
  if (fingerprint(resolved.keys) !== link.fingerprint) {
    throw new PairError("WrongFingerprint", "the relay showed other enforcer keys than the link names");
  }
  const meeting = meet(joining, link.origin, link.code, resolved);
  return {
    completion: { ...joining, mac: macOf(meeting, "approver", link.secret) },
    finish(mac) {
      if (sameBytes(macOf(meeting, "enforcer", link.secret), mac)) return peer(meeting);
      throw new PairError("WrongMac", "the other side did not prove that it knows the secret of the link");
    },
  };
}

/**
 * Joins with a typed code at a relay that the person named.
 *
 * @throws PairError `Reflected`
 */
export function joinByCode(
  joining: Joining,
  origin: string,
  code: string,
  resolved: Resolved,
): AwaitingReveal {
  const meeting = meet(joining, origin, code, resolved);
  return {
    completion: joining,
    reveal(r) {
      if (commitmentOf(resolved.keys, r) !== resolved.commitment) {
        throw new PairError("WrongCommitment", "what the enforcer revealed is not what it committed to");
      }
      return comparing(meeting, digitsOf(meeting, r, joining.r2));
    },
  };
}

function comparing(meeting: Meeting, digits: string): Compare {
  return {
    digits,
    keys: meeting.enforcer,
    confirm(same) {
      if (same) return peer(meeting);
      throw new PairError("DigitsRefused", "the digits were not confirmed");
    },
  };
}

/** Crockford's base32: no letter that looks like a digit. */
const CODE = /^[0-9A-HJKMNP-TV-Z]{8}$/;

/**
 * Reads a code as a person types it: small letters, hyphens and spaces are forgiven, `O` is read as
 * `0`, `I` and `L` as `1`.
 *
 * @throws PairError `BadCode`
 */
export function parseCode(text: string): string {
  const typed = text.replace(/[- ]/g, "").replace(/[a-z]/g, (letter) => letter.toUpperCase());
  const code = typed.replaceAll("O", "0").replace(/[IL]/g, "1");
  if (CODE.test(code)) return code;
  throw new PairError("BadCode", `\`${clip(text)}\` is not a pairing code: eight letters and digits such as \`7K3M-Q9TD\``);
}

/**
 * Reads a link strictly: its five parts in this order, and the address in front of them equal to the
 * relay inside. No error quotes it.
 *
 * @throws PairError `BadLink`
 */
export function parseLink(text: string): Link {
  const trimmed = text.trim();
  const cut = trimmed.indexOf("#");
  if (cut < 0) throw badLink("nothing after `#`");
  const parts = trimmed.slice(cut + 1).split("&");
  const names = ["v", "g", "c", "f", "s"] as const;
  const found = names.map((name, at) => valueOf(parts[at], name));
  if (parts.length > names.length) throw badLink("something follows `s`");
  const [version, g, code, print, s] = found as [string, string, string, string, string];
  if (version !== "1") throw badLink("`v` is a version that is not known here");
  const origin = originIn(g);
  if (!CODE.test(code)) throw badLink("`c` is not a pairing code");
  if (!isHash(print)) throw badLink("`f` is not a fingerprint");
  const secret = unbase64(s);
  if (secret?.length !== 32) throw badLink("`s` is not 32 bytes as base64url");
  if (trimmed.slice(0, cut) !== `${origin}/pair`) {
    throw badLink("the address in front of `#` is not the relay in `g`");
  }
  return { origin, code, fingerprint: print, secret };
}

/**
 * Reads the origin of a relay as a person types it.
 *
 * @throws PairError `BadOrigin`
 */
export function parseRelay(text: string): string {
  const origin = parseOrigin(text);
  if (origin !== undefined) return origin;
  throw new PairError("BadOrigin", `\`${clip(text)}\` is not the origin of a relay: \`https://host\` or \`http://host:port\``);
}

function valueOf(part: string | undefined, name: string): string {
  if (part?.startsWith(`${name}=`) !== true) throw badLink(`\`${name}\` is missing`);
  return part.slice(2);
}

function originIn(text: string): string {
  const bytes = unbase64(text) ?? new Uint8Array();
  // What is no UTF-8 comes out with U+FFFD, which stands in no origin.
  const origin = new TextDecoder().decode(bytes);
  if (isOrigin(origin)) return origin;
  throw badLink("`g` is not the origin of a relay");
}

function badLink(what: string): PairError {
  return new PairError("BadLink", `not a pairing link: ${what}`);
}

/** Everything on which the two sides must agree. */
interface Meeting {
  readonly origin: string;
  readonly code: string;
  readonly enforcerId: string;
  readonly approverId: string;
  readonly enforcer: PublicKeys;
  readonly approver: PublicKeys;
}

function meet(joining: Joining, origin: string, code: string, found: Resolved): Meeting {
  if (sameBytes(bothKeys(found.keys), bothKeys(joining.keys))) {
    throw new PairError("Reflected", "the other side has our own keys");
  }
  const { enforcerId, keys: enforcer } = found;
  return { origin, code, enforcerId, approverId: joining.approverId, enforcer, approver: joining.keys };
}

function peer(meeting: Meeting): Paired {
  const { origin, enforcerId, enforcer: keys, approver } = meeting;
  const hash = digest(concat(bothKeys(keys), bothKeys(approver)));
  return { pairId: base64(hash.slice(0, 16)), origin, enforcerId, keys };
}

function bothKeys(keys: PublicKeys): Uint8Array {
  return concat(keys.signing, keys.exchange);
}

function commitmentOf(enforcer: PublicKeys, r: Uint8Array): string {
  return hex(digest(concat(bothKeys(enforcer), r)));
}

/** The members that digits and MACs share. Their names never change: both sides hash them. */
function common(meeting: Meeting): JsonObject {
  return {
    code: meeting.code,
    gatewayOrigin: meeting.origin,
    enforcerId: meeting.enforcerId,
    approverId: meeting.approverId,
    enforcerKeys: base64(bothKeys(meeting.enforcer)),
    approverKeys: base64(bothKeys(meeting.approver)),
  };
}

function digitsOf(meeting: Meeting, r: Uint8Array, r2: Uint8Array): string {
  const transcript = { ...common(meeting), r: base64(r), r2: base64(r2) };
  const hash = digest(domainBytes("sas", transcript));
  const number = new DataView(hash.buffer, hash.byteOffset).getBigUint64(0) % 1_000_000n;
  const six = number.toString().padStart(6, "0");
  return `${six.slice(0, 3)} ${six.slice(3)}`;
}

function macOf(meeting: Meeting, direction: "approver" | "enforcer", secret: Uint8Array): Uint8Array {
  const key = hkdf(digest, secret, undefined, utf8("countersign-pair/v1"), 32);
  return hmac(digest, key, canonical({ direction, ...common(meeting) }));
}
