/** What comes from outside, in one place, so that tests put their own here. */

export interface Edge {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** That many fresh random bytes. */
  random(length: number): Uint8Array;
  /** Ends after so long; ends early, as if time had passed, where the signal says so. */
  sleep(millis: number, signal?: AbortSignal): Promise<void>;
  readonly fetch: typeof fetch;
  /** Opens a WebSocket. */
  readonly socket: (address: string) => Socket;
  /** Where a gateway with this origin is reached: its own address, or one that leads there. */
  address(origin: string): string;
}

/** What is used of a WebSocket. */
export interface Socket {
  send(text: string): void;
  close(): void;
  addEventListener(type: "open" | "close", heard: () => void): void;
  addEventListener(type: "message", heard: (message: { readonly data: unknown }) => void): void;
}

/** The edge of a page. */
export function browserEdge(address: (origin: string) => string = (origin) => origin): Edge {
  return {
    now: () => Date.now(),
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    sleep,
    fetch: (input, init) => fetch(input, init),
    socket: (url) => new WebSocket(url),
    address,
  };
}

/** Waits, with a timer that does not outlive the signal. */
export function sleep(millis: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, millis);
    signal?.addEventListener("abort", done);
  });
}
