/** A desk that is kept up to date: by its channel, and by asking again each time the channel opens. */

import type { Edge } from "../edge.js";
import { GatewayError, backoff, follow } from "../gateway/index.js";
import type { Envelope } from "../gateway/index.js";
import type { Answered, Remembered, Waiting } from "../model.js";
import type { Desk } from "./desk.js";

/** What a screen is told of. */
export interface Watcher {
  /** What waits has changed: all of it, oldest first. */
  waiting(items: readonly Waiting[]): void;
  /** What became of answers has changed: the history tells. */
  settled(): void;
  /** Whether the gateway is there; `undefined` is yes. */
  away(error: GatewayError | undefined): void;
}

/** How often what has ended is looked for. */
const TICK = 1_000;

/**
 * Watches until the signal says stop, or the gateway will have nothing of this device any more. What was
 * under way when the signal came changes nothing any more: another watch may have begun.
 *
 * @returns why the gateway refuses this device for good; nothing where the signal ended it
 * @throws StorageError where this device cannot keep anything any more
 */
export async function watch(desk: Desk, edge: Edge, watcher: Watcher, signal: AbortSignal): Promise<GatewayError | undefined> {
  const inbox = new Inbox(desk, edge, watcher, signal);
  desk.onAnswer = (requestId, answer) => inbox.answered(requestId, answer);
  // What ends one, or breaks in it, ends the others as well.
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  const following = follow(desk.session, inbox, both).finally(() => over.abort());
  try {
    const [refused] = await Promise.all([following, sending(desk, edge, inbox, both), ticking(edge, inbox, both)]);
    return refused;
  } finally {
    over.abort();
  }
}

/** How long a look at what waits to be sent is put off where nothing does. */
const QUIET = 60_000;

/** Sends what waits: at once where the channel opens or an answer waits, else after longer and longer waits. */
async function sending(desk: Desk, edge: Edge, inbox: Inbox, signal: AbortSignal): Promise<void> {
  for (let attempt = 0; !signal.aborted; ) {
    const before = await desk.unsent();
    const done = before === 0 || (await desk.resend());
    if (before > 0 && (await desk.unsent()) !== before) await inbox.sent();
    attempt = done ? 0 : attempt + 1;
    const wait = done ? QUIET : backoff(attempt, edge.random(1)[0] ?? 0);
    const woken = new AbortController();
    const slept = edge.sleep(wait, AbortSignal.any([signal, woken.signal]));
    await inbox.poked(slept);
    woken.abort();
  }
}

async function ticking(edge: Edge, inbox: Inbox, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await inbox.expire();
    await edge.sleep(TICK, signal);
  }
}

/** What waits at one desk. */
class Inbox {
  readonly #desk: Desk;
  readonly #edge: Edge;
  readonly #watcher: Watcher;
  readonly #signal: AbortSignal;
  #items = new Map<string, Waiting>();
  #poke: () => void = () => undefined;

  constructor(desk: Desk, edge: Edge, watcher: Watcher, signal: AbortSignal) {
    this.#desk = desk;
    this.#edge = edge;
    this.#watcher = watcher;
    this.#signal = signal;
  }

  /** What came while the channel was away is asked for; what is listed no more is over. */
  async opened(): Promise<void> {
    this.#watcher.away(undefined);
    this.#poke();
    const before = this.#items;
    const listed = await this.#desk.list();
    // A list of a watch that is over says what was, and not what is.
    if (this.#signal.aborted) return;
    this.#items = new Map(listed.map((item) => [keyOf(item), item]));
    for (const [key, item] of before) {
      if (!this.#items.has(key)) await this.#gone(item, "withdrawn");
    }
    this.#tell();
  }

  async pushed(message: Envelope): Promise<void> {
    const { msgType, requestId } = message;
    if (msgType === "approval.request") this.#put(await this.#desk.receive(message));
    else if (msgType === "note.deliver" && this.#items.has(requestId)) await this.#heard(message);
    else if (msgType === "exchange.withdrawn") await this.#withdrawn(message);
    await this.#desk.arrived(message);
    this.#tell();
  }

  away(error: GatewayError): void {
    this.#watcher.away(error);
  }

  /** Ends with the wait, or where there is something to send before. */
  async poked(wait: Promise<void>): Promise<void> {
    await Promise.race([wait, new Promise<void>((resolve) => (this.#poke = resolve))]);
  }

  /** Takes out what nobody can answer any more. */
  async expire(): Promise<void> {
    const now = this.#edge.now();
    const over = [...this.#items.values()].filter(
      (item) => item.kind === "opened" && now >= item.opened.artifact.expiresAt.millis,
    );
    for (const item of over) {
      this.#items.delete(keyOf(item));
      await this.#gone(item, "expired");
    }
    if (over.length > 0) this.#tell();
  }

  /** What was answered stands there as long as it waits to be sent. */
  answered(requestId: string, answer: Answered): void {
    const item = this.#items.get(requestId);
    if (item?.kind === "opened" && answer.sent === "waits") this.#items.set(requestId, { ...item, answer });
    else this.#items.delete(requestId);
    if (answer.sent === "waits") this.#poke();
    this.#tell();
    this.#watcher.settled();
  }

  /** Answers that waited are gone out, or will never be taken. */
  async sent(): Promise<void> {
    for (const [requestId, item] of this.#items) {
      const answer = item.kind === "opened" && item.answer ? await this.#desk.answered(requestId) : undefined;
      if (answer !== undefined && answer.sent !== "waits") this.answered(requestId, answer);
    }
    this.#watcher.settled();
  }

  async #heard(message: Envelope): Promise<void> {
    const item = await this.#desk.heard(message);
    if (item !== undefined) this.#put(item);
  }

  /** A gateway's word for the end of a request is a hint: the worst it can cause is "no". */
  async #withdrawn({ requestId, body }: Envelope): Promise<void> {
    const item = this.#items.get(requestId);
    this.#items.delete(requestId);
    this.#items.delete(closedKey(requestId));
    if (item === undefined) return;
    const how = body.reason === "decided" ? "answered-by-others" : body.reason === "expired" ? "expired" : "withdrawn";
    await this.#gone(item, how);
  }

  async #gone(item: Waiting, how: NonNullable<Remembered["ended"]>): Promise<void> {
    await this.#desk.over(idOf(item), how);
    this.#watcher.settled();
  }

  #put(item: Waiting): void {
    this.#items.set(keyOf(item), item);
  }

  #tell(): void {
    this.#watcher.waiting([...this.#items.values()].sort((a, b) => at(a) - at(b)));
  }
}

function idOf(item: Waiting): string {
  return item.kind === "opened" ? item.opened.artifact.requestId : item.requestId;
}

/** What does not open takes no other's place, whatever it calls itself. */
function keyOf(item: Waiting): string {
  return item.kind === "opened" ? item.opened.artifact.requestId : closedKey(item.requestId);
}

/** No id of a request holds a space. */
function closedKey(requestId: string): string {
  return `${requestId} closed`;
}

/** What does not open has no time of its own, and stands last. */
function at(item: Waiting): number {
  return item.kind === "opened" ? item.opened.artifact.createdAt.millis : Number.MAX_SAFE_INTEGER;
}
