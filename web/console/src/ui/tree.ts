/** A value as rows of a tree: what stands where, with what the review says of each leaf. */

import { redact } from "@countersign/protocol";
import type { json } from "@countersign/protocol";
import type { Fact } from "../model.js";
import { visible } from "../review/index.js";

export interface Row {
  readonly depth: number;
  readonly name: string;
  /** Of a leaf; as the review shows it. */
  readonly lines?: readonly string[];
  readonly secret?: boolean;
}

/**
 * The rows of `value`, whose facts begin at `label`. Leaves and facts stand in one order, so that
 * the n-th leaf is the n-th fact: nothing is worked out twice.
 */
export function rows(value: json.JsonValue, label: string, facts: readonly Fact[]): readonly Row[] {
  const from = facts.findIndex((one) => one.label === label || one.label.startsWith(`${label}/`) || one.label.startsWith(`${label}[`));
  const found: Row[] = [];
  let next = Math.max(from, 0);
  const walk = (one: json.JsonValue, name: string, depth: number): void => {
    const inner = isBranch(one) ? members(one) : [];
    if (inner.length === 0) {
      const fact = facts[next];
      next += 1;
      const secret = fact?.secret === true ? { secret: true } : {};
      return void found.push({ depth, name, lines: fact?.lines ?? [], ...secret });
    }
    found.push({ depth, name });
    inner.forEach(([key, item]) => walk(item, key, depth + 1));
  };
  walk(value, label, 0);
  return found;
}

function isBranch(value: json.JsonValue): value is json.JsonObject {
  return typeof value === "object" && value !== null && !redact.isCommitment(value);
}

function members(value: json.JsonObject): readonly (readonly [string, json.JsonValue])[] {
  if (Array.isArray(value)) return (value as readonly json.JsonValue[]).map((item, i) => [`[${i}]`, item]);
  return Object.keys(value).sort().map((key) => [visible(key), value[key] as json.JsonValue]);
}
