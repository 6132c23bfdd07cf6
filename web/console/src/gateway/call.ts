/** One call: a request, and a reply that is read strictly and up to a limit. */

import { json, time } from "@countersign/protocol";
import type { Edge } from "../edge.js";
import { GatewayError, codeIn } from "./error.js";

/** How long a call may take. */
const PATIENCE = 30_000;

const MEDIA_TYPE = "application/harp+json";

/** The header that says whom a call is for, where it goes to another address. */
const MEANT_FOR = "countersign-gateway";

/** What to ask. */
export interface Ask {
  readonly method: "GET" | "POST" | "DELETE";
  /** The parts of the path behind `/v1/`. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: json.JsonValue;
  readonly token?: string;
  /** The most bytes of the reply. */
  readonly limit?: number;
}

/**
 * Makes a call; `undefined` is a reply without a body.
 *
 * @throws GatewayError
 */
export async function call(edge: Edge, origin: string, ask: Ask): Promise<json.JsonValue | undefined> {
  const response = await send(edge, origin, ask, AbortSignal.timeout(PATIENCE));
  const most = ask.limit ?? json.limit.MESSAGE;
  const bytes = await whole(response, most);
  if (!response.ok) throw refusal(edge, response, bytes);
  return bytes.length === 0 ? undefined : sense(() => json.parse(bytes, most));
}

/**
 * Sends a request. Never a redirect, and no cookie: both would let another party have a say in where
 * a token goes.
 *
 * @throws GatewayError `unreachable`
 */
async function send(
  edge: Edge,
  origin: string,
  ask: Ask,
  signal: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = {};
  // Whoever stands at the address may lead to another gateway by now.
  if (edge.address(origin) !== origin) headers[MEANT_FOR] = origin;
  if (ask.token !== undefined) headers.authorization = `Bearer ${ask.token}`;
  if (ask.body !== undefined) headers["content-type"] = MEDIA_TYPE;
  const rules = { redirect: "error", credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer" } as const;
  const body = ask.body === undefined ? {} : { body: json.canonicalText(ask.body) };
  try {
    return await edge.fetch(urlOf(edge, origin, ask), { method: ask.method, headers, signal, ...rules, ...body });
  } catch {
    throw new GatewayError("unreachable");
  }
}

/** What makes no sense is told as such, whatever it breaks. */
export function sense<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw new GatewayError("nonsense");
  }
}

function urlOf(edge: Edge, origin: string, { path, query }: Ask): string {
  // A part of dots would be another path.
  if (path.some((part) => ["", ".", ".."].includes(part))) throw new GatewayError("nonsense");
  const asked = new URLSearchParams(query).toString();
  const behind = path.map((part) => encodeURIComponent(part)).join("/");
  return `${edge.address(origin)}/v1/${behind}${asked === "" ? "" : `?${asked}`}`;
}

/** The refusal of a gateway, by its envelope `error`. */
function refusal(edge: Edge, response: Response, bytes: Uint8Array): GatewayError {
  const seconds = Number(response.headers.get("retry-after") ?? "");
  const retryAfter = seconds > 0 && seconds < 86_400 ? seconds * 1000 : undefined;
  let code = "refused";
  let clockOff: number | undefined;
  try {
    const { body } = json.parse(bytes, json.limit.MESSAGE) as { body?: { code?: unknown; details?: { gatewayTime?: unknown } } };
    code = codeIn(body?.code);
    const there = body?.details?.gatewayTime;
    const millis = typeof there === "string" ? time.timestamp(there)?.millis : undefined;
    clockOff = millis === undefined ? undefined : edge.now() - millis;
  } catch {
    // A proxy in between speaks another language.
  }
  return new GatewayError(code, response.status, { retryAfter, clockOff });
}

async function whole(response: Response, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  try {
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
      size += next.value.length;
      if (size > most) break;
      parts.push(next.value);
    }
  } catch {
    throw new GatewayError("unreachable");
  }
  if (size > most) {
    reader?.cancel().catch(() => undefined);
    throw new GatewayError("nonsense");
  }
  const bytes = new Uint8Array(size);
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return bytes;
}
