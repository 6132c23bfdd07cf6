/** Verdicts in words: what the command says of them. */

import type { check, json, report } from "@countersign/protocol";
import { visible } from "../review/index.js";
import type { Told } from "../verify/index.js";
import type { Result } from "./bench.svelte.js";
import { verifyWords } from "./verify-words.js";

type Wrong = report.Wrong | Exclude<check.Verdict, { readonly verdict: "Valid" }>;

/** What is wrong, with its name. */
export function explained(wrong: Wrong, malformed: string = verifyWords.explained.Malformed): string {
  return `${plainly(wrong, malformed)} [${wrong.verdict}]`;
}

function plainly(wrong: Wrong, malformed: string): string {
  switch (wrong.verdict) {
    case "Untrusted":
      return verifyWords.untrusted(visible(wrong.keyId));
    case "ThresholdNotMet":
      return verifyWords.threshold(wrong.have, wrong.need);
    case "ChainBroken":
      return verifyWords.chain(wrong.seq);
    case "Malformed":
      return malformed;
    default:
      return verifyWords.explained[wrong.verdict];
  }
}

/** One thing that is wrong in a bundle, with its place. */
export function problemLine(problem: report.Problem): string {
  const { line, receipt, because } = problem;
  const place = [...(line === 0 ? [] : [verifyWords.line(line)]), ...(receipt === undefined ? [] : [verifyWords.about(receipt)])];
  const more = because === undefined ? "" : ` (${visible(because)})`;
  return `${place.length === 0 ? "" : `${place.join(", ")}: `}${explained(problem)}${more}`;
}

/** What a valid receipt proves, in the command's words. */
export function sentence({ level, event, approvers, assurance }: Told): string {
  const by = assurance === undefined ? verifyWords.byNobody : verifyWords.by(names(approvers), assurance);
  return `${verifyWords.signed(level, event)}, ${by}`;
}

export function names(persons: readonly string[]): string {
  return persons.length === 0 ? verifyWords.nobody : visible(persons.join(", "));
}

/** A result on one line. */
export function inShort(result: Result): string {
  if (result.of === "receipt") {
    const { verdict, told } = result.checked;
    if (verdict.verdict !== "Valid") return explained(verdict, verifyWords.noReceipt);
    return told === undefined ? "" : sentence(told);
  }
  if (!("report" in result)) return verifyWords.checking(result.lines);
  const { problems: [first], range } = result.report;
  if (first !== undefined) return problemLine(first);
  return range === undefined ? verifyWords.noRange : verifyWords.range(range.first, range.last);
}

/** The members of an outcome, in the order in which they came about. */
const OUTCOME = ["claimedAt", "endedAt", "exitCode", "signal", "error", "stdout", "stderr"];

export function placeOf(member: string): number {
  return OUTCOME.includes(member) ? OUTCOME.indexOf(member) : OUTCOME.length;
}

/** What one member of an outcome says. */
export function outcomeLine(name: string, value: json.JsonValue): string {
  const { outcome } = verifyWords;
  const text = visible(typeof value === "string" ? value : JSON.stringify(value));
  switch (name) {
    case "claimedAt":
      return outcome.claimed(text);
    case "endedAt":
      return outcome.ended(text);
    case "exitCode":
      return outcome.exit(text);
    case "signal":
      return outcome.signal(text);
    case "error":
      return outcome.error(text);
    case "stdout":
    case "stderr":
      return digest(outcome[name], value as json.JsonObject);
    default:
      return `${visible(name)} ${text}`;
  }
}

function digest(where: string, { bytes, sha256, cut }: json.JsonObject): string {
  return verifyWords.outcome.wrote(where, Number(bytes), cut === true, visible(String(sha256)));
}
