import assert from "node:assert/strict";
import { test } from "node:test";
import { AlreadyAnswered, Memory, lonelyLock } from "../src/memory/index.js";
import type { SignedAnswer } from "../src/memory/index.js";
import type { Remembered, Review } from "../src/model.js";
import { Browser } from "./edge.js";
import { pairingOf, secret } from "./relay.js";

const review = { headline: "x" } as unknown as Review;
const shown: Remembered = { pairId: "p1", requestId: "r1", seenAt: "2026-01-01T00:00:00Z", review };
const signed: SignedAnswer = { pairId: "p1", requestId: "r1", artifactHash: "aa", meaning: "yes", endsAt: 1, body: {}, trace: {} };
const answer = { say: "allow", decidedAt: "2026-01-01T00:00:01Z", sent: "waits" } as const;

test("an answer is written down once, with what waits to be sent, and outlives the page", async () => {
  const browser = new Browser();
  const memory = await browser.memory();
  await memory.saw(shown, "aa");
  await memory.record(signed, { ...shown, answer });
  await assert.rejects(memory.record({ ...signed, meaning: "no" }, { ...shown, answer: { ...answer, say: "deny" } }), AlreadyAnswered);
  const again = await browser.memory();
  assert.deepEqual(await again.unsent("p1"), [signed]);
  assert.deepEqual(await again.unsent("p2"), []);
  assert.equal((await again.remembered("p1", "r1"))?.answer?.say, "allow", "the second one changed nothing");
  await again.settled("p1", "r1", "taken");
  assert.deepEqual(await again.unsent("p1"), []);
  await again.settled("p1", "r1", "refused");
  assert.equal((await again.remembered("p1", "r1"))?.answer?.sent, "taken", "what arrived once stays so");
});

test("the first time something was shown counts, and what is back is not over", async () => {
  const memory = await new Browser().memory();
  await memory.saw(shown, "aa");
  await memory.ended("p1", "r1", "withdrawn");
  assert.equal((await memory.history())[0]?.ended, "withdrawn");
  await memory.saw({ ...shown, seenAt: "2027-01-01T00:00:00Z" }, "aa");
  const [found] = await memory.history();
  assert.deepEqual([found?.seenAt, found?.ended], [shown.seenAt, undefined]);
});

test("attack_18 another artifact under the id of an answered request is no new question", async () => {
  const memory = await new Browser().memory();
  await memory.saw(shown, "aa");
  await memory.record(signed, { ...shown, answer });
  const found = await memory.saw(shown, "bb");
  assert.equal(found.answer?.say, "allow");
  await assert.rejects(memory.record({ ...signed, artifactHash: "bb", meaning: "no" }, { ...shown, answer }), AlreadyAnswered);
});

test("storage that a browser threw away is told from a new one", async () => {
  const browser = new Browser();
  assert.equal((await browser.memory()).condition, "new");
  await (await browser.memory()).keepPairing(pairingOf(secret(2)));
  assert.equal((await browser.memory()).condition, "kept");
  browser.forgetAll();
  assert.equal((await browser.memory()).condition, "lost");
});

test("a browser that keeps nothing says so", async () => {
  const none = { open: () => { throw new Error("private"); } } as unknown as IDBFactory;
  const marker = { get: () => false, set: () => undefined };
  await assert.rejects(Memory.open(none, lonelyLock(), marker), { name: "StorageError" });
});

test("under the lock one works after the other, also after one that failed", async () => {
  const lock = lonelyLock();
  const done: number[] = [];
  const slow = lock(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    done.push(1);
    throw new Error("broke");
  });
  const next = lock(async () => done.push(2));
  await assert.rejects(slow);
  await next;
  assert.deepEqual(done, [1, 2]);
});
