/** The history by days, newest first. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Remembered } from "../src/model.js";
import { dateOf, days, momentOf, nameOf, newestFirst } from "../src/ui/days.js";

const at = (requestId: string, seen: Date, answered?: Date): Remembered =>
  ({
    pairId: "p", requestId, seenAt: seen.toISOString(), review: {} as Remembered["review"],
    ...(answered === undefined ? {} : { answer: { say: "allow", decidedAt: answered.toISOString(), sent: "taken" } }),
  }) as Remembered;

test("newest first by what happened last, in days of this device", () => {
  const day = (n: number, hour: number) => new Date(2026, 1, n, hour, 30);
  const list = [
    at("seen early, answered late", day(10, 8), day(12, 9)), at("old", day(9, 23)), at("new", day(12, 10)), at("just after midnight", day(10, 0)),
    at("broken", new Date(0)),
  ].map((one) => (one.requestId === "broken" ? { ...one, seenAt: "never" } : one));
  const sorted = newestFirst(list);
  assert.deepEqual(sorted.map(({ requestId }) => requestId), ["new", "seen early, answered late", "just after midnight", "old", "broken"]);
  const found = days(sorted.slice(0, 4));
  assert.deepEqual(found.map(({ date, entries }) => [date, entries.length]), [["2026-02-12", 2], ["2026-02-10", 1], ["2026-02-09", 1]]);
  assert.equal(momentOf(list[0] as Remembered), day(12, 9).toISOString());
  assert.equal(days(sorted).at(-1)?.entries[0]?.requestId, "broken");
});

test("the last two days are called by name, also over the end of a month", () => {
  const names = { today: "Today", yesterday: "Yesterday" };
  const now = new Date(2026, 2, 1, 0, 5);
  assert.equal(nameOf("2026-03-01", now, names), "Today");
  assert.equal(nameOf("2026-02-28", now, names), "Yesterday");
  assert.match(nameOf("2026-02-27", now, names), /27/);
  assert.equal(nameOf("NaN-NaN-NaN", now, names), "NaN-NaN-NaN");
  assert.equal(dateOf(now), "2026-03-01");
});
