/**
 * Whether an authenticator verified its person for one signature (WebAuthn).
 *
 * Nothing here is trusted because a browser made it: every part of an assertion is compared with
 * what was pinned, and what is not understood proves nothing.
 */

import { p256 } from "@noble/curves/nist.js";
import { sha256 as digest } from "@noble/hashes/sha2.js";
import { base64, concat, sameBytes, utf8 } from "./encoding.js";
import { JsonError, canonical, parse } from "./json.js";
import type { JsonObject, JsonValue } from "./json.js";
import { DOMAINS, keyId } from "./keys.js";
import type { Device } from "./keys.js";
import * as shape from "./shape.js";

/** The longest `clientDataJSON` that is read; browsers write about 250 bytes. */
const MAX_CLIENT_DATA = 2 * 1024;

/** The longest DER form of a P-256 signature. */
const MAX_SIGNATURE = 72;

/** What `authenticatorData` says beside whose it is. */
const flag = { USER_PRESENT: 0x01, USER_VERIFIED: 0x04, ATTESTED: 0x40, EXTENSIONS: 0x80 } as const;

/** A passkey that somebody pinned beside an approver's key. */
export interface Passkey {
  readonly alg: "ES256";
  /** x ‖ y of the point on P-256, 64 bytes. */
  readonly publicKey: Uint8Array;
  /** The name under which it lives: the host of `origin`. */
  readonly rpId: string;
  /** The page that may use it, exactly as browsers write it. */
  readonly origin: string;
}

/** What an authenticator answers, as `policyHints.webauthn` carries it. */
export interface Assertion {
  /** SHA-256 of the rpId, flags, a counter: 37 bytes. */
  readonly authenticatorData: Uint8Array;
  /** What the browser says it was asked for. */
  readonly clientDataJSON: Uint8Array;
  /** In DER, over the first and the digest of the second. */
  readonly signature: Uint8Array;
}

/** Why an assertion proves nothing. */
export class PasskeyError extends Error {
  override readonly name = "PasskeyError";
  /** The one check that failed. */
  readonly code:
    | "Json" | "TooLong" | "RpId" | "NotPresent" | "NotVerified" | "More" | "Type" | "Challenge"
    | "Origin" | "CrossOrigin" | "BadKey" | "BadSignature";

  constructor(code: PasskeyError["code"]) {
    super(`the passkey proves nothing: ${code}`);
    this.code = code;
  }
}

/** @throws JsonError `Shape` */
export function passkey(value: JsonValue | undefined, what = "passkey"): Passkey {
  const found = shape.members(value, what, ["alg", "publicKey", "rpId", "origin"]);
  return {
    alg: shape.word(found.alg, ["ES256"], "alg"),
    publicKey: shape.bytes(found.publicKey, "publicKey", 64),
    rpId: shape.text(found.rpId, "rpId"),
    origin: shape.text(found.origin, "origin"),
  };
}

/** As it stands in messages and files. */
export function passkeyJson({ alg, publicKey, rpId, origin }: Passkey): JsonObject {
  return { alg, publicKey: base64(publicKey), rpId, origin };
}

/** Reads an assertion strictly out of a hint. @throws PasskeyError */
export function assertion(value: JsonValue | undefined): Assertion {
  const read = strictly(() => {
    const found = shape.members(value, "webauthn", ["authenticatorData", "clientDataJSON", "signature"]);
    return {
      authenticatorData: shape.bytes(found.authenticatorData, "authenticatorData", 37),
      clientDataJSON: shape.blob(found.clientDataJSON, "clientDataJSON"),
      signature: shape.blob(found.signature, "signature"),
    };
  });
  const fits = read.clientDataJSON.length <= MAX_CLIENT_DATA && read.signature.length <= MAX_SIGNATURE;
  if (!fits) throw new PasskeyError("TooLong");
  return read;
}

/** As `policyHints.webauthn` carries it. */
export function assertionJson(made: Assertion): JsonObject {
  return {
    authenticatorData: base64(made.authenticatorData),
    clientDataJSON: base64(made.clientDataJSON),
    signature: base64(made.signature),
  };
}

/**
 * Checks that a passkey signed `challenge`, in its own page, after it verified its person.
 *
 * The counter is not looked at: what it is for, a challenge of one artifact and nonce rules out.
 *
 * @throws PasskeyError
 */
export function verifyAssertion(pinned: Passkey, challenge: Uint8Array, made: Assertion): void {
  demandPerson(pinned, made.authenticatorData);
  demandClient(pinned, challenge, made.clientDataJSON);
  const signed = concat(made.authenticatorData, digest(made.clientDataJSON));
  const raw = derToRaw(made.signature);
  const point = concat(new Uint8Array([4]), pinned.publicKey);
  attempt("BadKey", () => p256.Point.fromBytes(point).assertValidity());
  // Authenticators emit either form of s.
  const good = attempt("BadSignature", () => p256.verify(raw, signed, point, { lowS: false }));
  if (!good) throw new PasskeyError("BadSignature");
}

/** Whether it did; never throws. */
export function asserts(pinned: Passkey, challenge: Uint8Array, hint: JsonValue | undefined): boolean {
  try {
    verifyAssertion(pinned, challenge, assertion(hint));
    return true;
  } catch {
    return false;
  }
}

/** What a device says of the passkey that it wants to be pinned beside its key. */
export interface OfferBody {
  readonly keyId: string;
  readonly passkey: Passkey;
  /** RFC 3339. */
  readonly time: string;
}

/** What the passkey signs for an offer: no decision has these bytes before it is hashed. */
export function offerChallenge(body: OfferBody): Uint8Array {
  return digest(tagged(bodyJson(body)));
}

/** Has a device offer a passkey that signed {@link offerChallenge}. */
export async function signOffer(body: OfferBody, made: Assertion, device: Device): Promise<JsonObject> {
  if (body.keyId !== keyId(device.publicKeys.signing)) throw new RangeError("the offer is for another key");
  const signed = bodyJson(body);
  return {
    type: "countersign.passkey/v1",
    body: signed,
    webauthn: assertionJson(made),
    signature: base64(await device.sign(tagged(signed))),
  };
}

function bodyJson({ keyId: id, passkey: offered, time }: OfferBody): JsonObject {
  return { keyId: id, passkey: passkeyJson(offered), time };
}

function tagged(body: JsonObject): Uint8Array {
  return concat(utf8(DOMAINS.key), new Uint8Array(1), canonical(body));
}

function demandPerson({ rpId }: Passkey, data: Uint8Array): void {
  const flags = data[32] ?? 0;
  if (!sameBytes(data.subarray(0, 32), digest(utf8(rpId)))) throw new PasskeyError("RpId");
  if ((flags & (flag.ATTESTED | flag.EXTENSIONS)) !== 0) throw new PasskeyError("More");
  if ((flags & flag.USER_PRESENT) === 0) throw new PasskeyError("NotPresent");
  if ((flags & flag.USER_VERIFIED) === 0) throw new PasskeyError("NotVerified");
}

/** Members that are not known are allowed, as browsers add some; none that is known says otherwise. */
function demandClient({ origin }: Passkey, challenge: Uint8Array, bytes: Uint8Array): void {
  const value = strictly(() => parse(bytes, MAX_CLIENT_DATA));
  const said: JsonObject =
    typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
  const at = (name: string): JsonValue | undefined => (Object.hasOwn(said, name) ? said[name] : undefined);
  if (at("type") !== "webauthn.get") throw new PasskeyError("Type");
  if (at("challenge") !== base64(challenge)) throw new PasskeyError("Challenge");
  if (at("origin") !== origin) throw new PasskeyError("Origin");
  const framed = at("crossOrigin") !== undefined && at("crossOrigin") !== false;
  if (framed || at("topOrigin") !== undefined) throw new PasskeyError("CrossOrigin");
}

/** r ‖ s out of the one DER form: two whole numbers above zero, shortest, and nothing behind them. */
function derToRaw(der: Uint8Array): Uint8Array {
  const refuse = (): never => {
    throw new PasskeyError("BadSignature");
  };
  if (der[0] !== 0x30 || der[1] !== der.length - 2) refuse();
  const [r, after] = whole(der, 2, refuse);
  const [s, end] = whole(der, after, refuse);
  if (end !== der.length) refuse();
  return concat(r, s);
}

function whole(der: Uint8Array, at: number, refuse: () => never): readonly [Uint8Array, number] {
  const length = der[at + 1] ?? 0;
  const end = at + 2 + length;
  if (der[at] !== 0x02 || length < 1 || length > 33 || end > der.length) refuse();
  const [first = 0, second = 0] = [der[at + 2], der[at + 3]];
  const padded = first === 0 && length > 1;
  // Neither negative nor longer than it must be.
  if (first > 0x7f || (padded && second <= 0x7f)) refuse();
  const number = der.subarray(padded ? at + 3 : at + 2, end);
  if (number.length > 32) refuse();
  const full = new Uint8Array(32);
  full.set(number, 32 - number.length);
  return [full, end];
}

function strictly<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof JsonError ? new PasskeyError("Json") : error;
  }
}

function attempt<T>(code: PasskeyError["code"], work: () => T): T {
  try {
    return work();
  } catch {
    throw new PasskeyError(code);
  }
}
