/** Which request stands where: by group and workspace, the most dangerous first. */

import { artifact } from "@countersign/protocol";
import type { Pairing, Risk, Waiting } from "../model.js";
import { visible } from "../review/index.js";

/** Requests of one workspace. */
export interface Workspace {
  readonly name: string | undefined;
  readonly items: readonly Waiting[];
}

/** Requests of the pairings that a person put into one group. */
export interface Group {
  readonly name: string;
  readonly workspaces: readonly Workspace[];
  readonly count: number;
}

const WEIGHT: Readonly<Record<Risk, number>> = { low: 1, medium: 2, high: 3, critical: 5 };

/** Unknown is as good as high: nobody said that it is less. */
export function weight(item: Waiting): number {
  if (item.kind === "closed") return 0;
  const { risk } = item.opened.review;
  return risk === undefined ? 4 : WEIGHT[risk];
}

/**
 * Names a request in the address and as a key; two enforcers may use one request id. What did not open
 * takes no other's name, whatever it calls itself: no id of a request that opened holds a space.
 */
export function keyOf(item: Waiting): string {
  return item.kind === "closed"
    ? `${item.pairId}/${item.requestId} closed`
    : `${item.opened.pairId}/${item.opened.artifact.requestId}`;
}

function workspaceOf(item: Waiting): string | undefined {
  if (item.kind === "closed") return undefined;
  const found = artifact.contextOf(item.opened.artifact)?.workspace;
  return found === undefined ? undefined : visible(found);
}

const endOf = (item: Waiting) =>
  item.kind === "closed" ? Number.POSITIVE_INFINITY : item.opened.artifact.expiresAt.millis;

const first = (one: Waiting, other: Waiting) =>
  weight(other) - weight(one) || endOf(one) - endOf(other) || (keyOf(one) < keyOf(other) ? -1 : 1);

/** The one that is to be read first, of those that opened. */
export function firstOf(waiting: readonly Waiting[]): string | undefined {
  const [found] = waiting.filter((one) => one.kind === "opened" && one.answer === undefined).sort(first);
  return found === undefined ? undefined : keyOf(found);
}

/** What waits, in the order in which it is read. */
export function grouped(
  waiting: readonly Waiting[],
  pairings: readonly Pairing[],
  otherName: string,
): readonly Group[] {
  const groups = new Map<string, Map<string | undefined, Waiting[]>>();
  const named = new Map(pairings.map((one) => [one.pairId, one.group]));
  for (const item of [...waiting].sort(first)) {
    const name = named.get(item.kind === "closed" ? item.pairId : item.opened.pairId) || otherName;
    const group = groups.get(name) ?? new Map<string | undefined, Waiting[]>();
    groups.set(name, group);
    const workspace = workspaceOf(item);
    const items = group.get(workspace);
    if (items === undefined) group.set(workspace, [item]);
    else items.push(item);
  }
  return [...groups].map(([name, workspaces]) => ({
    name,
    workspaces: [...workspaces].map(([workspace, items]) => ({ name: workspace, items })),
    count: [...workspaces.values()].reduce((sum, items) => sum + items.length, 0),
  }));
}
