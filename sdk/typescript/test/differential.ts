/**
 * Answers many inputs for a comparison with the other implementation: one JSON document
 * {"op", …input} a line on standard input, one {"outcome", …} a line on standard output.
 */

import { readFileSync } from "node:fs";
import type { JsonObject } from "../src/json.js";
import { answer } from "./answer.js";

// Not `readline`: it takes U+2028 for the end of a line.
const lines = readFileSync(0, "utf8").split("\n").filter((line) => line !== "");
const outcomes = await Promise.all(lines.map(answered));
process.stdout.write(outcomes.map((outcome) => `${JSON.stringify(outcome)}\n`).join(""));

async function answered(line: string): Promise<unknown> {
  try {
    const { op, ...input } = JSON.parse(line) as JsonObject;
    return await answer(String(op), input);
  } catch (error) {
    return { outcome: "Broken down", why: error instanceof Error ? error.message : String(error) };
  }
}
