/** What is remembered, newest first, by the days of this device's own calendar. */

import type { Remembered } from "../model.js";

/** The entries of one day. */
export interface Day {
  /** `YYYY-MM-DD` where this device is. */
  readonly date: string;
  readonly entries: readonly Remembered[];
}

/** When something happened with it last: the answer, else that it was seen. */
export function momentOf({ answer, seenAt }: Remembered): string {
  return answer?.decidedAt ?? seenAt;
}

/** Newest first; what cannot be read as a time stands last. */
export function newestFirst(history: readonly Remembered[]): readonly Remembered[] {
  const at = (one: Remembered) => Date.parse(momentOf(one)) || 0;
  return [...history].sort((a, b) => at(b) - at(a));
}

/** The days of a list that is in order. */
export function days(sorted: readonly Remembered[]): readonly Day[] {
  const found: { date: string; entries: Remembered[] }[] = [];
  for (const one of sorted) {
    const date = dateOf(new Date(momentOf(one)));
    const last = found.at(-1);
    if (last?.date === date) last.entries.push(one);
    else found.push({ date, entries: [one] });
  }
  return found;
}

/** The day, where this device is. */
export function dateOf(moment: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

/** How a day is called: the last two by name. */
export function nameOf(date: string, now: Date, names: { readonly today: string; readonly yesterday: string }): string {
  if (date === dateOf(now)) return names.today;
  if (date === dateOf(new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1))) return names.yesterday;
  const day = new Date(`${date}T12:00:00`);
  if (Number.isNaN(day.getTime())) return date;
  return day.toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}
