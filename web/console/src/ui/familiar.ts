/**
 * What this device remembers of calls like this one. A help to read, made of the history that is kept here and
 * of nothing else: no judgement hangs on it, and none of it is signed. Every text in it went through the review.
 */

import type { Fact, Remembered, Review } from "../model.js";

/** A part that is not as it was. */
export interface Change {
  readonly label: string;
  /** None where the part is new. */
  readonly before: readonly string[];
  /** None where the part is gone. */
  readonly now: readonly string[];
}

/** What is remembered of calls like this one. */
export interface Familiar {
  /** What the call is of, such as a program or a tool. */
  readonly what: string;
  /** How often such a call was asked about before. */
  readonly asked: number;
  /** The last one that was allowed here. */
  readonly allowed?: { readonly at: string; readonly changes: readonly Change[] };
}

/** How often this device said no to the very same call, asked by the same enforcer under other names. */
export function denials(review: Review, pairId: string, history: readonly Remembered[]): number {
  const same = (one: Remembered): boolean => one.pairId === pairId && one.review.actionHash === review.actionHash && one.requestId !== review.requestId;
  return history.filter((one) => same(one) && one.answer?.say === "deny").length;
}

const SHELLS = new Set(["sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "busybox"]);
/** Programs of which the first argument says what they do. */
const MANY = new Set(["git", "npm", "pnpm", "yarn", "cargo", "go", "docker", "podman", "kubectl", "helm", "terraform", "systemctl", "apt", "apt-get", "pip", "pip3", "uv", "make", "gh", "aws", "gcloud", "az"]);
/** Of who asks: what says something else than that time has passed. */
const ASKERS = ["principal", "host", "workspace"];

/**
 * What is remembered of calls like this one, asked by the same enforcer; `undefined` where nothing tells which
 * calls are like it, such as for a plan or a change to files.
 */
export function familiar(review: Review, pairId: string, history: readonly Remembered[]): Familiar | undefined {
  const what = whatOf(review);
  if (what === undefined) return undefined;
  const alike = history.filter((one) => one.pairId === pairId && one.review.artifactHash !== review.artifactHash && whatOf(one.review) === what);
  const allowed = alike
    .filter(({ answer }) => answer?.say === "allow" && answer.sent !== "refused" && answer.sent !== "too-late")
    .sort((a, b) => Date.parse(b.answer?.decidedAt ?? "") - Date.parse(a.answer?.decidedAt ?? ""))[0];
  if (allowed?.answer === undefined) return { what, asked: alike.length };
  return { what, asked: alike.length, allowed: { at: allowed.answer.decidedAt, changes: changes(allowed.review, review) } };
}

/** What a call is of: the program and what it is told to do, the tool, the address. */
function whatOf({ action }: Review): string | undefined {
  const of = (label: string) => action.find((one) => one.label === label && one.secret !== true)?.lines.join("");
  const joined = (...parts: readonly (string | undefined)[]) => (parts.includes(undefined) ? undefined : parts.join(" "));
  switch (action.find(({ label }) => label === "kind")?.lines[0]) {
    case "a command":
      return commandOf(action, of);
    case "a call of a tool":
      return joined(of("tool"), "of", of("server"));
    case "a request":
      return of("action");
    case "a request over http":
      return joined(of("request/method"), of("request/url")?.replace(/[?#].*$/s, ""));
    case "a boundary":
      return joined(of("checkpoint/operation"), of("checkpoint/target") ?? of("checkpoint/remote") ?? "");
    default:
      return undefined;
  }
}

function commandOf(action: readonly Fact[], of: (label: string) => string | undefined): string | undefined {
  // The last line is the digest of the file: another version of a program is the same program.
  const program = action.find(({ label }) => label === "program")?.lines.slice(0, -1).join("");
  if (program === undefined) return undefined;
  const name = program.replace(/^.*\/|"/g, "");
  if (MANY.has(name)) return [program, of("argv[1]")].filter((one) => one !== undefined).join(" ");
  if (!SHELLS.has(name)) return program;
  const flag = action.findIndex(({ label, lines }) => label.startsWith("argv[") && /^"-[a-z]*c"$/.test(lines[0] ?? ""));
  const line = flag < 0 ? undefined : action[flag + 1]?.lines[0];
  const [first] = (line ?? "").replace(/^"/, "").trim().split(/[\s;&|"]/, 1);
  return first === undefined || first === "" ? program : `${program} ${first}`;
}

/** What is not as it was, in the order in which it is read. */
function changes(before: Review, now: Review): readonly Change[] {
  return [...differing(before.action, now.action), ...differing(ofAsker(before), ofAsker(now))];
}

function ofAsker({ askedBy }: Review): readonly Fact[] {
  return askedBy.filter(({ label }) => ASKERS.includes(label));
}

function differing(before: readonly Fact[], now: readonly Fact[]): readonly Change[] {
  const [then, today] = [byLabel(before), byLabel(now)];
  const labels = [...new Set([...today.keys(), ...then.keys()])];
  return labels.flatMap((label) => {
    const [was, is] = [then.get(label), today.get(label)];
    // A secret is not kept, so there is nothing to compare it with.
    if (was?.secret === true || is?.secret === true) return [];
    const [old, fresh] = [was?.lines ?? [], is?.lines ?? []];
    return old.length === fresh.length && old.every((line, i) => line === fresh[i]) ? [] : [{ label, before: old, now: fresh }];
  });
}

/** A label that stands twice stands with all its lines. */
function byLabel(facts: readonly Fact[]): ReadonlyMap<string, Fact> {
  const found = new Map<string, Fact>();
  for (const one of facts) {
    const other = found.get(one.label);
    const secret = one.secret === true || other?.secret === true;
    found.set(one.label, other === undefined ? one : { label: one.label, lines: [...other.lines, ...one.lines], ...(secret ? { secret } : {}) });
  }
  return found;
}
