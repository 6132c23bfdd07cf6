/** Verdicts in words: what the command says of them. */

import type { check, report } from "@countersign/protocol";
import { visible } from "../review/index.js";
import type { Told } from "../verify/index.js";
import type { Result } from "./bench.svelte.js";
import { words } from "./words.js";

type Wrong = report.Wrong | Exclude<check.Verdict, { readonly verdict: "Valid" }>;

/** What is wrong, with its name. */
export function explained(wrong: Wrong, malformed: string = words.verify.explained.Malformed): string {
  return `${plainly(wrong, malformed)} [${wrong.verdict}]`;
}

function plainly(wrong: Wrong, malformed: string): string {
  switch (wrong.verdict) {
    case "Untrusted":
      return words.verify.untrusted(visible(wrong.keyId));
    case "ThresholdNotMet":
      return words.verify.threshold(wrong.have, wrong.need);
    case "ChainBroken":
      return words.verify.chain(wrong.seq);
    case "Malformed":
      return malformed;
    default:
      return words.verify.explained[wrong.verdict];
  }
}

/** One thing that is wrong in a bundle, with its place. */
export function problemLine(problem: report.Problem): string {
  const { line, receipt, because } = problem;
  const place = [...(line === 0 ? [] : [words.verify.line(line)]), ...(receipt === undefined ? [] : [words.verify.about(receipt)])];
  const more = because === undefined ? "" : ` (${visible(because)})`;
  return `${place.length === 0 ? "" : `${place.join(", ")}: `}${explained(problem)}${more}`;
}

/** What a valid receipt proves, in the command's words. */
export function sentence({ level, event, approvers, assurance }: Told): string {
  const by = assurance === undefined ? words.verify.byNobody : words.verify.by(names(approvers), assurance);
  return `${words.verify.signed(level, event)}, ${by}`;
}

export function names(persons: readonly string[]): string {
  return persons.length === 0 ? words.verify.nobody : visible(persons.join(", "));
}

/** A result on one line. */
export function inShort(result: Result): string {
  if (result.of === "receipt") {
    const { verdict, told } = result.checked;
    if (verdict.verdict !== "Valid") return explained(verdict, words.verify.noReceipt);
    return told === undefined ? "" : sentence(told);
  }
  if (!("report" in result)) return words.verify.checking(result.lines);
  const { problems: [first], range } = result.report;
  if (first !== undefined) return problemLine(first);
  return range === undefined ? words.verify.noRange : words.verify.range(range.first, range.last);
}
