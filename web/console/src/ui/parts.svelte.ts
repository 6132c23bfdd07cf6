/**
 * What must have been on the screen before a yes: folded parts at high risk, and the tail of lists
 * that are put onto the page piece by piece.
 */

import { getContext, setContext } from "svelte";

const KEY = Symbol("parts");

export class Parts {
  private readonly closed = $state<Record<string, true>>({});
  private next = 0;

  /** Whether parts begin folded and must be opened. */
  constructor(readonly strict: boolean) {}

  get unread(): number {
    return Object.keys(this.closed).length;
  }

  /** A part that was not seen yet. */
  expect(): string {
    this.next += 1;
    const id = `part-${this.next}`;
    this.closed[id] = true;
    return id;
  }

  seen(id: string): void {
    delete this.closed[id];
  }
}

export function provideParts(strict: boolean): Parts {
  return setContext(KEY, new Parts(strict));
}

export function useParts(): Parts {
  return getContext<Parts>(KEY);
}
