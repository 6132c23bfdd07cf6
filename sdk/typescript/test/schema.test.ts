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

test("artifacts, actions and decisions of ours fit their schemas", async () => {
  assert.ok(fits("harp-core-artifact", artifact().json));
  assert.ok(fits("countersign-action", ACTION));
  for (const word of ["allow", "deny", "approve", "reject"] as const) {
    const made = await decide(artifact(), { word, hints: { decidedAt: "x" } });
    assert.ok(fits("harp-core-decision", made.json), word);
  }
});

test("what is refused here does not fit them either", async () => {
  const made = (await decide(artifact())).json;
  const { signature: _, ...unsigned } = made;
  assert.ok(!fits("harp-core-decision", unsigned));
  assert.ok(!fits("harp-core-decision", { ...made, extra: 1 }));
  assert.ok(!fits("harp-core-artifact", { ...artifact().json, createdAt: "yesterday" }));
  assert.ok(!fits("countersign-action", { ...ACTION, extra: 1 }));
});
