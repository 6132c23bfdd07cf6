/**
 * What a signed decision says: yes, no, ask somebody else, or yes to some (PROTOCOL §5).
 *
 * Everything that a plain HARP enforcer does not know is written as a `deny`, so that ignoring the
 * hints permits nothing that honouring them would not.
 */

import { allows, hint } from "./decision.js";
import type { Decision } from "./decision.js";
import { isHash } from "./encoding.js";
import { JsonError } from "./json.js";
import type { JsonValue } from "./json.js";
import type { Route } from "./route.js";
import * as shape from "./shape.js";

/** What a person answered. Whether the decision counts is for the module `verify` to say. */
export type Meaning =
  | { readonly says: "allow" }
  | { readonly says: "deny" }
  /** No from this one: ask another, the next one where no name is there. */
  | { readonly says: "escalate"; readonly to?: string }
  /** Yes to these items of a batch, in rising order, and no to the others. */
  | { readonly says: "partial"; readonly items: readonly number[] };

/**
 * Reads what a decision says about an action of `items` items; `undefined` is no batch. No answer
 * comes back where the hints are unclear: such a decision permits nothing.
 */
export function meaning(
  decision: Decision,
  items: number | undefined,
  route: Route,
): Meaning | undefined {
  const hints = decision.policyHints;
  const [escalate, some] = [hints?.[hint.ESCALATE], hints?.[hint.ITEMS]];
  if (allows(decision.decision)) {
    // A yes that names items or somebody else to ask does not say yes to all of it.
    return escalate === undefined && some === undefined ? { says: "allow" } : undefined;
  }
  if (escalate !== undefined && some !== undefined) return undefined;
  if (escalate !== undefined) return clear(() => whom(escalate));
  if (some === undefined) return { says: "deny" };
  // The word is a no, so nothing has checked yet how far this yes reaches.
  const offered = route.scopes.includes(decision.scope);
  if (!offered || (route.reasonRequired && !givesReason(decision))) return undefined;
  return clear(() => part(some, items ?? 0));
}

/** Whether a reason was signed: a hint that is no hash commits to none. */
export function givesReason(decision: Decision): boolean {
  const hash = decision.policyHints?.[hint.REASON_HASH];
  return typeof hash === "string" && isHash(hash);
}

/** A decision in the word of a receipt. */
export function wordOf(decision: Decision): "approved" | "partial" | "escalated" | "rejected" {
  const hints = decision.policyHints;
  if (allows(decision.decision)) return "approved";
  if (hints?.[hint.ITEMS] !== undefined) return "partial";
  return hints?.[hint.ESCALATE] === undefined ? "rejected" : "escalated";
}

function whom(value: JsonValue): Meaning {
  const found = shape.members(value, "escalate", [], ["to"]);
  if (found.to === undefined) return { says: "escalate" };
  return { says: "escalate", to: shape.filled(found.to, "to") };
}

/** Some items of a batch of `size`: at least one and not all, each once, in rising order. */
function part(value: JsonValue, size: number): Meaning {
  const items = shape.list(value, shape.count, "items");
  if (!areItems(items, size) || items.length === size) throw shape.shape("not some of the items");
  return { says: "partial", items };
}

/** Whether these are items of a batch of `size`: at least one, each once, in rising order. */
export function areItems(items: readonly number[], size: number): boolean {
  const rising = items.every((item, at) => at === 0 || item > (items[at - 1] ?? item));
  return rising && items.length > 0 && (items.at(-1) ?? size) < size;
}

function clear(read: () => Meaning): Meaning | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}
