/** All pairings of this device at work: what the screens show, and what they ask for. */

import { artifact } from "@countersign/protocol";
import { Desk, DeskError, watch } from "../desk/index.js";
import type { Watcher } from "../desk/index.js";
import type { Edge } from "../edge.js";
import { servedBy } from "../gateway/index.js";
import type { GatewayError } from "../gateway/index.js";
import { Join, invitation } from "../join/index.js";
import type { Failure, Labels, Seen } from "../join/index.js";
import { KeyStore } from "../keys/index.js";
import type { Passkeys } from "../keys/index.js";
import { Memory } from "../memory/index.js";
import type { Condition, Lock, Marker } from "../memory/index.js";
import type { Opened, Pairing, Remembered, Reply, Sent, Waiting } from "../model.js";

/** How a pairing reaches its gateway now; `unknown` is refused there and tried again, `refused` is not tried again by itself. */
export type Reach = "live" | "connecting" | "offline" | "unknown" | "refused";

/** Everything that the screens show, at one moment. */
export interface Picture {
  readonly pairings: readonly Pairing[];
  /** By pairing id. */
  readonly reach: Readonly<Record<string, Reach>>;
  readonly waiting: readonly Waiting[];
  /** Newest first. */
  readonly history: readonly Remembered[];
  /** Whether what was kept here is still there. */
  readonly condition: Condition;
  /** What is wrong with a pairing, where there is something to be done about it; by pairing id. */
  readonly trouble: Readonly<Record<string, string>>;
}

/** What a browser gives. */
export interface Home {
  readonly edge: Edge;
  readonly disk: IDBFactory;
  readonly subtle: SubtleCrypto;
  readonly lock: Lock;
  /** Where this page can have some. */
  readonly passkeys?: Passkeys | undefined;
  readonly marker: Marker;
  /** Other tabs of this page, where there can be some. */
  readonly tabs?: Pick<BroadcastChannel, "postMessage" | "addEventListener">;
}

/** What a person was given to join with. */
export type Invitation =
  | { readonly by: "link"; readonly link: string }
  | { readonly by: "code"; readonly code: string; readonly gateway: string };

/** A pairing that is about to be made. */
export interface Joining {
  readonly gateway: string;
  readonly fingerprint: string;
  /** Six digits to compare; a link carries a secret, so that nothing has to be compared. */
  readonly digits?: string;
  /** Says that they are the same, and waits for the other side. */
  confirm(labels: Labels): Promise<Pairing>;
  /** Says that they are not. Nothing is kept. */
  refuse(): Promise<void>;
}

const WORDS: Readonly<Record<Failure, string>> = {
  BadOrigin: "that is no address of a gateway",
  BadCode: "that is no pairing code: eight letters and digits",
  BadLink: "that is no pairing link, or it was cut: copy it again",
  WrongFingerprint: "the gateway showed another enforcer than the link names: nothing was sent to it",
  WrongCommitment: "the gateway changed keys on the way: nobody was paired; tell whoever runs it",
  WrongMac: "the other side did not prove that it made this link: nobody was paired",
  DigitsRefused: "the digits were not confirmed: nobody was paired",
  Reflected: "the gateway sent our own keys back: nobody was paired",
  RelayRefused: "the gateway knows no such code: run `countersign pair` again, and use its new code",
  RelayAway: "the gateway does not answer: try again",
  Refused: "the enforcer refused the pairing",
  Expired: "the pairing ran out of time: run `countersign pair` again",
  Stopped: "the pairing was stopped",
};

/** A desk for each pairing, and what they share. */
export class Office {
  readonly #home: Home;
  readonly #memory: Memory;
  readonly #keys: KeyStore;
  readonly #desks = new Map<string, { readonly desk: Desk; readonly stop: AbortController }>();
  readonly #tells = new Set<(picture: Picture) => void>();
  readonly #waiting = new Map<string, readonly Waiting[]>();
  readonly #reach = new Map<string, Reach>();
  readonly #trouble = new Map<string, string>();
  #pairings: readonly Pairing[] = [];
  #history: readonly Remembered[] = [];

  private constructor(home: Home, memory: Memory, keys: KeyStore) {
    this.#home = home;
    this.#memory = memory;
    this.#keys = keys;
  }

  /** @throws StorageError where the browser keeps nothing for this page */
  static async open(home: Home): Promise<Office> {
    const memory = await Memory.open(home.disk, home.lock, home.marker);
    const office = new Office(home, memory, await KeyStore.open(home.disk, home.subtle));
    home.tabs?.addEventListener("message", () => void office.#refresh());
    await office.#refresh();
    return office;
  }

  /** The device slept, or found its network again: what looks open may be dead, so each channel is opened anew. */
  wake(): void {
    for (const [pairId, { desk }] of [...this.#desks]) {
      if (this.#reach.get(pairId) !== "refused") this.#watch(desk);
    }
    this.#tell();
  }

  /** Asks the gateway of a pairing once more, which refused this device. */
  async retry(pairId: string): Promise<void> {
    this.#watch(this.#deskOf(pairId));
    this.#tell();
  }

  /** Ends every channel. */
  close(): void {
    this.#desks.forEach(({ stop }) => stop.abort());
    this.#desks.clear();
  }

  /** Tells the picture now and after every change, until the returned function is called. */
  subscribe(tell: (picture: Picture) => void): () => void {
    this.#tells.add(tell);
    tell(this.#picture());
    return () => void this.#tells.delete(tell);
  }

  /** Signs, writes down and sends. Nothing was signed before this is called. */
  async answer(about: Opened, reply: Reply): Promise<Sent> {
    return (await this.#deskOf(about.pairId).answer(about.artifact.artifactHash, reply)).sent;
  }

  /** Whether these are the four digits that the agent's side shows for it. */
  digitsFit(about: Opened, typed: string): boolean {
    return typed.trim() === artifact.lookDigits(about.artifact.artifactHash);
  }

  /** The gateway that a console on this machine leads to; none where a gateway serves the page itself. */
  async served(): Promise<string | undefined> {
    return servedBy(this.#home.edge);
  }

  async join(given: Invitation): Promise<Joining> {
    const invited = given.by === "link" ? invitation(given.link, "") : invitation(given.code, given.gateway);
    if (invited.by === "code") return this.#byCode(invited);
    const { origin: gateway, fingerprint } = invited.link;
    // Nothing is sent before the person said yes: the enforcer pins this device on its proof.
    const confirm = async (labels: Labels): Promise<Pairing> => {
      this.#freeName(labels);
      const join = new Join(this.#place(), invited, labels, () => undefined);
      return this.#made(await join.run());
    };
    return { gateway, fingerprint, confirm, refuse: () => Promise.resolve() };
  }

  async #byCode(invited: ReturnType<typeof invitation>): Promise<Joining> {
    let shown: (seen: Seen) => void = () => undefined;
    const comparing = new Promise<Seen>((resolve) => (shown = resolve));
    const join = new Join(this.#place(), invited, { name: "", group: "" }, (seen) => {
      if (seen.step === "comparing") shown(seen);
    });
    const ended = join.run();
    const first = await Promise.race([comparing, ended]);
    if (first.step !== "comparing") throw new NotJoined(first);
    const confirm = async (labels: Labels): Promise<Pairing> => {
      this.#freeName(labels);
      join.labels = labels;
      join.compare(true);
      return this.#made(await ended);
    };
    const refuse = async (): Promise<void> => {
      join.compare(false);
      await ended;
    };
    const gateway = invited.by === "code" ? invited.origin : invited.link.origin;
    return { gateway, fingerprint: first.fingerprint, digits: first.digits.replace(" ", ""), confirm, refuse };
  }

  async #made(seen: Seen): Promise<Pairing> {
    if (seen.step !== "joined") throw new NotJoined(seen);
    await this.#changed();
    return seen.pairing;
  }

  async rename(pairId: string, labels: Labels): Promise<void> {
    const found = this.#pairings.find((one) => one.pairId === pairId);
    if (found === undefined) return;
    if (found.name !== labels.name) this.#freeName(labels);
    await this.#memory.keepPairing({ ...found, ...labels });
    this.#leave(pairId);
    await this.#changed();
  }

  /** Ends a pairing; its keys are destroyed here, whether its gateway hears it or not. */
  async revoke(pairId: string): Promise<void> {
    await this.#deskOf(pairId).end();
    this.#leave(pairId);
    await this.#changed();
  }

  /** Asks enforcers to stop everything at once. */
  async freeze(pairIds: readonly string[], why: string): Promise<readonly { pairId: string; why?: string }[]> {
    return Promise.all(
      pairIds.map(async (pairId) => {
        try {
          await this.#deskOf(pairId).freeze(why);
          return { pairId };
        } catch (error) {
          return { pairId, why: error instanceof Error ? error.message : String(error) };
        }
      }),
    );
  }

  /** Forgets what was asked and answered here, but for what could still be answered. */
  async clearHistory(): Promise<void> {
    await this.#memory.clearHistory(this.#home.edge.now());
    await this.#changed();
  }

  /** Whether this page can have passkeys. */
  get passkeys(): boolean {
    return this.#home.passkeys !== undefined;
  }

  /** Makes a passkey for a pairing; the text is pinned at its enforcer. */
  async addPasskey(pairId: string): Promise<string> {
    const text = await this.#deskOf(pairId).addPasskey();
    await this.#changed();
    return text;
  }

  /** Uses this passkey for the answers of a pairing. */
  async usePasskey(pairId: string, credentialId: string): Promise<void> {
    await this.#deskOf(pairId).usePasskey(credentialId);
    await this.#changed();
  }

  /** Forgets a passkey of a pairing. */
  async forgetPasskey(pairId: string, credentialId: string): Promise<void> {
    await this.#deskOf(pairId).forgetPasskey(credentialId);
    await this.#changed();
  }

  #place(): { edge: Edge; memory: Memory; keys: KeyStore; passkeys: Passkeys | undefined } {
    return { edge: this.#home.edge, memory: this.#memory, keys: this.#keys, passkeys: this.#home.passkeys };
  }

  #freeName({ name }: Labels): void {
    if (!this.#pairings.some((one) => one.name === name && one.endedAt === undefined)) return;
    throw new NameTaken(`a pairing named \`${name}\` exists already: choose another name`);
  }

  #deskOf(pairId: string): Desk {
    const found = this.#desks.get(pairId);
    if (found !== undefined) return found.desk;
    throw new DeskError("Ended", this.#trouble.get(pairId) ?? "this pairing is not in use any more");
  }

  /** This device changed something: other tabs look again as well. */
  async #changed(): Promise<void> {
    this.#home.tabs?.postMessage("changed");
    await this.#refresh();
  }

  async #refresh(): Promise<void> {
    this.#pairings = await this.#memory.pairings();
    this.#history = await this.#memory.history();
    for (const pairing of this.#pairings) await this.#keepUp(pairing);
    this.#tell();
  }

  /** Sits down where nobody sits yet, and leaves what has ended. */
  async #keepUp(pairing: Pairing): Promise<void> {
    const { pairId } = pairing;
    if (pairing.endedAt !== undefined) return this.#leave(pairId);
    if (this.#desks.has(pairId)) return;
    let desk: Desk;
    try {
      desk = await Desk.at(this.#place(), pairing);
    } catch (error) {
      if (!(error instanceof DeskError)) throw error;
      this.#now(pairId, "offline", error.message);
      return;
    }
    if (!this.#desks.has(pairId)) this.#watch(desk);
  }

  /** Watches a desk, in place of the watch before: what that one still brings counts no more. */
  #watch(desk: Desk): void {
    const { pairId } = desk.pairing;
    this.#desks.get(pairId)?.stop.abort();
    const stop = new AbortController();
    this.#desks.set(pairId, { desk, stop });
    this.#now(pairId, "connecting");
    const ended = (error: unknown, reach: Reach): void => {
      if (stop.signal.aborted) return;
      // Nobody takes an answer to what still lies here.
      this.#waiting.delete(pairId);
      this.#now(pairId, reach, error instanceof Error ? error.message : String(error));
      this.#tell();
    };
    watch(desk, this.#home.edge, this.#watcher(pairId, stop.signal), stop.signal).then(
      (refused) => ended(refused, "refused"),
      (error: unknown) => ended(error, "offline"),
    );
  }

  #now(pairId: string, reach: Reach, trouble?: string): void {
    this.#reach.set(pairId, reach);
    if (trouble === undefined) this.#trouble.delete(pairId);
    else this.#trouble.set(pairId, trouble);
  }

  #watcher(pairId: string, over: AbortSignal): Watcher {
    return {
      waiting: (items) => {
        if (over.aborted) return;
        this.#waiting.set(pairId, items);
        this.#tell();
      },
      settled: () => {
        this.#home.tabs?.postMessage("changed");
        void this.#memory.history().then((history) => {
          this.#history = history;
          this.#tell();
        });
      },
      away: (error) => {
        if (over.aborted) return;
        this.#now(pairId, reachOf(error), error?.mendable === true ? error.message : undefined);
        this.#tell();
      },
    };
  }

  #leave(pairId: string): void {
    this.#desks.get(pairId)?.stop.abort();
    this.#desks.delete(pairId);
    this.#waiting.delete(pairId);
    this.#reach.delete(pairId);
    this.#trouble.delete(pairId);
  }

  #tell(): void {
    const picture = this.#picture();
    this.#tells.forEach((tell) => tell(picture));
  }

  /** Whether it was answered for good: another tab's desk takes it out of its own inbox only. */
  #answered(item: Waiting): boolean {
    if (item.kind !== "opened") return false;
    const { requestId } = item.opened.artifact;
    const known = this.#history.find((one) => one.pairId === item.opened.pairId && one.requestId === requestId);
    return known?.answer !== undefined && known.answer.sent !== "waits";
  }

  #picture(): Picture {
    const waiting = [...this.#waiting.values()].flat().filter((item) => !this.#answered(item)).sort((a, b) => at(a) - at(b));
    return {
      pairings: this.#pairings,
      reach: Object.fromEntries(this.#reach),
      waiting,
      history: this.#history,
      condition: this.#memory.condition,
      trouble: Object.fromEntries(this.#trouble),
    };
  }
}

function reachOf(error: GatewayError | undefined): Reach {
  if (error === undefined) return "live";
  return error.code === "unknown_key" ? "unknown" : "offline";
}

function at(item: Waiting): number {
  return item.kind === "opened" ? item.opened.artifact.createdAt.millis : Number.MAX_SAFE_INTEGER;
}

/** Nothing was sent: with another name the same invitation is good. */
class NameTaken extends Error {
  override readonly name = "NameTaken";
}

/** Why nobody was paired, in words. */
class NotJoined extends Error {
  override readonly name = "NotJoined";

  constructor(seen: Seen) {
    super(seen.step === "failed" ? WORDS[seen.why] : "the pairing did not come to an end: try again");
  }
}
