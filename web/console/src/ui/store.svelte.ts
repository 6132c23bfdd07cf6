/** What the screens share: the newest picture, answers that can still be taken back, and notices. */

import type { Opened, Reply } from "../model.js";
import type { Desk, Picture } from "./desk.js";
import { route } from "./route.svelte.js";
import { start } from "./text.js";
import { nameOf } from "./told.js";
import { words } from "./words.js";

/** An answer between the gesture and the signature. */
export interface Pending {
  readonly key: string;
  readonly opened: Opened;
  readonly reply: Reply;
  /** When it is signed, in milliseconds. */
  readonly at: number;
  readonly sending: boolean;
}

export interface Notice {
  readonly id: number;
  /** The place where it was done, as `nameOf` names it. */
  readonly from: string;
  readonly text: string;
  readonly bad: boolean;
}

/** Between the gesture and the signature, in milliseconds. */
const GRACE = 3000;
const NOTICE = 12_000;

export class Store {
  picture = $state.raw<Picture>();
  pending = $state.raw<readonly Pending[]>([]);
  notices = $state.raw<readonly Notice[]>([]);
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private next = 0;

  constructor(readonly desk: Desk) {}

  /** Follows the desk until the returned function is called. */
  follow(): () => void {
    return this.desk.subscribe((picture) => (this.picture = picture));
  }

  /** Signs in three seconds, unless it is taken back. One answer for each request. */
  answer(key: string, opened: Opened, reply: Reply): void {
    if (this.pendingFor(key) !== undefined) return;
    this.pending = [...this.pending, { key, opened, reply, at: Date.now() + GRACE, sending: false }];
    this.timers.set(key, setTimeout(() => void this.send(key), GRACE));
  }

  pendingFor(key: string): Pending | undefined {
    return this.pending.find((one) => one.key === key);
  }

  takeBack(key: string): void {
    const found = this.pendingFor(key);
    if (found === undefined || found.sending) return;
    this.drop(key);
    this.say(words.pending.tookBack, false, nameOf({ at: "request", key }));
  }

  async send(key: string): Promise<void> {
    const found = this.pendingFor(key);
    if (found === undefined || found.sending) return;
    clearTimeout(this.timers.get(key));
    this.pending = this.pending.map((one) => (one.key === key ? { ...one, sending: true } : one));
    const { opened, reply } = found;
    await this.trying(async () => {
      const sent = await this.desk.answer(opened, reply);
      const bad = sent === "refused" || sent === "too-late";
      this.say(`${words.said[reply.say]}: ${start(opened.review.headline, 120)} — ${words.sent[sent]}`, bad, nameOf({ at: "request", key }));
    });
    this.drop(key);
  }

  /** Does something below, and says where it did not work. */
  async trying<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.say(words.trouble(error instanceof Error ? error.message : String(error)), true);
      return undefined;
    }
  }

  /** Tells something on the page where it was done: on the one that is open, unless another is named. */
  say(text: string, bad = false, from = nameOf(route.place)): void {
    const id = (this.next += 1);
    // The same again takes the place of the one before.
    const others = this.notices.filter((one) => one.text !== text || one.from !== from);
    this.notices = [...others.slice(-3), { id, from, text, bad }];
    setTimeout(() => this.hush(id), NOTICE);
  }

  hush(id: number): void {
    this.notices = this.notices.filter((one) => one.id !== id);
  }

  private drop(key: string): void {
    clearTimeout(this.timers.get(key));
    this.timers.delete(key);
    this.pending = this.pending.filter((one) => one.key !== key);
  }
}
