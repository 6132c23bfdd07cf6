/**
 * What would run, whole, and nothing else (PROTOCOL §2). The same call always has the same hash.
 *
 * Each kind is strict: a payload that breaks a rule of its kind is foreign, so that no two programs
 * can take it for different things.
 */

import { sha256 } from "./json.js";
import type { JsonObject, JsonValue } from "./json.js";
import { isOperation } from "./operation.js";
import { isCommitment } from "./redact.js";
import * as shape from "./shape.js";

/** The kinds of actions; every other payload is foreign. */
export const ACTION_KINDS = [
  "command", "tool", "http", "patch", "checkpoint", "plan", "task", "request", "batch",
] as const;
export type ActionKind = (typeof ACTION_KINDS)[number];

/** SHA-256 of the canonical action. */
export function actionHash(payload: JsonObject): string {
  return sha256(payload);
}

/**
 * The kind of a payload of ours. `undefined` is foreign: shown whole, decided and verified, never
 * run.
 */
export function actionKind(payload: JsonObject): ActionKind | undefined {
  const kind = ACTION_KINDS.find((one) => one === payload.kind);
  if (kind === undefined) return undefined;
  try {
    READERS[kind](payload);
    return kind;
  } catch {
    return undefined;
  }
}

/** How many items the payload has; `undefined` where it is no batch of ours. */
export function itemsIn(payload: JsonObject): number | undefined {
  // Most are none, and are not read for it.
  const batch = payload.kind === "batch" && actionKind(payload) === "batch";
  return batch && Array.isArray(payload.items) ? payload.items.length : undefined;
}

/** Each refuses what is not an action of its kind. */
const READERS: Readonly<Record<ActionKind, (payload: JsonObject) => void>> = {
  command(payload) {
    const required = ["kind", "argv", "cwd", "env", "program"];
    const found = shape.members(payload, "command", required, ["files", "stdinSha256", "verb"]);
    shape.list(found.argv, textOrCommitment, "argv");
    shape.text(found.cwd, "cwd");
    textsByName(found.env, "env");
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
  http,
  patch(payload) {
    const found = shape.members(payload, "patch", ["kind", "diff", "baseRevision"], ["verb"]);
    shape.filled(found.diff, "diff");
    shape.filled(found.baseRevision, "baseRevision");
    shape.optional(found.verb, shape.text, "verb");
  },
  checkpoint: isOperation,
  plan,
  task: plan,
  request(payload) {
    const found = shape.members(payload, "request", ["kind", "action", "parameters"], ["verb"]);
    shape.text(found.action, "action");
    shape.optional(found.verb, shape.text, "verb");
  },
  batch(payload) {
    const found = shape.members(payload, "batch", ["kind", "items"], ["verb"]);
    const items = shape.list(found.items, shape.object, "items");
    // An index names exactly one action, so a batch holds no batch.
    const good = items.every((item) => item.kind !== "batch" && actionKind(item) !== undefined);
    if (items.length === 0 || !good) throw shape.shape("a batch holds actions, and no batch");
    shape.optional(found.verb, shape.text, "verb");
  },
};

function http(payload: JsonObject): void {
  const found = shape.members(
    payload,
    "http",
    ["kind", "method", "url", "headers"],
    ["body", "bodySha256", "credential", "verb"],
  );
  const url = shape.text(found.url, "url");
  // `https://bank.example@evil.example/` looks like the one and is the other.
  const host = url.replace(/^https?:\/\//, "").split(/[/?#]/)[0] ?? "";
  const sendable =
    /^[A-Z]+$/.test(shape.text(found.method, "method")) &&
    /^https?:\/\//.test(url) &&
    /^[!-[\]-~]+$/.test(url) &&
    host !== "" &&
    !host.includes("@") &&
    Object.keys(shape.object(found.headers, "headers")).every((name) => /^[a-z0-9_-]+$/.test(name)) &&
    (found.body === undefined) !== (found.bodySha256 === undefined);
  if (!sendable) throw shape.shape("a request that could be sent in two ways, or in none");
  textsByName(found.headers, "headers");
  shape.optional(found.body, textOrCommitment, "body");
  shape.optional(found.bodySha256, shape.hash, "bodySha256");
  shape.optional(found.credential, shape.text, "credential");
  shape.optional(found.verb, shape.text, "verb");
}

function plan(payload: JsonObject): void {
  const found = shape.members(payload, "plan", ["kind", "title", "steps"], ["verb"]);
  shape.filled(found.title, "title");
  shape.list(found.steps, shape.text, "steps");
  shape.optional(found.verb, shape.text, "verb");
}

function textsByName(value: JsonValue | undefined, what: string): void {
  Object.values(shape.object(value, what)).forEach((one) => textOrCommitment(one, what));
}

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
