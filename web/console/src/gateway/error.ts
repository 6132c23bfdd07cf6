/** "The gateway cannot be used now" apart from "the gateway will never take this". */

/** Why a gateway did not do what it was asked. Its own words are foreign, and stand nowhere here. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  /** `unreachable`, `nonsense`, or the gateway's code. */
  readonly code: string;
  /** The HTTP status; 0 where there was none. */
  readonly status: number;
  /** Milliseconds after which it wants to hear of it again, where it said so. */
  readonly retryAfter: number | undefined;

  constructor(code: string, status = 0, retryAfter?: number) {
    super(wordsOf(code, status));
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Whether the same call may succeed later. */
  get mayPass(): boolean {
    const passing = [0, 401, 403, 429].includes(this.status) || this.status >= 500;
    return passing || this.code === "nonsense";
  }
}

function wordsOf(code: string, status: number): string {
  if (code === "misdirected") return "the server of this page leads to another gateway: start `countersign console --gateway` with the pairing's own";
  if (code === "unreachable" || code === "unavailable") return "the gateway does not answer";
  if (code === "nonsense") return "what the gateway answered makes no sense";
  return `the gateway refused: ${code} (${status})`;
}

/** A code of a gateway, where it is one that can be shown. */
export function codeIn(found: unknown): string {
  return typeof found === "string" && /^[a-z_]{1,40}$/.test(found) ? found : "refused";
}
