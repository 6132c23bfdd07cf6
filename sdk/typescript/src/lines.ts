/** A file that comes in pieces, as lines. */

import { concat } from "./encoding.js";
import { MAX_LINE } from "./line.js";

/** Puts pieces together to lines. */
export class Lines {
  private readonly parts: Uint8Array[] = [];
  /** How many bytes there are of the line that has not ended. */
  rest = 0;

  /** The lines that end in this piece, without their line breaks. One that is too long is no line. */
  *in(piece: Uint8Array): Iterable<Uint8Array> {
    let from = 0;
    for (;;) {
      const end = piece.indexOf(0x0a, from);
      this.add(piece.subarray(from, end < 0 ? piece.length : end));
      if (end < 0 || this.rest > MAX_LINE) return;
      yield this.taken();
      from = end + 1;
    }
  }

  private add(part: Uint8Array): void {
    if (part.length === 0) return;
    this.parts.push(part);
    this.rest += part.length;
  }

  private taken(): Uint8Array {
    const line = this.parts.length === 1 ? (this.parts[0] as Uint8Array) : concat(...this.parts);
    this.parts.length = 0;
    this.rest = 0;
    return line;
  }
}
