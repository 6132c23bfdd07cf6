/** Where a notice is told. */

import type { Place } from "./place.js";

/** A place by its name, so that two can be compared. */
export function nameOf(place: Place): string {
  return place.at === "request" ? `request ${place.key}` : place.at;
}

/** What is told at a place: what was done there, and anywhere what went wrong, since something is to be done about it. */
export function told<T extends { readonly from: string; readonly bad: boolean }>(notices: readonly T[], place: Place): readonly T[] {
  const here = nameOf(place);
  return notices.filter(({ from, bad }) => bad || from === here);
}
