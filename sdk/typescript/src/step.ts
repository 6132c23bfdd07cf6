/** What one receipt changes of what may happen after it. */

import { sha256 as digest } from "@noble/hashes/sha2.js";
import { actionKind } from "./action.js";
import { requestOf, routeOf } from "./artifact.js";
import { hex, utf8 } from "./encoding.js";
import { grantIn, signedGrant } from "./grant.js";
import type { GrantNote } from "./grant.js";
import { JsonError } from "./json.js";
import type { JsonObject } from "./json.js";
import type { Content } from "./receipt.js";

/** The name of the request that lets go again what was stopped. */
const THAW = "countersign.thaw";

/** The artifacts that people were asked with together, and what the policy said of them. */
export interface Round {
  /** From 1. */
  readonly number: number;
  /** A hash over their hashes, in the order in which they were made, and over the note. */
  readonly artifacts: string;
}

/** A request, and the artifacts that a receipt of it names. */
export interface Of {
  readonly request: string;
  readonly round: Round;
}

/** The change. Requests, grants and holds are named as receipts name them. */
export type Step =
  | { readonly what: "nothing" }
  /** A policy let something go; under a name, where what comes of it is told. */
  | { readonly what: "allowed"; readonly request?: string }
  /** People are asked, or answered, and it goes on waiting. */
  | { readonly what: "suspended"; readonly of: Of }
  /** Others are asked in place of those of this round. */
  | { readonly what: "escalated"; readonly of: Of }
  /** Enough of them allowed it. */
  | { readonly what: "approved"; readonly of: Of }
  /** The approval of a request was used, all of it or some items. */
  | { readonly what: "released"; readonly of: Of; readonly items: readonly number[] | undefined }
  /** The same, to end a stop: the one of the receipt that it names. */
  | { readonly what: "thaws"; readonly of: Of; readonly stop: number | undefined }
  /** A grant was used: by which request, given by which, how often at most. */
  | {
      readonly what: "uses";
      readonly request: string;
      readonly giver: string;
      readonly grant: string;
      readonly count: number | undefined;
    }
  /** What came of something that was let go, all of it or some items. */
  | { readonly what: "told"; readonly request: string; readonly items: readonly number[] | undefined }
  /** A request ended without its use. */
  | { readonly what: "ended"; readonly request: string }
  /** The approval of a request gave a grant; whether it asked for nothing else. */
  | { readonly what: "granted"; readonly of: Of; readonly whole: boolean }
  /** A grant was taken back; also which request gave it, where that is said. */
  | { readonly what: "revoked"; readonly grant: string; readonly request: string | undefined }
  /** Everything was stopped. */
  | { readonly what: "frozen" }
  /** The stop ended, by the approval of this request. */
  | { readonly what: "thawed"; readonly request: string }
  | { readonly what: "held" | "unheld"; readonly hold: string }
  /** Receipts were dropped. */
  | { readonly what: "dropped" };

const NOTHING: Step = { what: "nothing" };

/** What a receipt changes. Whether it holds by itself was checked before. */
export function stepOf(content: Content): Step {
  const { requestId: request, event, items } = content;
  if (request === undefined) return change(content);
  const of = (): Of => ({ request, round: roundOf(content) });
  switch (event) {
    case "allowed":
      return { what: "allowed", request };
    case "observed":
      // Seen while nothing is enforced, and let go: what speaks of a question rests on people.
      return content.basis === "policy" ? { what: "allowed", request } : NOTHING;
    case "suspended":
    case "escalated":
    case "approved":
      return { what: event, of: of() };
    case "released":
      return released(content, of);
    case "executed":
    case "failed":
    case "uncertain":
      return { what: "told", request, items };
    case "denied":
    case "withdrawn":
    case "expired":
      return { what: "ended", request };
    case "granted":
      return { what: "granted", of: of(), whole: content.action !== undefined && grantIn(content.action) !== undefined };
    default:
      return NOTHING;
  }
}

function released({ requestId = "", grant, action, items }: Content, of: () => Of): Step {
  if (grant !== undefined) return used(requestId, grant);
  if (action === undefined || !thaws(action)) return { what: "released", of: of(), items };
  const stop = (action.parameters as JsonObject | null)?.receipt;
  return { what: "thaws", of: of(), stop: typeof stop === "number" && stop >= 0 ? stop : undefined };
}

/** Whether what was allowed is the end of a stop. It lets nothing else go. */
function thaws(action: JsonObject): boolean {
  return action.action === THAW && actionKind(action) === "request";
}

function used(request: string, note: GrantNote): Step {
  const [first] = note.artifacts;
  const giver = first === undefined ? undefined : readable(() => requestOf(first));
  const grant = signedGrant(note);
  if (giver === undefined || grant === undefined) return NOTHING;
  return { what: "uses", request, giver, grant: note.id, count: grant.count };
}

/** What a receipt says that belongs to no request. */
function change({ event, action = {} }: Content): Step {
  if (event === "allowed") return { what: "allowed" };
  const text = (name: string) => (typeof action[name] === "string" ? (action[name] as string) : undefined);
  const [grant, hold, request, by] = ["grant", "hold", "request", "by"].map(text);
  switch (`${event} ${text("kind")} ${text("change")}`) {
    case "revoked grant revoked":
      return grant === undefined ? NOTHING : { what: "revoked", grant, request };
    case "frozen freeze frozen":
      return by === undefined ? NOTHING : { what: "frozen" };
    case "frozen freeze thawed":
      return request === undefined ? NOTHING : { what: "thawed", request };
    case "observed ledger held":
      return hold === undefined ? NOTHING : { what: "held", hold };
    case "observed ledger released":
      return hold === undefined ? NOTHING : { what: "unheld", hold };
    case "observed ledger dropped":
      return { what: "dropped" };
    default:
      return NOTHING;
  }
}

/** The round of a receipt's artifacts, as the first of them says. */
function roundOf({ artifacts: heads, policy }: Content): Round {
  const [first] = heads;
  const route = first === undefined ? undefined : readable(() => routeOf(first));
  const named = heads.map((head) => head.artifactHash).join("") + (policy?.text ?? "");
  const artifacts = hex(digest(utf8(named)));
  return { number: route?.round ?? 1, artifacts };
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}
