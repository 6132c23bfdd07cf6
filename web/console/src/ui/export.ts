/** The history as files for other programs. */

import type { Remembered } from "../model.js";
import { outcome } from "./words.js";

/** Every entry whole. */
export function jsonOf(history: readonly Remembered[]): string {
  return `${JSON.stringify(history, null, 2)}\n`;
}

const HEAD = ["decidedAt", "answer", "sent", "outcome", "reason", "risk", "headline", "requestId", "pairing", "createdAt", "expiresAt", "artifactHash", "actionHash"];

/** One line for each entry. */
export function csvOf(history: readonly Remembered[], names: ReadonlyMap<string, string>): string {
  const line = (one: Remembered) => {
    const { review, answer } = one;
    return [answer?.decidedAt, answer?.say, answer?.sent, outcome(one), answer?.reason, review.risk, review.headline, review.requestId,
      names.get(one.pairId), review.createdAt, review.expiresAt, review.artifactHash, review.actionHash];
  };
  return [HEAD, ...history.map(line)].map((cells) => cells.map(cell).join(",")).join("\r\n").concat("\r\n");
}

/** A cell that no spreadsheet runs: one that begins like a formula begins with a quote instead. */
function cell(text: string | undefined): string {
  const safe = /^[=+\-@\t\r]/.test(text ?? "") ? `'${text ?? ""}` : (text ?? "");
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Hands a file to the person. */
export function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  [link.href, link.download] = [url, name];
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
