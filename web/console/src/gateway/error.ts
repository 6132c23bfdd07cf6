/** "The gateway cannot be used now" apart from "the gateway will never take this". */

/** Why a gateway did not do what it was asked. Its own words are foreign, and stand nowhere here. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  /** `unreachable`, `nonsense`, `unknown_key` where its `bad_proof` is meant, or the gateway's code. */
  readonly code: string;
  /** The HTTP status; 0 where there was none. */
  readonly status: number;
  /** Milliseconds after which it wants to hear of it again, where it said so. */
  readonly retryAfter: number | undefined;
  /** By how many milliseconds this device's clock is ahead of the gateway's, where that is why; less than 0 is behind. */
  readonly clockOff: number | undefined;

  constructor(code: string, status = 0, more: { readonly retryAfter?: number | undefined; readonly clockOff?: number | undefined } = {}) {
    super(wordsOf(code, status, more.clockOff));
    this.code = code;
    this.status = status;
    this.retryAfter = more.retryAfter;
    this.clockOff = more.clockOff;
  }

  /** Whether the same call may succeed later. */
  get mayPass(): boolean {
    const passing = [0, 401, 403, 429].includes(this.status) || this.status >= 500;
    return passing || this.code === "nonsense";
  }

  /** Whether it passes by what a person does, and not by itself. */
  get mendable(): boolean {
    return this.clockOff !== undefined || this.code === "misdirected" || this.code === "unknown_key";
  }
}

function wordsOf(code: string, status: number, clockOff?: number): string {
  if (clockOff !== undefined) return clockWords(clockOff);
  if (code === "revoked") return "the gateway says that this pairing was ended: the enforcer asks this device nothing any more; where that is wrong, pair it again";
  if (code === "bad_proof" || code === "unknown_key") return "the gateway refuses this device: it does not know its key. Another one may stand at its address for now, or this page is not at the address that it goes by. It is tried again by itself, at least once a minute; where that does not help, ask whoever runs it, and pair again only if it has lost what it knew";
  if (code === "misdirected") return "the server of this page leads to another gateway: start `countersign console --gateway` with the pairing's own";
  if (code === "unreachable" || code === "unavailable") return "the gateway does not answer";
  if (code === "nonsense") return "what the gateway answered makes no sense";
  return `the gateway refused: ${code} (${status})`;
}

/** Which of two clocks is right nobody here knows; a device's is the one that its person can set. */
function clockWords(off: number): string {
  const way = off > 0 ? "ahead of" : "behind";
  return `this device’s clock is ${span(Math.abs(off))} ${way} the gateway’s: set the date and time of this device (best by itself, from the network), and it connects; where it is right, the gateway’s is wrong`;
}

function span(millis: number): string {
  const minutes = Math.round(millis / 60_000);
  if (minutes < 120) return `${minutes} minutes`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} hours` : `${Math.round(minutes / (24 * 60))} days`;
}

/** A code of a gateway, where it is one that can be shown. */
export function codeIn(found: unknown): string {
  return typeof found === "string" && /^[a-z_]{1,40}$/.test(found) ? found : "refused";
}
