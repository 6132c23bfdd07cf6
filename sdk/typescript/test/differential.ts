/**
 * Answers many inputs for a comparison with the other implementation: one JSON document
 * {"op", …input} a line on standard input, one {"outcome", …} a line on standard output.
 *
 * Nearly all of the time goes into signatures, so every core answers a share of them.
 */

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import type { JsonObject } from "../src/json.js";
import { answer } from "./answer.js";

if (isMainThread) {
  // Not `readline`: it takes U+2028 for the end of a line.
  const lines = readFileSync(0, "utf8").split("\n").filter((line) => line !== "");
  const count = Math.min(availableParallelism(), 8);
  const shares = Array.from({ length: count }, (_, n) => share(lines.filter((_, at) => at % count === n)));
  const answered = await Promise.all(shares);
  process.stdout.write(lines.map((_, at) => `${answered[at % count]?.[Math.floor(at / count)]}\n`).join(""));
} else {
  const outcomes: unknown[] = [];
  for (const line of workerData as string[]) outcomes.push(await answered(line));
  parentPort?.postMessage(outcomes.map((outcome) => JSON.stringify(outcome)));
}

/** The answers to some lines, from a thread of their own. */
function share(lines: string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: lines });
    worker.once("message", resolve).once("error", reject);
    worker.once("exit", () => reject(new Error("a thread ended without its answers")));
  });
}

async function answered(line: string): Promise<unknown> {
  try {
    const { op, ...input } = JSON.parse(line) as JsonObject;
    return await answer(String(op), input);
  } catch (error) {
    return { outcome: "Broken down", why: error instanceof Error ? error.message : String(error) };
  }
}
