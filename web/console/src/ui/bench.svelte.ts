/** Files that are being checked, and how far that is. They live as long as the page, and nowhere else. */

import type { report, trust } from "@countersign/protocol";
import { bundleIn, identified, receiptIn } from "../verify/index.js";
import type { Checked, Identified } from "../verify/index.js";

/** A file, and what came of it so far. */
export interface Entry {
  readonly id: number;
  readonly name: string;
  /** Nothing while it is looked at. */
  readonly found?: Identified;
  readonly result?: Result;
}

/** What came of checking a file. */
export type Result =
  | { readonly of: "receipt"; readonly checked: Checked }
  | { readonly of: "bundle"; readonly report: report.Report }
  | { readonly of: "bundle"; readonly lines: number; readonly stopped: boolean };

/** The longest that the page does nothing else, in milliseconds. */
const TURN = 24;

/** Ends a check that nobody waits for any more. */
class Ended extends Error {}

export class Bench {
  entries = $state.raw<readonly Entry[]>([]);
  #made = 0;
  /** Which run it is: an earlier one ends as soon as it notices. */
  #run = 0;

  /** The trust files. Only where there is one it is used. */
  get trusts(): readonly { readonly name: string; readonly trust: trust.TrustStore }[] {
    return this.entries.flatMap(({ name, found }) => (found?.is === "trust" ? [{ name, trust: found.trust }] : []));
  }

  async add(files: readonly { readonly name: string; readonly blob: Blob }[]): Promise<void> {
    const fresh = files.map(({ name, blob }) => ({ entry: { id: (this.#made += 1), name }, blob }));
    this.entries = [...this.entries, ...fresh.map(({ entry }) => entry)];
    for (const { entry, blob } of fresh) this.#put(entry.id, { found: await identified(blob) });
    await this.#check();
  }

  async remove(id: number): Promise<void> {
    this.entries = this.entries.filter((one) => one.id !== id);
    await this.#check();
  }

  clear(): void {
    this.#run += 1;
    this.entries = [];
  }

  /** Ends what runs. What was not read to its end counts for nothing. */
  stop(): void {
    this.#run += 1;
    this.entries = this.entries.map((one) => {
      const { result } = one;
      return result?.of === "bundle" && "lines" in result ? { ...one, result: { ...result, stopped: true } } : one;
    });
  }

  again(): Promise<void> {
    return this.#check();
  }

  /** Checks everything anew: other keys may count now. */
  async #check(): Promise<void> {
    const run = (this.#run += 1);
    this.entries = this.entries.map(({ result: _, ...one }) => one);
    const [one, ...others] = this.trusts;
    if (one === undefined || others.length > 0) return;
    try {
      for (const { id, found } of this.entries) {
        const result = await this.#result(id, found, one.trust, run);
        if (result !== undefined) this.#put(id, { result });
      }
    } catch (error) {
      if (!(error instanceof Ended)) throw error;
    }
  }

  async #result(id: number, found: Identified | undefined, pinned: trust.TrustStore, run: number): Promise<Result | undefined> {
    const turn = turns((lines) => {
      if (run !== this.#run) throw new Ended();
      if (lines > 0) this.#put(id, { result: { of: "bundle", lines, stopped: false } });
    });
    await turn(0);
    if (found?.is === "receipt") return { of: "receipt", checked: receiptIn(found.bytes, pinned, Date.now()) };
    if (found?.is !== "bundle") return undefined;
    try {
      return { of: "bundle", report: await bundleIn(found.blob, pinned, Date.now(), turn) };
    } catch (error) {
      if (error instanceof Ended) throw error;
      const because = error instanceof Error ? error.message : String(error);
      this.#put(id, { found: { is: "nothing", trouble: "unreadable", because } });
      return undefined;
    }
  }

  #put(id: number, more: Partial<Entry>): void {
    this.entries = this.entries.map((one) => (one.id === id ? { ...one, ...more } : one));
  }
}

/** Lets the page have its turn now and then; `passed` hears of it. */
function turns(passed: (lines: number) => void): (lines: number) => Promise<void> {
  let since = performance.now();
  return async (lines) => {
    if (lines > 0 && performance.now() - since < TURN) return;
    await new Promise((done) => setTimeout(done));
    passed(lines);
    since = performance.now();
  };
}
