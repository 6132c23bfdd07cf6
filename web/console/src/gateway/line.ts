/** One WebSocket as a line of messages that are read strictly, one after the other, and up to a limit. */

import { json } from "@countersign/protocol";
import type { Edge, Socket } from "../edge.js";
import { sense } from "./call.js";
import { GatewayError } from "./error.js";
import { PAGE } from "./messages.js";

export class Line {
  readonly #edge: Edge;
  readonly #socket: Socket;
  /** Whether it opened, or will not. */
  readonly #opened: Promise<void>;
  #open: () => void = () => undefined;
  /** What came and was not read yet; `undefined` is the end. */
  readonly #came: (string | undefined)[] = [];
  #size = 0;
  #wake: () => void = () => undefined;

  private constructor(edge: Edge, socket: Socket) {
    this.#edge = edge;
    this.#socket = socket;
    this.#opened = new Promise((done) => (this.#open = done));
    socket.addEventListener("open", () => this.#open());
    socket.addEventListener("message", ({ data }) => this.#take(data));
    socket.addEventListener("close", () => this.#put(undefined));
  }

  /** Begins to open one, which is closed with the signal. */
  static to(edge: Edge, address: string, signal: AbortSignal): Line {
    let socket: Socket;
    try {
      socket = edge.socket(address);
    } catch {
      throw new GatewayError("unreachable");
    }
    const line = new Line(edge, socket);
    const close = (): void => {
      socket.close();
      // A browser tells of the end later, or never where the other side is gone.
      line.#put(undefined);
    };
    if (signal.aborted) close();
    else signal.addEventListener("abort", close, { once: true });
    return line;
  }

  /** Says something, once it is open. What does not get out is noticed by {@link Line.next}. */
  async say(text: string): Promise<void> {
    await this.#opened;
    try {
      this.#socket.send(text);
    } catch {
      this.#put(undefined);
    }
  }

  /**
   * The next message; `undefined` where it ended, or said nothing for so long.
   *
   * @throws GatewayError `nonsense`
   */
  async next(patience: number): Promise<json.JsonValue | undefined> {
    const heard = new AbortController();
    const silence = this.#edge.sleep(patience, heard.signal);
    try {
      if (this.#came.length === 0) await Promise.race([this.#something(), silence]);
      const text = this.#came[0];
      if (text === undefined) return undefined;
      this.#came.shift();
      this.#size -= text.length;
      return sense(() => json.parse(text, PAGE));
    } finally {
      heard.abort();
    }
  }

  #something(): Promise<void> {
    return new Promise((done) => (this.#wake = done));
  }

  #take(data: unknown): void {
    const text = typeof data === "string" ? data : undefined;
    this.#size += text?.length ?? 0;
    // What is no text, or more than anybody sends before it is read, ends it.
    if (text === undefined || this.#size > 2 * PAGE) this.#socket.close();
    this.#put(this.#size > 2 * PAGE ? undefined : text);
  }

  #put(text: string | undefined): void {
    this.#came.push(text);
    if (text === undefined) this.#open();
    this.#wake();
  }
}
