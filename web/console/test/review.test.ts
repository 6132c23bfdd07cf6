/** The console's review is the terminal's: label by label, quote by quote. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { artifact, json, redact } from "@countersign/protocol";
import { answering, displayHash, hasDeceptive, reviewOf, visible, withoutSecrets } from "../src/review/index.js";
import type { Subject } from "../src/review/index.js";
import type { Review } from "../src/model.js";
import { workOf } from "./work.js";

const FILE = new URL("../../test/reviews.json", import.meta.url);
const read = json.parse(readFileSync(FILE), 4 * 1024 * 1024) as json.JsonObject;
const pairing = read.pairing as unknown as Subject["pairing"];

interface Vector {
  readonly name: string;
  readonly subject: Subject;
  readonly expected: json.JsonObject;
}

const vectors: readonly Vector[] = (read.reviews as readonly json.JsonObject[]).map((one) => ({
  name: one.name as string,
  subject: {
    artifact: artifact.artifact(one.artifact),
    disclosures: ((one.disclosures ?? []) as readonly json.JsonValue[]).map((d) => redact.disclosure(d)),
    pairing,
  },
  expected: one.review as json.JsonObject,
}));

const of = (name: string): Vector => {
  const found = vectors.find((one) => one.name === name);
  assert.ok(found, name);
  return found;
};

/** As JSON has it: without what is absent. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

for (const { name, subject, expected } of vectors) {
  test(`attack_06 the terminal shows the same: ${name}`, () => {
    const made = reviewOf(subject);
    assert.deepEqual(plain(made), plain(expected));
    assert.equal(displayHash(made), json.sha256(expected));
  });
}

test("there are vectors", () => assert.ok(vectors.length > 80));

test("attack_06 nothing that misleads stands in any review", () => {
  for (const { name, subject } of vectors) {
    const { action, ...rest } = reviewOf(subject);
    // `raw` is on no screen.
    const shown = { ...rest, action: action.map(({ raw: _, ...one }) => one) };
    assert.ok(!hasDeceptive(JSON.stringify(shown)), name);
  }
});

test("attack_06 keys are told in words only where nothing is left out", () => {
  const told = vectors.filter(({ name }) => name.startsWith("records-"));
  const inWords = told.filter(({ subject }) => reviewOf(subject).action.every(({ label }) => !label.startsWith("parameters")));
  const names = ["set", "set-two", "import", "import-revoked", "rotate", "odd", "verb"].map((name) => `records-${name}`);
  assert.deepEqual(inWords.map(({ name }) => name), names);
  assert.ok(told.length > 30);
});

test("attack_06 an escape in the text cannot pose as ours", () => {
  assert.notEqual(visible("\\u{202e}"), visible("\u{202e}"));
  assert.equal(visible("a\u{202e}b"), "a\\u{202e}b");
});

test("attack_47 a disclosure that does not fit shows nothing", () => {
  const { subject } = of("command-secret");
  const [first] = subject.disclosures;
  assert.ok(first);
  const forged = { ...subject, disclosures: [{ ...first, value: "harmless" }] };
  const token = reviewOf(forged).action.find(({ label }) => label === "env TOKEN");
  assert.match(token?.lines[0] ?? "", /^hidden from you/);
});

test("attack_40 what is kept holds no secret", () => {
  const kept = withoutSecrets(reviewOf(of("command-secret").subject));
  assert.ok(!JSON.stringify(kept).includes("s3cr3t"));
  assert.notEqual(displayHash(kept), displayHash(reviewOf(of("command-secret").subject)));
});

test("a standing permission is put into exact words before it is signed", () => {
  const { subject } = of("offer-hour-session");
  const granted = answering(subject, { expiresAt: "2026-02-21T13:00:00Z", count: 3 }).granted;
  assert.deepEqual(granted, [{
    label: "always allowed",
    lines: [
      "without asking again, exactly this call and no other",
      `call        ${artifact.actionHashOf(subject.artifact)}`,
      "made by     uid 1000",
      "session     only session 1",
      "in          /w",
      "until       2026-02-21T13:00:00Z",
      "how often   3 times",
    ],
  }]);
  const { granted: none } = answering(of("offer-critical").subject, { expiresAt: "2026-02-21T13:00:00Z" });
  assert.equal(none, undefined);
});

test("attack_06 a hundred thousand misleading arguments are reviewed soon, and whole", () => {
  const { subject } = of("command");
  const argv = Array.from({ length: 100_000 }, (_, i) => `\u{202e}${i}`);
  const payload = { ...subject.artifact.payload, argv };
  let review: Review | undefined;
  const work = workOf(() => (review = reviewOf({ ...subject, artifact: artifact.withPayload(subject.artifact, payload) })));
  // Where each is compared with each it takes minutes.
  assert.ok(work < 10_000, `${work} ms`);
  assert.ok(review !== undefined && review.action.length > 100_000 && review.warnings.length > 100_000);
});
