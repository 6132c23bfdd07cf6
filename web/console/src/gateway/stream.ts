/** What the gateway pushes, read with `fetch` so that the token stands in a header. */

import { json } from "@countersign/protocol";
import { backoff } from "./backoff.js";
import { refusalOf, send, sense } from "./call.js";
import { GatewayError } from "./error.js";
import { EventReader } from "./events.js";
import { PAGE, envelope } from "./messages.js";
import type { Envelope } from "./messages.js";
import type { Session } from "./session.js";

/** How long a stream may say nothing: the gateway pings every 30 s. */
export const SILENCE = 75_000;

/** A stream that lasted so long was a good one: the next try does not wait longer than the first. */
const LASTED = 10_000;

/** What comes of a stream. */
export interface Follower {
  /** It is open. What came while it was not has to be asked for. */
  opened(): Promise<void>;
  /** A message was pushed. */
  pushed(message: Envelope): Promise<void>;
  /** It is away, and is tried again after so many milliseconds. */
  away(error: GatewayError, after: number): void;
}

/** Follows the stream of a device until the signal says stop, and opens it again each time it ends. */
export async function follow(session: Session, follower: Follower, signal: AbortSignal): Promise<void> {
  const { edge } = session;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const began = edge.now();
    const error = await once(session, follower, signal).catch(reasonOf);
    if (signal.aborted) return;
    const lasted = edge.now() - began >= LASTED;
    if (lasted) attempt = 0;
    // With its session a stream ends as well, and nobody is away.
    if (lasted && error.code === "ended") continue;
    const after = Math.max(backoff(attempt, edge.random(1)[0] ?? 0), error.retryAfter ?? 0);
    follower.away(error, after);
    await edge.sleep(after, signal);
  }
}

/** One stream, from its opening to its end. */
async function once(
  session: Session,
  follower: Follower,
  signal: AbortSignal,
): Promise<GatewayError> {
  // Whatever ends this, also something that breaks here: the connection does not stay behind.
  const hangUp = new AbortController();
  try {
    const response = await session.with((token) => open(session, token, AbortSignal.any([signal, hangUp.signal])));
    const body = response.body?.getReader();
    if (body === undefined) throw new GatewayError("nonsense");
    await follower.opened();
    const events = new EventReader();
    for (;;) {
      const bytes = await next(session, body, signal);
      if (bytes === undefined) return new GatewayError("unreachable");
      for (const { name, data } of events.take(bytes)) {
        if (name === "ping") continue;
        const message = sense(() => envelope(json.parse(data, PAGE)));
        if (name === "error") return new GatewayError("ended");
        await follower.pushed(message);
      }
    }
  } finally {
    hangUp.abort();
  }
}

async function open(session: Session, token: string, signal: AbortSignal): Promise<Response> {
  const { edge, caller } = session;
  const path = ["sse", "approvers", caller.deviceId];
  const response = await send(edge, caller.gateway, { method: "GET", path, token }, signal);
  if (response.ok) return response;
  throw await refusalOf(response);
}

/** The next bytes; `undefined` where it ended, or said nothing for too long. */
async function next(
  { edge }: Session,
  body: ReadableStreamDefaultReader<Uint8Array>,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const heard = new AbortController();
  const silence = edge.sleep(SILENCE, AbortSignal.any([signal, heard.signal])).then(() => undefined);
  try {
    const read = body.read().then(({ value }) => value, () => undefined);
    return await Promise.race([read, silence]);
  } finally {
    heard.abort();
  }
}

/** What is wrong on this side is nothing that another try mends. */
function reasonOf(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  throw error;
}
