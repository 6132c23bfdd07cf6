/** What a check of a bundle found, and what it could not look at. */

import type { Verdict } from "./check.js";
import { clip, comparePoints, same } from "./json.js";
import type { JsonObject } from "./json.js";
import type { Range } from "./line.js";
import type { Approver, Operator, Past, Status } from "./trust.js";

/** What can be wrong in a bundle: a receipt by itself, or what stands beside it. */
export type Wrong =
  | Exclude<Verdict, { readonly verdict: "Valid" }>
  /** A receipt does not follow the one before it, from this number on. */
  | { readonly verdict: "ChainBroken"; readonly seq: number }
  /** Something was cut off. */
  | { readonly verdict: "Truncated" }
  /** Two receipts stand at one place. */
  | { readonly verdict: "Forked" }
  /** It says what cannot have happened after those before it. */
  | { readonly verdict: "Contradicted" };

/** One thing that is wrong. */
export type Problem = Wrong & {
  /** The line, from 1; 0 is the file as a whole. */
  readonly line: number;
  /** The number of the receipt that it is about. */
  readonly receipt?: number;
  /** More about it, in words. */
  readonly because?: string;
};

/** The verdict over a bundle, member for member as `countersign audit verify --json` writes it. */
export interface Report {
  /** `Valid`, else the name of the first problem. */
  verdict: "Valid" | Wrong["verdict"];
  ledger?: string;
  /** The receipts that it says are inside. */
  range?: Range;
  since?: string;
  until?: string;
  /** How many receipts of the range were read. */
  receipts: number;
  /** How many of them hold, by the level that was worked out. */
  readonly levels: Record<string, number>;
  /** How many of them hold, by what happened. */
  readonly events: Record<string, number>;
  /** What is wrong, in the order of the file; at most 100. */
  readonly problems: Problem[];
  /** How many more there are. */
  more: number;
  /** Where the keys that the home pinned differ from those of the trust store; in words. */
  readonly differences: string[];
  /** What was checked, in words. */
  readonly checked: string[];
  /** What was not, and why, in words. */
  readonly notChecked: string[];
}

/** No report names more problems than this; the others are counted. */
const MOST = 100;

export function emptyReport(): Report {
  return {
    verdict: "Valid", receipts: 0, levels: {}, events: {}, problems: [], more: 0, differences: [], checked: [],
    notChecked: [],
  };
}

/** Adds what is wrong; the first gives the report its verdict. */
export function addProblem(report: Report, problem: Problem): void {
  if (report.problems.length === 0) report.verdict = problem.verdict;
  if (report.problems.length < MOST) report.problems.push(problem);
  else report.more += 1;
}

/** Counts one more under a name. */
export function countUnder(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

/** How an operator's key that the home pinned differs from the auditor's. */
export function operatorDiffers(home: Operator, own: Operator | undefined): string | undefined {
  const id = home.keyId;
  if (own === undefined) return `the home's operator key ${id} is not in your trust store`;
  if (sameStatus(own.status, home.status)) return undefined;
  return `operator key ${id} is ${word(own.status)} to you and ${word(home.status)} to the home`;
}

/** The same of an approver's. */
export function approverDiffers(home: Approver, own: Approver | undefined): string | undefined {
  const id = home.keyId;
  if (own === undefined) return `key ${id} of \`${clip(home.person)}\` in the home is not in your trust store`;
  const [yours, theirs] = [facts(own), facts(home)];
  return yours === theirs ? undefined : `key ${id} is ${yours} to you and ${theirs} to the home`;
}

/** Where a manifest differs from what is in the file. */
export function summaryDiffers(said: JsonObject, found: JsonObject): string {
  const [theirs, ours] = [said.sections as JsonObject, found.sections as JsonObject];
  const names = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])];
  const differs = names.filter((name) => !same(theirs[name] ?? null, ours[name] ?? null)).sort(comparePoints);
  if (differs.length === 0) return "the manifest is not of this file";
  return `the manifest says otherwise of: ${clip(differs.join(", "))}`;
}

function facts({ person, assurance, status, roles, past = [] }: Approver): string {
  const now = `\`${clip(person)}\`, ${assurance}, ${word(status)}, roles [${roles.join(", ")}]`;
  return [now, ...past.map(was)].join(", ");
}

function was({ until, person, assurance, roles }: Past): string {
  return `until ${until.text} \`${clip(person)}\`, ${assurance}, roles [${roles.join(", ")}]`;
}

function sameStatus(a: Status, b: Status): boolean {
  const since = (status: Status) => (status.state === "revoked" ? status.compromisedSince?.text : undefined);
  return word(a) === word(b) && since(a) === since(b);
}

function word(status: Status): string {
  if (status.state === "rotated") return `rotated until ${status.until.text}`;
  return status.state === "revoked" ? `revoked at ${status.at.text}` : "active";
}
