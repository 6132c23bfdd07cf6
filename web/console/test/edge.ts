/** A clock that stands still until a test moves it, chance that repeats, and a disk in memory. */

import { IDBFactory } from "fake-indexeddb";
import type { Edge, Socket } from "../src/edge.js";
import { SILENCE } from "../src/gateway/index.js";
import { KeyStore } from "../src/keys/index.js";
import { Memory, lonelyLock } from "../src/memory/index.js";

export const NOW = 1_770_000_000_000;

/** An edge whose waits end at once and are written down; the watch over silence never ends by itself. */
export class TestEdge implements Edge {
  millis = NOW;
  readonly waits: number[] = [];
  readonly fetch: typeof fetch;
  readonly socket: (address: string) => Socket;
  #drawn = 0;

  constructor(answer: typeof fetch = () => Promise.reject(new TypeError("nobody is there")), socket: (address: string) => Socket = nobody) {
    this.fetch = answer;
    this.socket = socket;
  }

  now(): number {
    return this.millis;
  }

  random(length: number): Uint8Array {
    return new Uint8Array(length).map(() => (this.#drawn += 7) % 251);
  }

  async sleep(millis: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return;
    if (millis === SILENCE) return new Promise((done) => signal?.addEventListener("abort", () => done()));
    this.waits.push(millis);
    await new Promise((done) => setImmediate(done));
  }

  address(origin: string): string {
    return origin;
  }
}

function nobody(): Socket {
  throw new TypeError("nobody is there");
}

/** One browser: what it keeps outlives a page. */
export class Browser {
  readonly disk = new IDBFactory();
  marked = false;

  async memory(): Promise<Memory> {
    const marker = { get: () => this.marked, set: () => void (this.marked = true) };
    return Memory.open(this.disk, lonelyLock(), marker);
  }

  keys(): Promise<KeyStore> {
    return KeyStore.open(this.disk, crypto.subtle);
  }

  /** What a browser does that wants its space back. */
  forgetAll(): void {
    (this as { disk: IDBFactory }).disk = new IDBFactory();
  }
}
