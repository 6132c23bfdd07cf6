/** What this device keeps: pairings, what it was asked and answered, and answers that wait to be sent. */

import { time } from "@countersign/protocol";
import type { json } from "@countersign/protocol";
import { openDatabase, reading, result, writing } from "../database.js";
import type { Answered, Pairing, Remembered, Sent } from "../model.js";
import type { Lock } from "./lock.js";

const [PAIRINGS, HISTORY, OUTBOX] = ["pairings", "history", "outbox"] as const;

/** An answer that was signed: what is sent, and sent again, are these bytes. */
export interface SignedAnswer {
  readonly pairId: string;
  readonly requestId: string;
  readonly artifactHash: string;
  /** What was said, in one form: the same answer again is this one. */
  readonly meaning: string;
  /** When it loses its meaning, in milliseconds. */
  readonly endsAt: number;
  /** `decision.submit` and the sealed decision beside it. */
  readonly body: json.JsonObject;
  readonly trace: json.JsonObject;
}

/** A line of the history, with what only the desk needs. */
interface Line extends Remembered {
  /** The artifact, which no other request shares. */
  readonly artifactHash: string;
  /** The newest note of how far the others are. */
  readonly note?: string;
  /** {@link SignedAnswer.meaning} of the answer. */
  readonly meaning?: string;
}

/** Why an answer was not written down. */
export class AlreadyAnswered extends Error {
  override readonly name = "AlreadyAnswered";

  constructor() {
    super("this request was answered here already, and differently");
  }
}

/** Remembers, outside of what is kept here, that something was. */
export interface Marker {
  get(): boolean;
  set(): void;
}

/** Whether what was kept here is still there. */
export type Condition = "new" | "kept" | "lost";

/** The memory of this device. All methods throw StorageError where the browser keeps nothing. */
export class Memory {
  readonly #database: IDBDatabase;
  readonly lock: Lock;
  /** `lost` where there were pairings, and the browser has thrown them away. */
  readonly condition: Condition;
  readonly #marker: Marker;

  private constructor(database: IDBDatabase, lock: Lock, marker: Marker, condition: Condition) {
    this.#database = database;
    this.lock = lock;
    this.#marker = marker;
    this.condition = condition;
  }

  static async open(factory: IDBFactory, lock: Lock, marker: Marker): Promise<Memory> {
    const database = await openDatabase(factory, "countersign", (made) => {
      made.createObjectStore(PAIRINGS, { keyPath: "pairId" });
      made.createObjectStore(HISTORY, { keyPath: ["pairId", "requestId"] });
      made.createObjectStore(OUTBOX, { keyPath: ["pairId", "requestId"] });
    });
    const count = await reading(database, [PAIRINGS], (open) => result(open.objectStore(PAIRINGS).count()));
    const condition = count > 0 ? "kept" : marker.get() ? "lost" : "new";
    return new Memory(database, lock, marker, condition);
  }

  /** Every pairing, oldest first, also those that ended. */
  async pairings(): Promise<readonly Pairing[]> {
    const all = await this.#all<Pairing>(PAIRINGS);
    return all.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  }

  async keepPairing(pairing: Pairing): Promise<void> {
    await writing(this.#database, [PAIRINGS], (open) => result(open.objectStore(PAIRINGS).put(pairing)));
    this.#marker.set();
  }

  /** Takes back a pairing that the other side did not agree to. */
  async discardPairing(pairId: string): Promise<void> {
    await writing(this.#database, [PAIRINGS], (open) => result(open.objectStore(PAIRINGS).delete(pairId)));
  }

  /** Everything this device was asked, newest first. */
  async history(): Promise<readonly Remembered[]> {
    const all = await this.#all<Line>(HISTORY);
    return all.sort((a, b) => (a.seenAt < b.seenAt ? 1 : -1));
  }

  /**
   * Forgets what was asked and answered. What could still be answered is kept: else a second,
   * different answer could be signed.
   */
  async clearHistory(now: number): Promise<void> {
    await writing(this.#database, [HISTORY], async (open) => {
      const store = open.objectStore(HISTORY);
      const lines = await result(store.getAll() as IDBRequest<Line[]>);
      const over = lines.filter(({ review }) => (time.timestamp(review.expiresAt)?.millis ?? 0) <= now);
      for (const { pairId, requestId } of over) await result(store.delete([pairId, requestId]));
    });
  }

  /** What is remembered of one request. */
  async remembered(pairId: string, requestId: string): Promise<Remembered | undefined> {
    return reading(this.#database, [HISTORY], (open) => lineOf(open, pairId, requestId));
  }

  /**
   * Writes down that a request was shown; the first time counts. What was held to be over and is
   * there again is not over.
   */
  async saw(shown: Remembered, artifactHash: string): Promise<Remembered> {
    return writing(this.#database, [HISTORY], async (open) => {
      const found = await lineOf(open, shown.pairId, shown.requestId);
      if (found !== undefined && (found.artifactHash === artifactHash || found.answer !== undefined)) {
        const { ended: _, ...rest } = found;
        if (found.ended !== undefined) await put(open, HISTORY, rest);
        return rest;
      }
      await put(open, HISTORY, { ...shown, artifactHash });
      return shown;
    });
  }

  /** Writes down how a request ended without an answer of this device. */
  async ended(pairId: string, requestId: string, how: NonNullable<Remembered["ended"]>): Promise<void> {
    await this.#change(pairId, requestId, (line) =>
      line.answer === undefined ? { ...line, ended: how } : line,
    );
  }

  /** The newest note that was told of a request. */
  async note(pairId: string, requestId: string): Promise<string | undefined> {
    const found = await reading(this.#database, [HISTORY], (open) => lineOf(open, pairId, requestId));
    return found?.note;
  }

  async keepNote(pairId: string, requestId: string, note: string): Promise<void> {
    await this.#change(pairId, requestId, (line) => ({ ...line, note }));
  }

  /** What was said to a request, in the form of {@link SignedAnswer.meaning}. */
  async meaningOf(pairId: string, requestId: string): Promise<string | undefined> {
    const found = await reading(this.#database, [HISTORY], (open) => lineOf(open, pairId, requestId));
    return found?.meaning;
  }

  /**
   * Writes an answer down before it is sent, together with what was shown for it.
   *
   * @throws AlreadyAnswered where another one, or the same, stands there
   */
  async record(signed: SignedAnswer, answered: Remembered & { readonly answer: Answered }): Promise<void> {
    const { pairId, requestId, artifactHash, meaning } = signed;
    await writing(this.#database, [HISTORY, OUTBOX], async (open) => {
      const found = await lineOf(open, pairId, requestId);
      if (found?.answer !== undefined) throw new AlreadyAnswered();
      const note = found?.note === undefined ? {} : { note: found.note };
      await put(open, HISTORY, { ...answered, ...note, artifactHash, meaning });
      await put(open, OUTBOX, signed);
    });
  }

  /** Answers of a pairing that were signed and, as far as this device knows, never arrived. */
  async unsent(pairId: string): Promise<readonly SignedAnswer[]> {
    const all = await this.#all<SignedAnswer>(OUTBOX);
    return all.filter((one) => one.pairId === pairId);
  }

  /** Writes down what became of an answer: it is not sent again. */
  async settled(pairId: string, requestId: string, sent: Exclude<Sent, "waits">): Promise<void> {
    await writing(this.#database, [HISTORY, OUTBOX], async (open) => {
      await result(open.objectStore(OUTBOX).delete([pairId, requestId]));
      const found = await lineOf(open, pairId, requestId);
      // An answer that did arrive once stays so, whatever a gateway says later.
      if (found?.answer === undefined || found.answer.sent === "taken") return;
      await put(open, HISTORY, { ...found, answer: { ...found.answer, sent } });
    });
  }

  async #change(pairId: string, requestId: string, change: (line: Line) => Line): Promise<void> {
    await writing(this.#database, [HISTORY], async (open) => {
      const found = await lineOf(open, pairId, requestId);
      if (found !== undefined) await put(open, HISTORY, change(found));
    });
  }

  async #all<T>(store: string): Promise<T[]> {
    return reading(this.#database, [store], (open) =>
      result(open.objectStore(store).getAll() as IDBRequest<T[]>),
    );
  }
}

function lineOf(open: IDBTransaction, pairId: string, requestId: string): Promise<Line | undefined> {
  return result(open.objectStore(HISTORY).get([pairId, requestId]) as IDBRequest<Line | undefined>);
}

function put(open: IDBTransaction, store: string, value: object): Promise<IDBValidKey> {
  return result(open.objectStore(store).put(value));
}
