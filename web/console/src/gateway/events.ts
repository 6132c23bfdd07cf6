/** Server-sent events from bytes: the part of the format that our gateway writes. */

import { PAGE } from "./messages.js";
import { GatewayError } from "./error.js";

/** One event. */
export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

/** Cuts a stream of bytes into events. */
export class EventReader {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #rest = "";

  /**
   * Takes the next bytes, and gives the events that they complete.
   *
   * @throws GatewayError `nonsense` where it is no UTF-8, or an event without end
   */
  take(bytes: Uint8Array): readonly ServerEvent[] {
    try {
      this.#rest += this.#decoder.decode(bytes, { stream: true });
    } catch {
      throw new GatewayError("nonsense");
    }
    const blocks = this.#rest.split("\n\n");
    this.#rest = blocks.pop() ?? "";
    if (this.#rest.length > PAGE) throw new GatewayError("nonsense");
    return blocks.map(eventIn);
  }
}

function eventIn(block: string): ServerEvent {
  const lines = block.split("\n");
  const of = (name: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ""));
  return { name: of("event")[0] ?? "message", data: of("data").join("\n") };
}
