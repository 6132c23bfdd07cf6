/** The messages of the gateway binding that a device of an approver reads and writes. */

import { keys, sealing, shape, time } from "@countersign/protocol";
import type { json } from "@countersign/protocol";

/** The most bytes of a page of an inbox, and of one pushed message. */
export const PAGE = 8 * 1024 * 1024;

/** A message around a body. Nothing in it is believed. */
export interface Envelope {
  readonly msgId?: string;
  readonly msgType: string;
  readonly requestId: string;
  readonly expiresAt?: string;
  readonly trace?: json.JsonObject;
  readonly body: json.JsonObject;
}

/** Reads an envelope. @throws JsonError `Shape` */
export function envelope(value: json.JsonValue | undefined): Envelope {
  const required = ["msgType", "requestId", "createdAt", "sender", "body"];
  const found = shape.members(value, "envelope", required, ["msgId", "expiresAt", "recipient", "trace"]);
  shape.time(found.createdAt, "createdAt");
  shape.object(found.sender, "sender");
  const msgId = shape.optional(found.msgId, id, "msgId");
  const expiresAt = shape.optional(found.expiresAt, shape.time, "expiresAt");
  const trace = shape.optional(found.trace, shape.object, "trace");
  return {
    msgType: shape.filled(found.msgType, "msgType"),
    requestId: id(found.requestId, "requestId"),
    body: shape.object(found.body, "body"),
    ...(msgId === undefined ? {} : { msgId }),
    ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.text }),
    ...(trace === undefined ? {} : { trace }),
  };
}

/** Writes an envelope of an approver's device. */
export function envelopeOf(
  msgType: string,
  requestId: string,
  approverId: string,
  now: number,
  parts: { readonly body: json.JsonObject; readonly trace?: json.JsonObject },
): json.JsonObject {
  return { msgType, requestId, createdAt: time.atMillis(now).text, sender: { approverId }, ...parts };
}

/** What waits for an approver, a page of it. */
export interface InboxPage {
  readonly items: readonly Envelope[];
  readonly nextCursor?: string;
}

/** @throws JsonError `Shape` */
export function inboxPage(value: json.JsonValue | undefined): InboxPage {
  const body = shape.members(envelope(value).body, "inbox page", ["items", "nextCursor"]);
  const items = shape.list(body.items, envelope, "items");
  return body.nextCursor === null
    ? { items }
    : { items, nextCursor: shape.filled(body.nextCursor, "nextCursor") };
}

/** What a relay tells of an enforcer that waits under a code. */
export interface Resolved {
  /** Names the pairing. */
  readonly nonce: string;
  readonly enforcerId: string;
  readonly keys: keys.PublicKeys;
  readonly commitment: string;
}

/** @throws JsonError `Shape` */
export function resolved(value: json.JsonValue | undefined): Resolved {
  const required = ["nonce", "enforcerId", "keys", "commitment", "expiresAt"];
  const found = shape.members(value, "resolved", required, ["enforcerLabel", "workspaceName"]);
  return {
    nonce: id(found.nonce, "nonce"),
    enforcerId: id(found.enforcerId, "enforcerId"),
    keys: keys.publicKeys(found.keys),
    commitment: shape.hash(found.commitment, "commitment"),
  };
}

const STATES = ["open", "completed", "revealed", "confirmed", "refused", "expired"] as const;

/** Where a pairing stands, as a relay tells it. */
export interface PairingStatus {
  readonly state: (typeof STATES)[number];
  /** The approver's keys, where it has some. */
  readonly keys?: keys.PublicKeys;
  readonly r?: Uint8Array;
  readonly enforcerMac?: Uint8Array;
  readonly enforcerConfirmed?: boolean;
}

/** @throws JsonError `Shape` */
export function pairingStatus(value: json.JsonValue | undefined): PairingStatus {
  const found = shape.members(value, "status", ["state"], [
    "approverId", "keys", "r2", "mac", "r", "enforcerMac", "enforcerConfirmed", "approverConfirmed",
    "routingToken",
  ]);
  const bytes = (one: json.JsonValue, what: string): Uint8Array => shape.bytes(one, what, 32);
  const [r, enforcerMac] = [
    shape.optional(found.r, bytes, "r"),
    shape.optional(found.enforcerMac, bytes, "enforcerMac"),
  ];
  const enforcerConfirmed = shape.optional(found.enforcerConfirmed, shape.bool, "enforcerConfirmed");
  const own = shape.optional(found.keys, keys.publicKeys, "keys");
  return {
    state: shape.word(found.state, STATES, "state"),
    ...(own === undefined ? {} : { keys: own }),
    ...(r === undefined ? {} : { r }),
    ...(enforcerMac === undefined ? {} : { enforcerMac }),
    ...(enforcerConfirmed === undefined ? {} : { enforcerConfirmed }),
  };
}

/** The member of an `approval.request`'s trace that holds the sealed note. */
const NOTE = "org.countersign.note";

/** The note that came along with a request; none where there is none, or another thing. */
export function noteIn({ msgType, trace, body }: Envelope): sealing.Sealed | undefined {
  try {
    return sealing.sealed(msgType === "note.deliver" ? body.ciphertext : trace?.[NOTE]);
  } catch {
    return undefined;
  }
}

/** 1 to 128 visible characters, so that it can stand in a path. */
function id(value: json.JsonValue | undefined, what: string): string {
  const found = shape.text(value, what);
  if (!/^[!-~]{1,128}$/.test(found)) throw shape.shape(`${what} is no id`);
  return found;
}
