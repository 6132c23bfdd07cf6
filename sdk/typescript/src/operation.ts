/** Boundaries that an agent would cross: commits, pushes, tags, deployments, releases, migrations. */

import type { JsonObject, JsonValue } from "./json.js";
import * as shape from "./shape.js";

const OPERATIONS = ["commit", "push", "tag", "deploy", "release", "migration"] as const;

/**
 * Demands an action of the kind `checkpoint`.
 *
 * @throws JsonError `Shape`
 */
export function isOperation(payload: JsonObject): void {
  const operation = shape.word(payload.operation, OPERATIONS, "operation");
  if (operation === "commit") commit(payload);
  else if (operation === "push") push(payload);
  else move(payload);
}

function commit(payload: JsonObject): void {
  const found = operation(payload, ["tree", "parents", "message"]);
  revision(found.tree, "tree");
  shape.list(found.parents, revision, "parents");
  shape.text(found.message, "message");
}

function push(payload: JsonObject): void {
  const found = operation(payload, ["remote", "refs", "force"]);
  shape.filled(found.remote, "remote");
  shape.bool(found.force, "force");
  const names = shape.list(found.refs, refMove, "refs");
  if (names.length === 0 || new Set(names).size !== names.length) {
    throw shape.shape("a push moves at least one ref, and each once");
  }
}

function move(payload: JsonObject): void {
  const found = operation(payload, ["target", "revision"]);
  shape.filled(found.target, "target");
  revision(found.revision, "revision");
}

function operation(payload: JsonObject, own: readonly string[]): JsonObject {
  const found = shape.members(payload, "operation", ["kind", "operation", ...own], ["verb"]);
  shape.optional(found.verb, shape.text, "verb");
  return found;
}

/** The name of a ref that would move. */
function refMove(value: JsonValue, what: string): string {
  const found = shape.members(value, what, ["name"], ["old", "new"]);
  shape.optional(found.old, revision, "old");
  shape.optional(found.new, revision, "new");
  if (found.old === undefined && found.new === undefined) {
    throw shape.shape("a ref of a push has an old or a new revision");
  }
  return shape.filled(found.name, "name");
}

/** A name that can only ever mean one thing. A branch can be moved after it was approved. */
function revision(value: JsonValue | undefined, what: string): string {
  const found = shape.text(value, what);
  if (!/^([0-9a-f]{40}|(sha256:)?[0-9a-f]{64})$/.test(found)) {
    throw shape.shape(`${what} is no revision that cannot move`);
  }
  return found;
}
