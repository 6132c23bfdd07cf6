/** What a reader might miss. */

import { action, artifact as protocol, redact } from "@countersign/protocol";
import type { json } from "@countersign/protocol";
import type { Warning } from "../model.js";
import { hasDeceptive, mixesScripts } from "./display.js";
import { texts } from "./headline.js";
import { disclosed } from "./subject.js";
import type { Subject } from "./subject.js";
import { members, quoted, step } from "./text.js";

const SHELLS = new Set(["sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "busybox"]);

/** Everything unusual about a request, in the order in which it is read. */
export function warnings(subject: Subject): readonly Warning[] {
  const { artifact } = subject;
  const found = (code: Warning["code"], text: string): Warning => ({ code, text });
  const ours = action.actionKind(artifact.payload) !== undefined;
  const routed = protocol.routeOf(artifact) !== undefined;
  const headed = protocol.checkpointOf(artifact) !== undefined;
  return [
    ...(ours
      ? commands(artifact.payload).flatMap(ofCommand)
      : [found("foreign", "another system's request: not run by this one")]),
    ...ofValue(artifact.payload, ""),
    ...ofCommitments(subject),
    ...ofContext(subject),
    ...(routed ? [] : [found("no-route", "it does not say whose answer counts")]),
    ...(headed ? [] : [found("no-head", "no head of the ledger: your answer witnesses no log")]),
  ];
}

/** Commands in a batch are looked at like any other; the other kinds run nothing here. */
function commands(payload: json.JsonObject): readonly json.JsonObject[] {
  if (payload.kind === "batch") return (payload.items as readonly json.JsonObject[]).flatMap(commands);
  return payload.kind === "command" ? [payload] : [];
}

function ofCommand(command: json.JsonObject): readonly Warning[] {
  const found: Warning[] = [];
  const path = (command.program as json.JsonObject).path as string;
  const argv = texts(command.argv);
  const called = argv[0];
  if (called !== undefined && name(called) !== name(path)) {
    found.push({ code: "other-name", text: `the file that runs is ${quoted(path)}` });
  }
  if (hasShellLine(name(path), argv)) {
    found.push({ code: "shell-line", text: "a shell line: every part of it runs" });
  }
  for (const [variable] of members(command.env as json.JsonObject)) {
    if (!changesPrograms(variable)) continue;
    found.push({ code: "environment", text: `the variable ${step(variable)} changes what programs load` });
  }
  return found;
}

/** Looks at every key and every string of a value. */
function ofValue(value: json.JsonValue, place: string): readonly Warning[] {
  const found: Warning[] = [];
  const look = (one: json.JsonValue, at: string): void => {
    if (typeof one === "string") return void found.push(...ofText(one, at));
    if (typeof one !== "object" || one === null) return;
    if (Array.isArray(one)) return one.forEach((item: json.JsonValue, i) => look(item, `${at}/${i}`));
    for (const [key, item] of members(one as json.JsonObject)) {
      const inner = `${at}/${step(key)}`;
      found.push(...ofText(key, inner));
      look(item, inner);
    }
  };
  look(value, place);
  return found;
}

function ofText(text: string, place: string): readonly Warning[] {
  const found: Warning[] = [];
  if (hasDeceptive(text)) {
    const said = `${place} holds invisible or misleading characters, shown as escapes`;
    found.push({ code: "deceptive-text", text: said });
  }
  if (mixesScripts(text)) {
    const said = `${place} mixes letters of several scripts that look alike`;
    found.push({ code: "mixed-scripts", text: said });
  }
  return found;
}

function ofCommitments(subject: Subject): readonly Warning[] {
  return sortedCommitments(subject.artifact.payload, "").flatMap(([path, commitment]) => {
    const found = disclosed(subject, path, commitment);
    if (found !== undefined) return ofValue(found.value, quoted(path));
    return [{ code: "hidden" as const, text: `the value at ${quoted(path)} is hidden from you` }];
  });
}

/** The protocol's commitments, in the order of names. */
function sortedCommitments(
  value: json.JsonValue,
  path: string,
): readonly (readonly [string, json.JsonObject])[] {
  if (typeof value !== "object" || value === null) return [];
  if (redact.isCommitment(value)) return [[path, value]];
  if (Array.isArray(value)) return value.flatMap((one, i) => sortedCommitments(one, `${path}/${i}`));
  return members(value as json.JsonObject).flatMap(([key, one]) =>
    sortedCommitments(one, `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`),
  );
}

function ofContext({ artifact }: Subject): readonly Warning[] {
  const context = protocol.contextOf(artifact) ?? {};
  const texts: readonly (readonly [string, string | undefined])[] = [
    ["the principal", context.principal],
    ["the host", context.host],
    ["the workspace", context.workspace],
    ["the agent's name", context.agent],
    ["the agent's session", context.session],
    ["the description", context.description],
    ["the reasoning", context.reasoning],
  ];
  const found = texts.flatMap(([place, text]) => (text === undefined ? [] : ofText(text, place)));
  const notes = context.notes ?? [];
  return [
    ...found,
    ...notes.map((note) => ({ code: "note" as const, text: `the enforcer notes: ${quoted(note)}` })),
  ];
}

function name(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * Whether a shell stands anywhere in the command, also behind `env` or `xargs`, and a later
 * argument is a flag with a `c`. A hint for the reader, not a judgement: it may see too many.
 */
function hasShellLine(program: string, argv: readonly (string | undefined)[]): boolean {
  const words = [program, ...argv.filter((one) => one !== undefined)];
  const shell = words.findIndex((one) => SHELLS.has(name(one)));
  return shell >= 0 && words.slice(shell).some((one) => /^-(?!-)/.test(one) && one.includes("c"));
}

function changesPrograms(variable: string): boolean {
  return /^(BASH_ENV|ENV|NODE_OPTIONS)$|^(LD_|PYTHON|PERL5|GIT_)/.test(variable);
}
