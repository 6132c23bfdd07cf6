/** Whether enough people allowed it: persons are counted and not keys, under the signed route. */

import type { Group, Route } from "./route.js";

/** A person's answer, and whether it says yes. */
export interface Answer {
  readonly person: string;
  readonly yes: boolean;
}

/** How many did, and how many must. */
export interface Short {
  readonly have: number;
  readonly need: number;
}

/** The distinct persons who allow. Who said both yes and no said no. */
export function allowing(answers: readonly Answer[]): ReadonlySet<string> {
  const who = (yes: boolean) => answers.filter((one) => one.yes === yes).map((one) => one.person);
  const against = new Set(who(false));
  return new Set(who(true).filter((person) => !against.has(person)));
}

/** Whether any one person's answer is the answer. */
export function oneDecides(route: Route): boolean {
  return needed(route) === 1 && (route.groups ?? []).length === 0;
}

/** What is missing; nothing where these answers are enough. Without a route one must have allowed. */
export function missing(route: Route | undefined, answers: readonly Answer[]): Short | undefined {
  const persons = allowing(answers);
  const need = route === undefined ? 1 : needed(route);
  // What one no ended has enough who allow it: they are not enough all the same.
  const short = { have: Math.min(persons.size, need - 1), need };
  if (route === undefined || persons.size < need) return short;
  const group = (route.groups ?? []).map((one) => of(one, persons)).find(({ have, need }) => have < need);
  if (group !== undefined) return group;
  const endedByOneNo = route.veto === true || oneDecides(route);
  return endedByOneNo && answers.some(({ yes }) => !yes) ? short : undefined;
}

/** How many distinct persons must allow, at least 1. */
export function needed(route: Route): number {
  return Math.max(route.threshold, 1);
}

/** How many of a group allow, and how many must. */
export function of(group: Group, persons: ReadonlySet<string>): Short {
  const have = new Set(group.persons.filter((person) => persons.has(person))).size;
  return { have, need: Math.max(group.threshold, 1) };
}
