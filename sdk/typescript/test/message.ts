/** Messages against the JSON Schemas that are generated from the types in Rust. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { ValidateFunction } from "ajv/dist/2020.js";
import { artifact } from "../src/artifact.js";
import { JsonError, limit, parse, sha256, without } from "../src/json.js";
import type { JsonObject, JsonValue } from "../src/json.js";
import { timestamp } from "../src/time.js";
import { textOf } from "./answer.js";
import type { Outcome } from "./answer.js";

const root = fileURLToPath(new URL("../../../../schemas/", import.meta.url));
const SUFFIX = ".schema.json";

/** The generated schemas by their names. */
export const SCHEMAS: ReadonlyMap<string, ValidateFunction> = compiled();

/** Messages that are whole objects of HARP-CORE and its companions, and their schemas. */
const WHOLE: Readonly<Record<string, string>> = {
  "core.envelope": "harp-core-envelope",
  error: "harp-core-error",
  "requested-actions": "harp-requested-actions",
  "prompt.send": "harp-prompt-prompt-send",
  "prompt.ack": "harp-prompt-prompt-ack",
  "session.start": "harp-session-session-start",
  "session.status": "harp-session-session-status",
  "session.snapshot": "harp-session-session-snapshot",
  "session.end": "harp-session-session-end",
  artifact: "harp-core-artifact",
  decision: "harp-core-decision",
};

/** What the schemas of some messages cannot say. */
const RULES: Readonly<Record<string, (message: JsonObject) => boolean>> = {
  "core.envelope": ({ msgType, body }) => {
    if (msgType === "artifact.submit") return artifact(body) !== undefined;
    return fits(msgType === "error" ? "harp-core-error" : "harp-core-decision", body as JsonValue);
  },
  "requested-actions": ({ actions }) => {
    const buttons = actions as readonly { readonly id: string; readonly caption: string }[];
    const ids = new Set(buttons.map(({ id }) => id.toLowerCase()));
    return ids.size === buttons.length && buttons.every(({ caption }) => caption.trim() !== "");
  },
};

/** Messages of the gateway binding whose schema is not named like them. */
const BODIES: Readonly<Record<string, string>> = { "exchange.withdrawn": "harp-gateway-exchange-withdrawn" };

/** Members that hold the hash of the object around them. */
const HASHES = ["promptHash", "snapshotHash", "artifactHash"];

/** The most bytes of a message; 64 KiB of those that are not here. */
const LIMITS: Readonly<Record<string, number>> = {
  artifact: limit.ARTIFACT,
  "core.envelope": limit.ARTIFACT + limit.MESSAGE,
  "prompt.send": 256 * 1024,
  "session.snapshot": 5 * 1024 * 1024,
};

/** Answers a vector of the kind `message`. */
export function judgesMessage(vector: JsonObject): Outcome {
  const type = String(vector.type);
  try {
    const value = parse(textOf(vector), LIMITS[type] ?? limit.MESSAGE);
    const good = WHOLE[type] === undefined ? isEnvelope(type, value) : fits(WHOLE[type], value);
    if (!good || !(RULES[type]?.(value as JsonObject) ?? true)) throw new JsonError("Shape", "");
    return { outcome: "accepted", ...(vector.hash === undefined ? {} : { hash: hashOf(value) }) };
  } catch (error) {
    if (error instanceof JsonError) return { outcome: error.code };
    throw error;
  }
}

function isEnvelope(type: string, value: JsonValue): boolean {
  if (!fits("harp-gateway-envelope", value)) return false;
  const { msgType, requestId, body } = value as JsonObject;
  // What a schema generated from the types does not say: ids are visible ASCII.
  const named = typeof requestId === "string" && /^[!-~]{1,128}$/.test(requestId);
  const schema = BODIES[type] ?? `harp-gateway-${type.replace(".", "-")}`;
  return named && msgType === type && fits(schema, body as JsonValue);
}

function fits(schema: string, value: JsonValue): boolean {
  const validate = SCHEMAS.get(schema);
  if (validate === undefined) throw new Error(`no schema ${schema}`);
  return validate(value) === true;
}

function hashOf(value: JsonValue): string {
  const object = value as JsonObject;
  const member = HASHES.find((name) => object[name] !== undefined);
  return sha256(member === undefined ? object : without(object, member));
}

function compiled(): ReadonlyMap<string, ValidateFunction> {
  const ajv = new Ajv2020({ strict: false, ownProperties: true });
  ajv.addFormat("date-time", (text: string) => timestamp(text) !== undefined);
  ajv.addFormat("uint32", true).addFormat("uint64", true).addFormat("int64", true);
  const names = readdirSync(root).filter((name) => name.endsWith(SUFFIX));
  const read = (name: string) => JSON.parse(readFileSync(join(root, name), "utf8")) as object;
  return new Map(names.map((name) => [name.slice(0, -SUFFIX.length), ajv.compile(read(name))]));
}
