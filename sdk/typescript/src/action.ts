/**
 * What would run, whole, and nothing else (PROTOCOL §2). The same call always has the same hash.
 */

import { sha256 } from "./json.js";
import type { JsonObject, JsonValue } from "./json.js";
import { isCommitment } from "./redact.js";
import * as shape from "./shape.js";

/** The kinds of actions that this version knows; every other payload is foreign. */
export type ActionKind = "command" | "tool" | "request";

/** SHA-256 of the canonical action. */
export function actionHash(payload: JsonObject): string {
  return sha256(payload);
}

/**
 * The kind of a payload of ours. `undefined` is foreign: shown whole, decided and verified, never
 * run.
 */
export function actionKind(payload: JsonObject): ActionKind | undefined {
  const { kind } = payload;
  if (kind !== "command" && kind !== "tool" && kind !== "request") return undefined;
  try {
    READERS[kind](payload);
    return kind;
  } catch {
    return undefined;
  }
}

const READERS: Readonly<Record<ActionKind, (payload: JsonObject) => void>> = {
  command(payload) {
    const required = ["kind", "argv", "cwd", "env", "program"];
    const found = shape.members(payload, "command", required, ["files", "stdinSha256", "verb"]);
    shape.list(found.argv, textOrCommitment, "argv");
    shape.text(found.cwd, "cwd");
    Object.values(shape.object(found.env, "env")).forEach((value) => textOrCommitment(value, "env"));
    pinnedFile(found.program as JsonValue, "program");
    shape.listOrAbsent(found.files, pinnedFile, "files");
    shape.optional(found.stdinSha256, shape.hash, "stdinSha256");
    shape.optional(found.verb, shape.text, "verb");
  },
  tool(payload) {
    const required = ["kind", "server", "tool", "arguments"];
    const found = shape.members(payload, "tool", required, ["descriptionSha256", "verb"]);
    shape.text(found.server, "server");
    shape.text(found.tool, "tool");
    shape.optional(found.descriptionSha256, shape.hash, "descriptionSha256");
    shape.optional(found.verb, shape.text, "verb");
  },
  request(payload) {
    const found = shape.members(payload, "request", ["kind", "action", "parameters"], ["verb"]);
    shape.text(found.action, "action");
    shape.optional(found.verb, shape.text, "verb");
  },
};

function textOrCommitment(value: JsonValue, what: string): void {
  if (typeof value !== "string" && !isCommitment(value)) {
    throw shape.shape(`${what} is neither text nor commitment`);
  }
}

function pinnedFile(value: JsonValue, what: string): void {
  const file = shape.members(value, what, ["path", "sha256"]);
  shape.text(file.path, `${what}.path`);
  shape.hash(file.sha256, `${what}.sha256`);
}
