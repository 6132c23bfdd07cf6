/**
 * What a home asks about itself, in one line. No caller may ask under these names, and whatever
 * the line leaves out stands among the facts, whole.
 */

import { action, grant } from "@countersign/protocol";
import type { json } from "@countersign/protocol";
import { line } from "./headline.js";
import { counted, word } from "./text.js";

/** The line; `undefined` where it is a request like any other. */
export function ours(payload: json.JsonObject): string | undefined {
  const parameters = payload.parameters as json.JsonValue;
  const of = (name: string) => wordAt(parameters, name);
  switch (payload.action) {
    case "countersign.grant.add":
      return granting(payload);
    case "countersign.policy.accept":
      return filled`accept the policy of ${of("workspace") ?? of("place")}, sha256 ${of("sha256")}`;
    case "countersign.pair":
      return filled`let ${of("person")} approve here, with a new key ${of("fingerprint")}`;
    case "countersign.trust.set":
      return filled`change what ${people(parameters)} may answer here`;
    case "countersign.trust.import":
      return filled`pin keys from a file: ${people(parameters)}`;
    case "countersign.key.rotate":
      return filled`replace the key of ${people(parameters)}`;
    case "countersign.thaw":
      return filled`let actions run again, which ${of("by")} stopped`;
    default:
      return undefined;
  }
}

/** The text, where nothing that goes into it is missing. */
function filled(parts: TemplateStringsArray, ...values: readonly (string | undefined)[]): string | undefined {
  return values.includes(undefined) ? undefined : String.raw({ raw: parts }, ...values);
}

function granting(payload: json.JsonObject): string | undefined {
  if (grant.grantIn(payload) === undefined) return undefined;
  const wanted = payload.parameters as json.JsonObject;
  const call = wanted.action as json.JsonObject;
  if (action.actionKind(call) === undefined) return undefined;
  const times = wanted.count === undefined ? "" : `, ${counted(Number(wanted.count), "time")} at most`;
  return `allow until ${String(wanted.expiresAt)}${times}, unasked: ${line(call)}`;
}

/** Whose records change: each of them, once. */
function people(parameters: json.JsonValue): string | undefined {
  const edits = member(parameters, "approvers");
  if (!Array.isArray(edits)) return undefined;
  const all = edits.map((edit: json.JsonValue) => wordAt(member(edit, "after"), "person"));
  return all.length === 0 || all.includes(undefined) ? undefined : [...new Set(all)].join(", ");
}

function wordAt(value: json.JsonValue | undefined, name: string): string | undefined {
  const found = member(value, name);
  return typeof found === "string" ? word(found) : undefined;
}

function member(value: json.JsonValue | undefined, name: string): json.JsonValue | undefined {
  const object = typeof value === "object" && value !== null && !Array.isArray(value);
  return object && Object.hasOwn(value, name) ? (value as json.JsonObject)[name] : undefined;
}
