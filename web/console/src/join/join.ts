/** Drives the state machine: makes keys, calls the relay, writes the pairing down. */

import { encoding, keys, time } from "@countersign/protocol";
import type { pairing } from "@countersign/protocol";
import type { Edge } from "../edge.js";
import { GatewayError, Session, calls } from "../gateway/index.js";
import type { KeyStore } from "../keys/index.js";
import type { Memory } from "../memory/index.js";
import type { Pairing } from "../model.js";
import { begin, originOf, step } from "./machine.js";
import type { Effect, Event, Failure, Invitation, State } from "./machine.js";

/** How often a relay is asked for news. */
const PAUSE = 300;

/** How often the word to the other side is repeated while the relay is away. */
const TRIES = 10;

/** Where everything is. */
export interface Place {
  readonly edge: Edge;
  readonly keys: KeyStore;
  readonly memory: Memory;
}

/** What the person calls the pairing. */
export interface Labels {
  readonly name: string;
  readonly group: string;
}

/** What a person sees of a pairing that goes on. */
export type Seen =
  | { readonly step: "asking" }
  /** Waits for the person: {@link Join.compare}. */
  | { readonly step: "comparing"; readonly digits: string; readonly fingerprint: string }
  /** This side said yes; the other one has not yet. */
  | { readonly step: "agreeing" }
  | { readonly step: "joined"; readonly pairing: Pairing }
  | { readonly step: "failed"; readonly why: Failure };

/** One pairing in progress. */
export class Join {
  readonly #with: Place;
  readonly #invited: Invitation;
  /** Wanted when the pairing is written down: by link before {@link run}, by code before the yes. */
  labels: Labels;
  readonly #tell: (seen: Seen) => void;
  readonly #events: Event[] = [];
  #wake: () => void = () => undefined;
  #pairing: Pairing | undefined;
  #over = false;

  /** @param tell is told of every change */
  constructor(place: Place, invited: Invitation, labels: Labels, tell: (seen: Seen) => void) {
    this.#with = place;
    this.#invited = invited;
    this.labels = labels;
    this.#tell = tell;
  }

  /** The person said whether the other screen shows the same digits. Only a clear yes counts. */
  compare(same: boolean): void {
    this.#happened({ event: "compared", same });
  }

  /** The person stops it. */
  stop(): void {
    this.#happened({ event: "stopped" });
  }

  /**
   * Joins, or says why not. Keys of a pairing that did not come to be are forgotten.
   *
   * @throws KeysError, StorageError
   */
  async run(): Promise<Seen> {
    const { edge, keys: store } = this.#with;
    const device = await store.make();
    const newcomer = { deviceId: encoding.base64(edge.random(16)), publicKeys: device.publicKeys, r2: edge.random(32) };
    const gateway = originOf(this.#invited);
    const session = new Session(edge, { gateway, deviceId: newcomer.deviceId, device });
    try {
      const seen = await this.#drive(session, ...begin(this.#invited, newcomer, edge.now()));
      if (seen.step !== "joined") await store.forget(keys.keyId(device.publicKeys.signing));
      return seen;
    } finally {
      this.#over = true;
    }
  }

  async #drive(session: Session, from: State, todo: readonly Effect[]): Promise<Seen> {
    let state = from;
    let effects = todo;
    for (;;) {
      const seen = this.#seen(state);
      this.#tell(seen);
      for (const effect of effects) await this.#do(effect, session);
      if (seen.step === "joined" || seen.step === "failed") return seen;
      [state, effects] = step(state, await this.#next(state), this.#with.edge.now());
    }
  }

  #seen(state: State): Seen {
    if (state.step === "comparing") {
      const { digits, keys: found } = state.compare;
      return { step: "comparing", digits, fingerprint: keys.fingerprint(found) };
    }
    if (state.step === "failed") return { step: "failed", why: state.why };
    if (state.step === "joined" && this.#pairing !== undefined) return { step: "joined", pairing: this.#pairing };
    return { step: state.step === "agreeing" ? "agreeing" : "asking" };
  }

  /** Does one thing; what came of it is an event. */
  async #do(effect: Effect, session: Session): Promise<void> {
    const { edge } = this.#with;
    const { gateway } = session.caller;
    switch (effect.effect) {
      case "resolve":
        return this.#tried(async () => ({ event: "resolved", found: await calls.resolve(edge, gateway, effect.code) }));
      case "complete":
        return this.#tried(async () => {
          await calls.complete(edge, gateway, effect.nonce, effect.completion);
          return { event: "completed" };
        });
      case "ask":
        return this.#tried(async () => {
          await edge.sleep(PAUSE);
          return { event: "status", status: await calls.status(edge, gateway, effect.nonce) };
        });
      case "keep":
        await this.#keep(effect.paired, session);
        return this.#happened({ event: "kept" });
      case "discard":
        return this.#with.memory.discardPairing(effect.pairId);
      case "say":
        return this.#say(session, effect.nonce, effect.accepted);
    }
  }

  async #tried(work: () => Promise<Event>): Promise<void> {
    try {
      this.#happened(await work());
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#happened({ event: "failed", final: !error.mayPass });
    }
  }

  async #keep(paired: pairing.Paired, { caller }: Session): Promise<void> {
    const { memory, edge } = this.#with;
    const { name, group } = this.labels;
    this.#pairing = {
      pairId: paired.pairId,
      name,
      group,
      deviceId: caller.deviceId,
      enforcerId: paired.enforcerId,
      gateway: paired.origin,
      enforcer: keys.publicKeysJson(paired.keys) as unknown as Pairing["enforcer"],
      fingerprint: keys.fingerprint(paired.keys),
      keyId: keys.keyId(caller.device.publicKeys.signing),
      createdAt: time.atMillis(edge.now()).text,
    };
    await memory.keepPairing(this.#pairing);
  }

  /** Where the relay does not pass it on, the other side's own time runs out. */
  async #say(session: Session, nonce: string, accepted: boolean): Promise<void> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      try {
        return await calls.confirm(session, nonce, accepted);
      } catch (error) {
        if (!(error instanceof GatewayError && error.mayPass) || error.status === 401) return;
        await this.#with.edge.sleep(PAUSE);
      }
    }
  }

  #happened(event: Event): void {
    if (this.#over) return;
    this.#events.push(event);
    this.#wake();
  }

  /** The next event. A person who looks at digits for too long is one as well. */
  async #next(state: State): Promise<Event> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) return event;
      const woken = new AbortController();
      const wake = new Promise<void>((resolve) => (this.#wake = resolve));
      const left = "until" in state ? Math.max(state.until - this.#with.edge.now(), 0) : 0;
      await Promise.race([wake, this.#with.edge.sleep(left, woken.signal)]);
      woken.abort();
      // Any event ends what has run out of time.
      if (left === 0 && this.#events.length === 0) return { event: "failed", final: false };
    }
  }
}
