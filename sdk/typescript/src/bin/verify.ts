#!/usr/bin/env node
/** `countersign-verify`: checks a receipt offline against pinned keys. */

import { readFileSync } from "node:fs";
import { allowedBy, checkReceipt } from "../check.js";
import type { Verdict } from "../check.js";
import { limit } from "../json.js";
import { EVENTS, parseReceipt } from "../receipt.js";
import { ASSURANCES, isEnough } from "../route.js";
import type { Assurance } from "../route.js";
import { timestamp } from "../time.js";
import { parseTrust } from "../trust.js";
import type { TrustStore } from "../trust.js";

const USAGE = `usage: countersign-verify RECEIPT --trust TRUST [OPTIONS]

  --trust FILE       the keys to trust, a file of \`countersign trust export\`
  --require LEVEL    the least level that will do: L0 or L1
  --event EVENT      the event that it must record
  --assurance LEVEL  the least assurance of every answer that counted
  --approver WHO     a person, or role:NAME, among those whose yes counted; may be repeated
  --at TIME          judge at this moment instead of now, RFC 3339
  --json             one JSON document
  -h, --help         this text

Exit 0: valid, with everything that was asked for. 13: not valid. 2: usage. 1: unreadable file.
Without --require and --event the answer is only whether the receipt is authentic.`;

/** Ends the program with a message on standard error. */
class Failure extends Error {
  constructor(
    readonly exit: number,
    message: string,
  ) {
    super(message);
  }
}

interface Wanted {
  receipt: string;
  trust: string;
  require?: string;
  event?: string;
  assurance?: Assurance;
  approvers: readonly string[];
  at: number;
  json: boolean;
}

function main(given: readonly string[]): number {
  if (given.includes("--help") || given.includes("-h")) {
    console.log(USAGE);
    return 0;
  }
  const wanted = understood(given);
  const trust = trustIn(wanted.trust);
  const bytes = contents(wanted.receipt, limit.RECEIPT);
  const verdict = checkReceipt(bytes, trust, wanted.at);
  const missing = [...missingIn(verdict, wanted), ...absentIn(verdict, bytes, trust, wanted)];
  console.log(wanted.json ? document(verdict, missing) : words(verdict, missing, wanted));
  return verdict.verdict === "Valid" && missing.length === 0 ? 0 : 13;
}

function understood(given: readonly string[]): Wanted {
  const values = new Map<string, string>();
  const approvers: string[] = [];
  const rest = [...given];
  while (rest.length > 0) {
    const word = rest.shift() ?? "";
    const [name = "", inline] = word.startsWith("--") ? word.split(/=(.*)/s) : ["RECEIPT", word];
    if (!OPTIONS.includes(name)) {
      throw new Failure(2, `no such option: ${printable(name)}`);
    }
    const value = name === "--json" ? "" : (inline ?? rest.shift());
    if (value === undefined) throw new Failure(2, `${name} needs a value`);
    if (name === "--approver") {
      approvers.push(value);
      continue;
    }
    if (values.has(name)) throw new Failure(2, `${name} is given twice`);
    values.set(name, value);
  }
  return checked(values, approvers);
}

const OPTIONS = ["RECEIPT", "--trust", "--require", "--event", "--assurance", "--approver", "--at", "--json"];

function checked(values: ReadonlyMap<string, string>, approvers: readonly string[]): Wanted {
  const [receipt, trust] = [values.get("RECEIPT"), values.get("--trust")];
  const [require, event, at] = ["--require", "--event", "--at"].map((name) => values.get(name));
  if (receipt === undefined) throw new Failure(2, "name a receipt");
  if (trust === undefined) throw new Failure(2, "name the keys to trust with --trust FILE");
  if (require !== undefined && require !== "L0" && require !== "L1") {
    throw new Failure(2, "--require takes L0 or L1");
  }
  if (event !== undefined && !(EVENTS as readonly string[]).includes(event)) {
    throw new Failure(2, `--event takes one of ${EVENTS.join(", ")}`);
  }
  const assurance = ASSURANCES.find((one) => one === values.get("--assurance"));
  if (values.has("--assurance") && assurance === undefined) {
    throw new Failure(2, `--assurance takes one of ${ASSURANCES.join(", ")}`);
  }
  const moment = at === undefined ? Date.now() : timestamp(at)?.millis;
  if (moment === undefined) throw new Failure(2, "--at takes an RFC 3339 timestamp");
  const json = values.has("--json");
  return {
    receipt, trust, approvers, at: moment, json,
    ...(assurance === undefined ? {} : { assurance }),
    ...(require === undefined ? {} : { require }),
    ...(event === undefined ? {} : { event }),
  };
}

/** What was asked for and is not there. An authentic receipt is not yet an approval. */
function missingIn(verdict: Verdict, wanted: Wanted): readonly string[] {
  if (verdict.verdict !== "Valid") return [];
  const missing: string[] = [];
  if (wanted.require === "L1" && verdict.level === "L0") missing.push("level is L0, L1 was required");
  if (wanted.event !== undefined && wanted.event !== verdict.event) {
    missing.push(`event is ${verdict.event}, ${wanted.event} was required`);
  }
  const { assurance } = verdict;
  if (wanted.assurance !== undefined && (assurance === undefined || !isEnough(assurance, wanted.assurance))) {
    missing.push(`assurance is ${assurance ?? "of nobody"}, ${wanted.assurance} was required`);
  }
  return missing;
}

/** Who was asked for and did not allow it. */
function absentIn(verdict: Verdict, bytes: Uint8Array, trust: TrustStore, wanted: Wanted): readonly string[] {
  if (verdict.verdict !== "Valid") return [];
  const allowed = allowedBy(parseReceipt(bytes).content, trust, wanted.at)
    .filter(({ person }) => verdict.approvers.includes(person));
  const role = (who: string) => (who.startsWith("role:") ? who.slice("role:".length) : undefined);
  const is = (who: string) =>
    allowed.some(({ person, roles }) => (role(who) === undefined ? person === who : roles.includes(role(who) ?? "")));
  return wanted.approvers.filter((who) => !is(who)).map((who) => `approved by no \`${printable(who)}\``);
}

function document(verdict: Verdict, missing: readonly string[]): string {
  return JSON.stringify(missing.length > 0 ? { ...verdict, notMet: missing } : verdict);
}

function words(verdict: Verdict, missing: readonly string[], wanted: Wanted): string {
  if (verdict.verdict !== "Valid") return `NOT VALID: ${explained(verdict)}`;
  if (missing.length > 0) return `NOT ENOUGH: authentic, but ${missing[0]}`;
  const by =
    verdict.approvers.length === 0
      ? "no person's approval is in it"
      : `approved by ${printable(verdict.approvers.join(", "))} (assurance ${verdict.assurance})`;
  const names = [
    ...(wanted.require === undefined ? ["--require"] : []),
    ...(wanted.event === undefined ? ["--event"] : []),
    ...(wanted.assurance === undefined ? ["--assurance"] : []),
    ...(wanted.approvers.length === 0 ? ["--approver"] : []),
  ];
  const note = names.length > 0 ? `\nnot checked, because not asked for: ${names.join(", ")}` : "";
  return `VALID: ${verdict.level}, ${verdict.event}, ${by}${note}`;
}

const REASONS = {
  BadSignature: "a signature does not verify",
  HashMismatch: "a hash is not the one of what it names",
  LevelMismatch: "the level written down is not the one the signatures reach",
  OffRoster: "somebody decided who was not asked",
  SelfApproval: "the operator approved for itself",
  Revoked: "a key in it was taken back",
  Malformed: "not a receipt",
  Unsupported: "a receipt of another version",
} as const;

function explained(verdict: Exclude<Verdict, { readonly verdict: "Valid" }>): string {
  const name = verdict.verdict;
  if (name === "Untrusted") return `key ${printable(verdict.keyId)} is not in the trust store [Untrusted]`;
  if (name === "ThresholdNotMet") return `${verdict.have} of ${verdict.need} approvals [ThresholdNotMet]`;
  return `${REASONS[name]} [${name}]`;
}

/** Foreign text made safe to look at: nothing in it moves the cursor or turns the line. */
function printable(text: string): string {
  const unsafe = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f]/gu;
  return text.slice(0, 400).replace(unsafe, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

function trustIn(path: string): TrustStore {
  const bytes = contents(path, limit.ARTIFACT);
  try {
    return parseTrust(bytes);
  } catch (error) {
    throw new Failure(1, `\`${path}\` is no trust store: ${printable((error as Error).message)}`);
  }
}

/** The bytes of a file; what is too long is refused by its reader. */
function contents(path: string, most: number): Uint8Array {
  try {
    return readFileSync(path).subarray(0, most + 1);
  } catch (error) {
    throw new Failure(1, `cannot read \`${path}\`: ${(error as Error).message}`);
  }
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  const failure = error instanceof Failure ? error : new Failure(1, String(error));
  const hint = failure.exit === 2 ? " (--help shows how)" : "";
  console.error(`countersign-verify: ${failure.message}${hint}`);
  process.exitCode = failure.exit;
}
