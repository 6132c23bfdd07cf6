/** What exactly would happen: every part of an action as a fact. */

import { action, redact } from "@countersign/protocol";
import type { json } from "@countersign/protocol";
import type { Fact } from "../model.js";
import { line } from "./headline.js";
import { records } from "./records.js";
import { disclosed, fact, quotedFact } from "./subject.js";
import type { Disclosing } from "./subject.js";
import { counted, members, quotedLines, scalar, step } from "./text.js";

type Value = json.JsonValue;
type Members = json.JsonObject;

/** The action, whole. */
export function facts(subject: Disclosing): readonly Fact[] {
  const { payload } = subject.artifact;
  switch (action.actionKind(payload)) {
    case "command":
      return commandFacts(subject, payload);
    case "tool":
      return toolFacts(subject, payload);
    case "request":
      return requestFacts(subject, payload);
    case "batch":
      return batchFacts(subject, payload);
    // One way for the others: every leaf of what was hashed, so that none can be left out.
    case "http":
      return everyLeaf(subject, "a request over http", "request");
    case "patch":
      return everyLeaf(subject, "a change to files", "patch");
    case "checkpoint":
      return everyLeaf(subject, "a boundary", "checkpoint");
    case "plan":
      return everyLeaf(subject, "a plan; nothing runs by it", "plan");
    case "task":
      return everyLeaf(subject, "a task; nothing runs by it", "task");
    case undefined:
      return everyLeaf(subject, "a payload of another system, shown whole", "payload");
  }
}

/** Each item under its number, as an answer names it: every leaf of what was hashed. */
function batchFacts(subject: Disclosing, { items, ...rest }: Members): readonly Fact[] {
  const all = items as readonly Members[];
  const each = all.flatMap((item, index) => {
    const label = `item ${index + 1}`;
    return [fact(label, line(item)), ...leaves(subject, item, label, `/items/${index}`)];
  });
  const kind = `${counted(all.length, "action")}, answered together or one by one`;
  return [fact("kind", kind), ...leaves(subject, rest, "batch", ""), ...each];
}

function everyLeaf(subject: Disclosing, kind: string, label: string): readonly Fact[] {
  return [fact("kind", kind), ...leaves(subject, subject.artifact.payload, label, "")];
}

function commandFacts(subject: Disclosing, command: Members): readonly Fact[] {
  const argv = command.argv as readonly Value[];
  const files = (command.files ?? []) as readonly Members[];
  const input = command.stdinSha256;
  return [
    fact("kind", "a command"),
    file("program", command.program as Members),
    ...argv.map((one, i) => text(subject, `argv[${i}]`, `/argv/${i}`, one)),
    quotedFact("directory", command.cwd as string),
    ...files.map((one, i) => file(`file[${i}]`, one)),
    fact("standard input", typeof input === "string" ? `sha256 ${input}` : "empty"),
    ...members(command.env as Members).map(([name, value]) =>
      text(subject, `env ${step(name)}`, `/env/${token(name)}`, value),
    ),
    ...verb(command),
  ];
}

function toolFacts(subject: Disclosing, tool: Members): readonly Fact[] {
  const described = tool.descriptionSha256;
  return [
    fact("kind", "a call of a tool"),
    quotedFact("server", tool.server as string),
    quotedFact("tool", tool.tool as string),
    ...(typeof described === "string" ? [fact("description", `sha256 ${described}`)] : []),
    ...leaves(subject, tool.arguments as Value, "arguments", "/arguments"),
    ...verb(tool),
  ];
}

function requestFacts(subject: Disclosing, request: Members): readonly Fact[] {
  return [
    fact("kind", "a request"),
    quotedFact("action", request.action as string),
    ...(records(request) ?? leaves(subject, request.parameters as Value, "parameters", "/parameters")),
    ...verb(request),
  ];
}

function verb({ verb: declared }: Members): readonly Fact[] {
  return typeof declared === "string" ? [quotedFact("declared verb", declared)] : [];
}

function file(label: string, pinned: Members): Fact {
  return { label, lines: [...quotedLines(pinned.path as string), `sha256 ${pinned.sha256 as string}`] };
}

function text(subject: Disclosing, label: string, path: string, value: Value): Fact {
  return typeof value === "string" ? quotedFact(label, value) : committed(subject, label, path, value as Members);
}

function committed(subject: Disclosing, label: string, path: string, commitment: Members): Fact {
  const found = disclosed(subject, path, commitment);
  if (found === undefined) return fact(label, `hidden from you; committed to as ${commitment._sd as string}`);
  const lines = ["hidden in every record, disclosed to this device:", ...scalar(found.value)];
  return { label, lines, secret: true };
}

/**
 * Every leaf of a value with the path to it. `label` is for the reader, `path` is the place in the
 * form of a disclosure.
 */
function leaves(subject: Disclosing, value: Value, label: string, path: string): readonly Fact[] {
  if (typeof value !== "object" || value === null) return [{ label, lines: scalar(value) }];
  if (Array.isArray(value) && value.length > 0) {
    return value.flatMap((item: Value, i) => leaves(subject, item, `${label}[${i}]`, `${path}/${i}`));
  }
  if (Object.keys(value).length === 0) return [{ label, lines: scalar(value) }];
  if (redact.isCommitment(value)) return [committed(subject, label, path, value)];
  return members(value as Members).flatMap(([key, item]) =>
    leaves(subject, item, `${label}/${step(key)}`, `${path}/${token(key)}`),
  );
}

/** A key as one step of a JSON pointer, so that no two places share a path. */
function token(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** The action of a receipt, whole. What is committed to stays hidden. */
export function actionFacts(payload: Members): readonly Fact[] {
  const subject = { artifact: { payload }, disclosures: [] };
  const ours = action.actionKind(payload) !== undefined;
  return ours ? facts(subject) : leaves(subject, payload, "action", "");
}
