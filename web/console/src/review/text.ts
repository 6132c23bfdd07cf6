/** Foreign text in quotes: two different texts never look the same, and none ends our own line. */

import type { json } from "@countersign/protocol";
import { visible } from "./display.js";

/** The text in quotes on one line, with everything that could mislead as an escape. */
export function quoted(text: string): string {
  return `"${visible(text).replaceAll('"', '\\"')}"`;
}

/** The text in quotes, one piece for each of its lines. The pieces put together are the text. */
export function quotedLines(text: string): readonly string[] {
  return text === "" ? ['""'] : (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map(quoted);
}

/** A word without quotes where it can only be read in one way. */
export function word(text: string): string {
  return /^[A-Za-z0-9_./=:@%+,-]+$/.test(text) ? text : quoted(text);
}

/** One step of a path to a value: a key that contains anything unusual stands in quotes. */
export function step(key: string): string {
  return /^[A-Za-z0-9_.-]+$/.test(key) ? key : quoted(key);
}

/** A string in quotes; anything else as JSON, so that `5` and `"5"` differ. */
export function scalar(value: json.JsonValue): readonly string[] {
  if (typeof value === "string") return quotedLines(value);
  const text = jsonText(value);
  return text.length > 2 && typeof value === "object" && value !== null ? [quoted(text)] : [text];
}

/** The members of an object in the order of their names. */
export function members(object: json.JsonObject): readonly (readonly [string, json.JsonValue])[] {
  return Object.keys(object).sort().map((key) => [key, object[key] as json.JsonValue]);
}

function jsonText(value: json.JsonValue): string {
  if (typeof value === "number") return numberText(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  const inner = members(value as json.JsonObject).map(([key, one]) => `${JSON.stringify(key)}:${jsonText(one)}`);
  return `{${inner.join(",")}}`;
}

/** So many things as people say it: `1 receipt`, `2 receipts`. */
export function counted(count: number, thing: string): string {
  return `${String(count)} ${thing}${count === 1 ? "" : "s"}`;
}

/** A double as the terminal's review writes it: digits up to 16 places, else with an exponent. */
function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) <= 2 ** 53) return String(value);
  const short = value.toExponential();
  const exponent = Number(short.slice(short.indexOf("e") + 1));
  if (exponent < -5 || exponent >= 16) return short;
  const plain = String(value);
  return plain.includes(".") ? plain : `${plain}.0`;
}
