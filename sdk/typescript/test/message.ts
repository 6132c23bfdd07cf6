/** Messages against the JSON Schemas that are generated from the types in Rust. */

import type { JsonObject } from "../src/json.js";
import type { Outcome } from "./answer.js";

/** Answers a vector of the kind `message`. */
export function judgesMessage(_vector: JsonObject): Outcome {
  return { outcome: "Shape" };
}
