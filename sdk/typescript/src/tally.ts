/** Order and digests of the lines of a bundle. */

import { sha256 } from "@noble/hashes/sha2.js";
import { hex } from "./encoding.js";
import { emptyObject } from "./json.js";
import type { JsonObject } from "./json.js";
import { comparePlaces, placeOf } from "./line.js";
import type { Line, Place, Section } from "./line.js";

type Digest = ReturnType<typeof sha256.create>;

const BREAK = Uint8Array.of(0x0a);

/** Everything that was before. */
export class Tally {
  private readonly all = sha256.create();
  private readonly sections = new Map<Section, { lines: number; digest: Digest }>();
  private last: Place | undefined;

  /** Why a line may not stand next; `undefined` where it may. */
  whyNot(line: Line): string | undefined {
    const place = placeOf(line);
    const begins = line.section === "bundle";
    const why = this.last === undefined ? (begins ? undefined : "the file does not begin with its cover") : this.after(this.last, place, begins);
    if (why === undefined) this.last = place;
    return why;
  }

  private after(last: Place, place: Place, begins: boolean): string | undefined {
    if (begins) return "a second cover";
    const order = comparePlaces(last, place);
    if (order === 0) return "the same line twice";
    return order > 0 ? "the line is out of order" : undefined;
  }

  /** Counts a line with its line break; `section` is unknown where it was not understood. */
  count(section: Section | undefined, bytes: Uint8Array): void {
    this.all.update(bytes).update(BREAK);
    if (section === undefined) return;
    const found = this.sections.get(section) ?? { lines: 0, digest: sha256.create() };
    found.lines += 1;
    found.digest.update(bytes).update(BREAK);
    this.sections.set(section, found);
  }

  /** What the manifest must say. */
  summary(ledger: string): JsonObject {
    const sections = emptyObject();
    for (const [name, { lines, digest }] of this.sections) sections[name] = { lines, sha256: ended(digest) };
    return { type: "countersign.bundle/v1", ledger, sections, sha256: ended(this.all) };
  }
}

function ended(digest: Digest): string {
  return hex(digest.clone().digest());
}
