/** How far the others are, beside a review and no part of it: a review is what is signed. */

import type { progress } from "@countersign/protocol";
import { quoted, word } from "./text.js";

/** How far the others are, on one line. */
export function soFarLine(soFar: progress.SoFar): string {
  return [ofAll(soFar), ...soFar.groups.map(ofGroup)].join("; ");
}

function ofAll({ allowed, needed }: progress.SoFar): string {
  const names = allowed.length === 0 ? "" : `: ${allowed.map(name).join(", ")}`;
  return `${allowed.length} of ${needed} approved so far${names}`;
}

function ofGroup({ name: called, have, need }: progress.SoFar["groups"][number]): string {
  return `${have} of ${need} of ${called === undefined ? "a list" : quoted(called)}`;
}

/** A person without quotes where the name cannot be read as two, or as more of the line. */
function name(person: string): string {
  return /[,:]/.test(person) ? quoted(person) : word(person);
}
