/** The whole action on one line. */

import { action } from "@countersign/protocol";
import type { json } from "@countersign/protocol";
import { ours } from "./ours.js";
import type { Subject } from "./subject.js";
import { counted, quoted, word } from "./text.js";

/** The line for a request; a payload of another system is named so. */
export function headline({ artifact }: Subject): string {
  const kind = action.actionKind(artifact.payload);
  if (kind === undefined) return `decide on a foreign ${artifact.artifactType}`;
  if (kind !== "request") return line(artifact.payload);
  return ours(artifact.payload) ?? line(artifact.payload);
}

/** The line for the action of a receipt; `undefined` for what is none of ours, such as a change of keys. */
export function actionLine(payload: json.JsonObject): string | undefined {
  const kind = action.actionKind(payload);
  if (kind === undefined) return undefined;
  return (kind === "request" ? ours(payload) : undefined) ?? line(payload);
}

/** The line for one action of ours. */
export function line(payload: json.JsonObject): string {
  const of = (name: string) => payload[name] as string;
  switch (payload.kind) {
    case "command":
      return `run ${texts(payload.argv).map((one) => (one === undefined ? "<secret>" : word(one))).join(" ")}`;
    case "tool":
      return `call ${word(of("tool"))} of ${word(of("server"))}`;
    case "http":
      return `send ${word(of("method"))} to ${word(of("url"))}`;
    case "patch":
      return `change files at ${word(short(of("baseRevision")))}`;
    case "checkpoint":
      return boundary(payload);
    case "plan":
      return `follow the plan ${quoted(of("title"))}`;
    case "task":
      return `do the task ${quoted(of("title"))}`;
    case "batch": {
      const items = payload.items as readonly json.JsonObject[];
      return `${counted(items.length, "action")} at once: ${items.map(line).join("; ")}`;
    }
    default:
      return `request ${word(of("action"))}`;
  }
}

/** A hash by its first digits, as people name it; the whole stands among the facts. Any other name is whole. */
function short(revision: string): string {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(revision) ? revision.slice(0, 12) : revision;
}

/** The texts of a list; `undefined` for one that is only committed to. */
export function texts(list: json.JsonValue | undefined): readonly (string | undefined)[] {
  return (list as readonly json.JsonValue[]).map((one) => (typeof one === "string" ? one : undefined));
}

function boundary(payload: json.JsonObject): string {
  const of = (name: string) => payload[name] as string;
  const moved = (verb: string) => `${verb} ${word(of("target"))} with ${word(of("revision"))}`;
  switch (payload.operation) {
    case "commit":
      return `commit ${quoted(of("message"))}`;
    case "push": {
      const force = payload.force === true ? " and rewrite history" : "";
      const refs = counted((payload.refs as readonly json.JsonValue[]).length, "ref");
      return `push ${refs} to ${word(of("remote"))}${force}`;
    }
    case "tag":
      return moved("tag");
    case "migration":
      return moved("migrate");
    default:
      return moved(`${of("operation")} to`);
  }
}
