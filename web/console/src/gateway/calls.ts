/** The calls of an approver's device. */

import { encoding, keys, sealing, time } from "@countersign/protocol";
import type { json, pairing } from "@countersign/protocol";
import type { Edge } from "../edge.js";
import { call, sense } from "./call.js";
import { PAGE, envelopeOf, inboxPage, pairingStatus, resolved } from "./messages.js";
import type { InboxPage, PairingStatus, Resolved } from "./messages.js";
import type { Session } from "./session.js";

/** Who waits under a code. @throws GatewayError */
export async function resolve(edge: Edge, origin: string, code: string): Promise<Resolved> {
  const path = ["pairing", "resolve", code];
  const reply = await call(edge, origin, { method: "GET", path });
  return sense(() => resolved(reply));
}

/** Hands this device's keys over. A relay takes them once. @throws GatewayError */
export async function complete(
  edge: Edge,
  origin: string,
  nonce: string,
  given: pairing.Completion,
): Promise<void> {
  const body = {
    nonce,
    approverId: given.approverId,
    keys: keys.publicKeysJson(given.keys),
    r2: encoding.base64(given.r2),
    ...(given.mac === undefined ? {} : { mac: encoding.base64(given.mac) }),
  };
  await call(edge, origin, { method: "POST", path: ["pairing", "complete"], body });
}

/** How far a pairing got. @throws GatewayError */
export async function status(edge: Edge, origin: string, nonce: string): Promise<PairingStatus> {
  const reply = await call(edge, origin, { method: "GET", path: ["pairing", nonce, "status"] });
  return sense(() => pairingStatus(reply));
}

/** Says yes or no to a pairing. @throws GatewayError */
export async function confirm(session: Session, nonce: string, accepted: boolean): Promise<void> {
  const body = { role: "approver", accepted };
  await session.call({ method: "POST", path: ["pairing", nonce, "confirm"], body });
}

/** Closes the route to an enforcer, and cancels what is pending on it. @throws GatewayError */
export async function revoke(session: Session, enforcerId: string): Promise<void> {
  await session.call({ method: "POST", path: ["pairings", "revoke"], body: { deviceId: enforcerId } });
}

/** A page of what waits, from `cursor` on. @throws GatewayError */
export async function inbox(session: Session, cursor?: string): Promise<InboxPage> {
  const query = { limit: "100", ...(cursor === undefined ? {} : { cursor }) };
  const path = ["approvers", session.caller.deviceId, "inbox"];
  const reply = await session.call({ method: "GET", path, query, limit: PAGE + LAST });
  return sense(() => inboxPage(reply));
}

/** Room for the last item of a page. */
const LAST = 3 * 1024 * 1024;

/** Submits a signed answer. The same one again is fine. @throws GatewayError */
export async function decide(
  session: Session,
  requestId: string,
  parts: { readonly body: json.JsonObject; readonly trace: json.JsonObject },
): Promise<void> {
  const { deviceId } = session.caller;
  const body = envelopeOf("decision.submit", requestId, deviceId, session.edge.now(), parts);
  await session.call({ method: "POST", path: ["decisions"], body });
}

/** Says that a pushed message arrived: it is not pushed again. @throws GatewayError */
export async function acknowledge(session: Session, requestId: string, msgId: string): Promise<void> {
  const now = session.edge.now();
  const body = { msgId, status: "processed", ackAt: time.atMillis(now).text };
  const whole = envelopeOf("ack.submit", requestId, session.caller.deviceId, now, { body });
  await session.call({ method: "POST", path: ["acks"], body: whole });
}

/** Leaves a sealed stop for an enforcer. @throws GatewayError */
export async function stop(
  session: Session,
  enforcerId: string,
  stopId: string,
  ciphertext: sealing.Sealed,
): Promise<void> {
  const body = { enforcerId, stopId, ciphertext: sealing.sealedJson(ciphertext) };
  const whole = envelopeOf("stop.submit", "-", session.caller.deviceId, session.edge.now(), { body });
  await session.call({ method: "POST", path: ["stops"], body: whole });
}
