/** Text that an agent or a stranger wrote, made safe to look at; as `core/display`. */

/** Spans of code points that mislead a reader: controls, bidirectional marks, what cannot be seen. */
const DECEPTIVE: readonly (readonly [number, number])[] = [
  [0x00, 0x1f], [0x7f, 0x9f], [0xa0, 0xa0], [0xad, 0xad], [0x34f, 0x34f], [0x61c, 0x61c],
  [0x115f, 0x1160], [0x1680, 0x1680], [0x17b4, 0x17b5], [0x180b, 0x180f], [0x2000, 0x200f],
  [0x2028, 0x202f], [0x205f, 0x206f], [0x2800, 0x2800], [0x3000, 0x3000], [0x3164, 0x3164],
  [0xe000, 0xf8ff], [0xfe00, 0xfe0f], [0xfeff, 0xfeff], [0xffa0, 0xffa0], [0xfff0, 0xfffd],
  [0x1bca0, 0x1bca3], [0x1d173, 0x1d17a], [0xe0000, 0xe0fff], [0xf0000, 0x10ffff],
];

const classOf = (spans: readonly (readonly [number, number])[]) =>
  spans.map(([from, to]) => `\\u{${from.toString(16)}}-\\u{${to.toString(16)}}`).join("");

const MISLEADING = new RegExp(`[${classOf(DECEPTIVE)}]`, "u");
const ESCAPED = new RegExp(`[\\\\${classOf(DECEPTIVE)}]`, "gu");
const SPLIT = new RegExp(`((?!\\t)[${classOf(DECEPTIVE)}])`, "u");
const SINGLE = new RegExp(`^(?!\\t)[${classOf(DECEPTIVE)}]$`, "u");
const WORD = /[\p{Alphabetic}\p{Nd}\p{Nl}\p{No}]+/gu;
const LOOKALIKE = /[\u{370}-\u{52f}\u{1c80}-\u{1c8f}\u{13a0}-\u{13ff}\u{ff21}-\u{ff5a}]/u;

/**
 * Shows `text` on one line, with every character that could mislead a reader as a visible escape.
 * What is shown is never what is hashed.
 */
export function visible(text: string): string {
  return text.replace(ESCAPED, (one) => SHORT[one] ?? `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);
}

/** A text in pieces: as it is, and what stands for a character that could mislead. Tabs stay. */
export function pieces(text: string): readonly { readonly text: string; readonly escape: boolean }[] {
  return text
    .split(SPLIT)
    .filter((one) => one !== "")
    .map((one) => (SINGLE.test(one) ? { text: visible(one), escape: true } : { text: one, escape: false }));
}

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\" };

/** Whether {@link visible} would change the text for more than a line break, a tab or a backslash. */
export function hasDeceptive(text: string): boolean {
  return MISLEADING.test(text.replace(/[\n\t]/g, ""));
}

/** Whether letters of more than one script that look alike stand in one word. */
export function mixesScripts(text: string): boolean {
  // Most texts hold none of them, and are not cut into words for it.
  if (!LOOKALIKE.test(text)) return false;
  return (text.match(WORD) ?? []).some((word) => /[A-Za-z]/.test(word) && LOOKALIKE.test(word));
}
