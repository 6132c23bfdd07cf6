/**
 * What the gateway pushes, over a WebSocket of this device's own. Browsers give six connections to one
 * address for everything else, and many for these. The token stands in the first frame, since a page can
 * send no header with it, and what stands in an address ends up in logs.
 */

import { json } from "@countersign/protocol";
import { SLOW, backoff } from "./backoff.js";
import { sense } from "./call.js";
import { GatewayError, codeIn } from "./error.js";
import { Line } from "./line.js";
import { envelope } from "./messages.js";
import type { Envelope } from "./messages.js";
import type { Session } from "./session.js";

/** How long a channel may say nothing: the gateway pings every 30 s. */
export const SILENCE = 75_000;

/** A channel that lasted so long was a good one: the next try does not wait longer than the first. */
const LASTED = 10_000;

/** Whoever has too many channels comes back after this. */
const CROWDED = 60_000;

/** A gateway that restarts between its nonce and the proof refuses a good one; twice in a row it means it. */
const REFUSALS = 2;

/** What comes of a channel. */
export interface Follower {
  /** It is open. What came while it was not has to be asked for. */
  opened(): Promise<void>;
  /** A message was pushed. */
  pushed(message: Envelope): Promise<void>;
  /** It is away, and is tried again after so many milliseconds. */
  away(error: GatewayError, after: number): void;
}

/**
 * Follows the channel of a device until the signal says stop, and opens it again each time it ends.
 *
 * @returns why the gateway will have nothing of this device any more; nothing where the signal ended it
 */
export async function follow(session: Session, follower: Follower, signal: AbortSignal): Promise<GatewayError | undefined> {
  const { edge } = session;
  let refusals = 0;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const began = edge.now();
    const found = await once(session, follower, signal).catch(reasonOf);
    if (signal.aborted) return undefined;
    if (found.code === "revoked") return found;
    refusals = found.code === "bad_proof" && found.clockOff === undefined ? refusals + 1 : 0;
    // Another gateway may stand at its address for a while: what it knows is no end of a pairing.
    const unknown = refusals >= REFUSALS;
    const error = unknown ? new GatewayError("unknown_key", found.status, found) : found;
    if (edge.now() - began >= LASTED) attempt = 0;
    const asked = error.retryAfter ?? (error.code === "too_many" ? CROWDED : 0);
    const after = Math.max(backoff(attempt, edge.random(1)[0] ?? 0, unknown ? SLOW : undefined), asked);
    follower.away(error, after);
    await edge.sleep(after, signal);
  }
  return undefined;
}

/** One channel, from its opening to its end. */
async function once(session: Session, follower: Follower, signal: AbortSignal): Promise<GatewayError> {
  // Whatever ends this, also something that breaks here: the connection does not stay behind.
  const hangUp = new AbortController();
  const either = AbortSignal.any([signal, hangUp.signal]);
  try {
    const line = await session.with((token) => open(session, token, either));
    await follower.opened();
    for (;;) {
      const said = await line.next(SILENCE);
      if (said === undefined) return new GatewayError("unreachable");
      if (isPing(said)) continue;
      const message = sense(() => envelope(said));
      if (message.msgType === "error") return refused(message);
      await follower.pushed(message);
    }
  } finally {
    hangUp.abort();
  }
}

/** @throws GatewayError with the status of the refusal, as a call has it */
async function open({ edge, caller }: Session, token: string, signal: AbortSignal): Promise<Line> {
  const { gateway, deviceId } = caller;
  const asked = new URLSearchParams({ role: "approver", id: deviceId, gateway });
  const address = edge.address(gateway).replace(/^http/, "ws");
  const line = Line.to(edge, `${address}/v1/ws?${asked.toString()}`, signal);
  await line.say(json.canonicalText({ msgType: "hello", capabilities: { ping: true, push: true }, token }));
  const said = await line.next(SILENCE);
  if (said === undefined) throw new GatewayError("unreachable");
  if (isHello(said)) return line;
  const message = sense(() => envelope(said));
  throw message.msgType === "error" ? refused(message) : new GatewayError("nonsense");
}

function typeOf(said: json.JsonValue): unknown {
  return typeof said === "object" && said !== null && "msgType" in said ? said.msgType : undefined;
}

const isHello = (said: json.JsonValue): boolean => typeOf(said) === "hello";
const isPing = (said: json.JsonValue): boolean => typeOf(said) === "ping";

function refused({ body }: Envelope): GatewayError {
  const code = codeIn(body.code);
  return new GatewayError(code, code === "unauthenticated" ? 401 : 0);
}

/** What is wrong on this side is nothing that another try mends. */
function reasonOf(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  throw error;
}

