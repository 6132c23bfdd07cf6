/**
 * What a JSON value is here, and what both the reader and the writer refuse.
 */

/** A JSON value. Numbers are doubles; the reader refuses texts that are no double's. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object. From {@link parse} it has no prototype; a plain literal may be given. */
export interface JsonObject {
  readonly [member: string]: JsonValue;
}

/** The deepest nesting that is read or written. */
export const MAX_DEPTH = 64;

/** Why a text has no canonical form, or a value is not the object asked for. */
export type JsonErrorCode =
  | "TooLarge"
  | "Syntax"
  | "TooDeep"
  | "DuplicateKey"
  | "Number"
  | "KeyOrder"
  | "Shape";

/** `HARP_ERR_CANONICALIZATION`, with the reason. */
export class JsonError extends Error {
  override readonly name = "JsonError";
  /** The reason. */
  readonly code: JsonErrorCode;

  constructor(code: JsonErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** An object that inherits nothing. */
export function emptyObject(): Record<string, JsonValue> {
  return Object.create(null) as Record<string, JsonValue>;
}

/** At most 200 characters of input are ever quoted back. */
export function clip(text: string): string {
  return [...text.slice(0, 400)].slice(0, 200).join("");
}

/**
 * Refuses the objects whose keys sort differently by code point (HARP) and by UTF-16 unit
 * (RFC 8785): no two implementations can be sure to agree there.
 *
 * @throws JsonError `KeyOrder`
 */
export function checkOrder(keys: readonly string[]): void {
  // The orders differ only at characters from U+E000 on, written with units from U+D800 on.
  if (!keys.some((key) => /[\ud800-\uffff]/.test(key))) return;
  const byUnit = [...keys].sort();
  const byPoint = [...keys].sort(comparePoints);
  const at = byUnit.findIndex((key, i) => key !== byPoint[i]);
  if (at >= 0) {
    throw new JsonError("KeyOrder", `the order of keys is ambiguous at \`${clip(byUnit[at] ?? "")}\``);
  }
}

/** The order of HARP: by code point. */
export function comparePoints(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return raised(x) - raised(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for the highest code points, so they move above U+FFFF. */
function raised(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x10000 : unit;
}
