/** The answer of a person, signed over exactly what was opened and sealed to the enforcer. */

import { action, artifact as protocol, decision, encoding, json, keys, sealing, taken, time } from "@countersign/protocol";
import type { route } from "@countersign/protocol";
import type { Passkeys } from "../keys/index.js";
import type { SignedAnswer } from "../memory/index.js";
import type { Always, Answered, Opened, Pairing, Reply, Review } from "../model.js";
import { answering, displayHash, inWords } from "../review/index.js";
import { enforcerOf, shownOf } from "./open.js";
import { assertingFor } from "./passkey.js";
import { NotSigned } from "./refusal.js";

export { NotSigned } from "./refusal.js";

/** The longest reason, as canonical JSON: sealed, it must fit a message of 64 KiB. */
const MAX_REASON = 16 * 1024;

/** What signing needs from outside. */
export interface Desk {
  readonly pairing: Pairing;
  readonly device: keys.Device;
  readonly passkeys?: Passkeys | undefined;
  readonly now: number;
  readonly random: (length: number) => Uint8Array;
}

/** A signed answer, and what is remembered of it. */
export interface Signed {
  readonly signed: SignedAnswer;
  readonly answer: Answered;
  /** What was shown for it. */
  readonly review: Review;
}

/** The reply in the form in which it is signed: all items of a batch are a plain yes. */
export function plain(reply: Reply, opened: Opened): Reply {
  if (reply.say !== "part") return reply;
  const size = action.itemsIn(opened.artifact.payload);
  if (size === undefined) throw new NotSigned("Items", "this is no batch: say yes or no to all of it");
  const items = [...new Set(reply.items)].sort((a, b) => a - b);
  const fits = items.every((item) => Number.isInteger(item) && item >= 0 && item < size);
  if (!fits || items.length === 0) throw new NotSigned("Items", "these are none of the items of the batch");
  if (items.length === size) return { say: "allow", ...(reply.reason === undefined ? {} : { reason: reply.reason }) };
  return { ...reply, items };
}

/** The same answer to the same question has the same text. */
export function meaningOf(reply: Reply, opened: Opened): string {
  const { reason: _, ...said } = reply;
  const { artifactHash } = opened.artifact;
  return json.canonicalText({ artifactHash, said: said as unknown as json.JsonValue });
}

/**
 * Signs a reply to an opened request. The review is worked out here, from the very object that is
 * signed, and its hash goes into the signed hints.
 *
 * @param said as {@link plain} gives it
 * @throws NotSigned, PasskeyRefused; nothing is signed then
 */
export async function sign(opened: Opened, said: Reply, desk: Desk): Promise<Signed> {
  check(opened, said, desk);
  const { artifact } = opened;
  const review = answering({ ...opened, pairing: desk.pairing }, alwaysOf(said));
  const reason = reasonOf(said, desk);
  const choice: decision.Choice = {
    word: said.say === "allow" ? "allow" : "deny",
    scope: scopeOf(said),
    expiresAt: artifact.expiresAt.text,
    nonce: desk.random(24),
    hints: hintsOf(opened, said, review, reason, desk),
  };
  const asserting = assertingFor(said, protocol.routeOf(artifact), desk.pairing, desk.passkeys);
  const made = await decision.signDecision(artifact, choice, desk.device, asserting);
  const signed: SignedAnswer = {
    pairId: opened.pairId,
    requestId: artifact.requestId,
    artifactHash: artifact.artifactHash,
    meaning: meaningOf(said, opened),
    endsAt: artifact.expiresAt.millis,
    body: bodyOf(made),
    trace: sealedTo(opened, made, reason, desk),
  };
  return { signed, review, answer: answered(said, desk) };
}

/** In the order in which a person could do something about it. */
function check(opened: Opened, said: Reply, { device, now }: Desk): void {
  const { artifact } = opened;
  if (now >= artifact.expiresAt.millis) {
    throw new NotSigned("Expired", `the request ended at ${artifact.expiresAt.text}`);
  }
  const found = protocol.routeOf(artifact);
  const ours = keys.keyId(device.publicKeys.signing);
  if (found !== undefined && found.roster.every(({ keyId }) => keyId !== ours)) {
    throw new NotSigned("NotAsked", "this device is not among those that may answer");
  }
  checkOffer(opened, said, found, now);
  checkNext(said, found);
  // A request without a route offers nothing but one run; a denial reaches no further.
  const yes = said.say === "allow" || said.say === "part";
  const scopes = (yes ? found?.scopes : undefined) ?? ["once"];
  if (!scopes.includes(scopeOf(said))) {
    throw new NotSigned("ScopeNotOffered", `the scope \`${scopeOf(said)}\` is not on offer`);
  }
  if (yes && found?.reasonRequired === true && (said.reason ?? "").trim() === "") {
    throw new NotSigned("ReasonMissing", "this request cannot be allowed without a reason");
  }
}

function checkOffer({ artifact }: Opened, said: Reply, found: route.Route | undefined, now: number): void {
  const wanted = alwaysOf(said);
  if (wanted === undefined) return;
  const offer = found === undefined ? undefined : taken.offerOf(artifact, found);
  if (offer === undefined) {
    throw new NotSigned("NothingOffered", "this request offers no standing permission");
  }
  const end = time.timestamp(wanted.expiresAt)?.millis ?? 0;
  const latest = artifact.createdAt.millis + offer.maxSeconds * 1000;
  const counted = wanted.count === undefined || (Number.isInteger(wanted.count) && wanted.count > 0);
  const named = !offer.session || artifact.sessionId !== undefined;
  if (end <= now || end > latest || !counted || !named) {
    throw new NotSigned("MoreThanOffered", `that is more than what is on offer: ${inWords(offer)}`);
  }
}

function checkNext(said: Reply, found: route.Route | undefined): void {
  if (said.say !== "escalate") return;
  const offered = found?.escalateTo ?? [];
  const fits = said.to === undefined ? offered.length > 0 : offered.includes(said.to);
  if (!fits) throw new NotSigned("NotNext", "nobody of that name is asked next; say yes or no");
}

function alwaysOf(said: Reply): Always | undefined {
  return said.say === "allow" ? said.always : undefined;
}

function scopeOf(said: Reply): route.Scope {
  return said.say === "allow" ? (said.scope ?? "once") : "once";
}

function reasonOf(said: Reply, { random }: Desk): decision.Reason | undefined {
  const text = said.reason ?? "";
  if (text === "") return undefined;
  if (json.canonical(text).length > MAX_REASON) {
    throw new NotSigned("ReasonTooLong", "the reason is longer than 16 KiB");
  }
  return { text, salt: random(32) };
}

function hintsOf(
  { artifact }: Opened,
  said: Reply,
  review: Review,
  reason: decision.Reason | undefined,
  { now }: Desk,
): json.JsonObject {
  const { hint } = decision;
  const wanted = alwaysOf(said);
  return {
    [hint.DECIDED_AT]: time.atMillis(now).text,
    [hint.DISPLAY_HASH]: displayHash(review),
    ...(artifact.sessionId === undefined ? {} : { [hint.SESSION_ID]: artifact.sessionId }),
    ...(reason === undefined ? {} : { [hint.REASON_HASH]: decision.reasonHash(reason) }),
    ...(wanted === undefined ? {} : { [hint.GRANT]: grantOf(wanted, artifact) }),
    ...(said.say === "part" ? { [hint.ITEMS]: said.items } : {}),
    ...(said.say === "escalate" ? { [hint.ESCALATE]: said.to === undefined ? {} : { to: said.to } } : {}),
  };
}

function grantOf(wanted: Always, artifact: Opened["artifact"]): json.JsonObject {
  const found = protocol.routeOf(artifact);
  const offer = found === undefined ? undefined : taken.offerOf(artifact, found);
  const session = offer?.session === true ? artifact.sessionId : undefined;
  return {
    expiresAt: wanted.expiresAt,
    ...(session === undefined ? {} : { session }),
    ...(wanted.count === undefined ? {} : { count: wanted.count }),
  };
}

/** What the gateway is told. Never the reason. */
function bodyOf(made: decision.Decision): json.JsonObject {
  return {
    artifactHash: made.artifactHash,
    decision: decision.allows(made.decision) ? "approve" : "reject",
    signerKeyId: made.signerKeyId,
    nonce: made.nonce,
    signature: encoding.base64(made.signature),
  };
}

/** The decision and the reason, for the enforcer alone. */
function sealedTo(
  { artifact }: Opened,
  made: decision.Decision,
  reason: decision.Reason | undefined,
  { pairing, random }: Desk,
): json.JsonObject {
  const why = reason === undefined ? {} : { reason: { text: reason.text, salt: encoding.base64(reason.salt) } };
  const plaintext = json.canonical({ decision: made.json, ...why });
  const sealed = sealing.seal(plaintext, shownOf(artifact), [enforcerOf(pairing)], random);
  return { "org.countersign.sealed": sealing.sealedJson(sealed) };
}

function answered(said: Reply, { now }: Desk): Answered {
  return {
    say: said.say,
    ...(said.reason === undefined || said.reason === "" ? {} : { reason: said.reason }),
    ...(said.say === "part" ? { items: said.items } : {}),
    decidedAt: time.atMillis(now).text,
    sent: "waits",
  };
}
