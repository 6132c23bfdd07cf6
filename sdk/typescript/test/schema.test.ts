/** What is signed and read here fits the schemas that the other implementation generates. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalText } from "../src/json.js";
import type { JsonObject } from "../src/json.js";
import { ACTION, artifact, decide } from "./fixture.js";
import { SCHEMAS } from "./message.js";

function fits(name: string, value: JsonObject): boolean {
  return SCHEMAS.get(name)?.(JSON.parse(canonicalText(value))) === true;
}

test("artifacts, actions and decisions of ours fit their schemas", () => {
  assert.ok(fits("harp-core-artifact", artifact().json));
  assert.ok(fits("countersign-action", ACTION));
  for (const word of ["allow", "deny", "approve", "reject"] as const) {
    assert.ok(fits("harp-core-decision", decide(artifact(), { word, hints: { decidedAt: "x" } }).json), word);
  }
});

test("what is refused here does not fit them either", () => {
  const { signature: _, ...unsigned } = decide(artifact()).json;
  assert.ok(!fits("harp-core-decision", unsigned));
  assert.ok(!fits("harp-core-decision", { ...decide(artifact()).json, extra: 1 }));
  assert.ok(!fits("harp-core-artifact", { ...artifact().json, createdAt: "yesterday" }));
  assert.ok(!fits("countersign-action", { ...ACTION, extra: 1 }));
});
