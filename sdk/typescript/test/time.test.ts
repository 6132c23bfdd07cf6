import assert from "node:assert/strict";
import { test } from "node:test";
import { atMillis, timestamp } from "../src/time.js";

test("the text is kept and the moment compared", () => {
  const [a, b] = [timestamp("2026-02-21T12:00:00Z"), timestamp("2026-02-21T13:00:00.000+01:00")];
  assert.equal(a?.millis, b?.millis);
  assert.equal(b?.text, "2026-02-21T13:00:00.000+01:00");
  assert.equal(atMillis(a?.millis ?? 0).text, "2026-02-21T12:00:00Z");
  assert.equal(atMillis(1_500).text, "1970-01-01T00:00:01.5Z");
  assert.equal(timestamp("1969-12-31T23:59:59.9995Z")?.millis, 0);
});

test("what is not a moment of RFC 3339 is refused", () => {
  const bad = [
    "", "now", "2026-02-21", "2026-02-21T12:00:00", "2026-02-30T12:00:00Z", "2026-13-01T12:00:00Z",
    "2026-02-21 12:00:00Z", "2026-02-21t12:00:00z", "2026-02-21T24:00:00Z", "2026-02-21T23:59:60Z",
    "2026-02-21T12:00:00,5Z", "2026-02-21T12:00:00.Z", "2026-02-21T12:00:00.0123456789Z",
    "2026-02-21T12:00:00+01", "2026-02-21T12:00:00+24:00", "2026-02-21T12:00:00+01:60",
    "2026-02-21T12:00:00Z\n", "9999-12-31T23:59:59Z", "\u0662026-02-21T12:00:00Z",
  ];
  for (const text of bad) assert.equal(timestamp(text), undefined, text);
});
