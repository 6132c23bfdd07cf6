/** One pairing at work: its inbox, and the answers that leave it. */

import { encoding, freeze, json, keys, sealing, time } from "@countersign/protocol";
import type { Edge } from "../edge.js";
import { GatewayError, Session, calls, noteIn } from "../gateway/index.js";
import type { Envelope } from "../gateway/index.js";
import { PasskeyRefused } from "../keys/index.js";
import type { KeyStore, Passkeys } from "../keys/index.js";
import { AlreadyAnswered } from "../memory/index.js";
import type { Memory, SignedAnswer } from "../memory/index.js";
import type { Answered, Opened, Pairing, Remembered, Reply, Waiting } from "../model.js";
import { withoutSecrets } from "../review/index.js";
import { NotOpened, enforcerOf, open } from "./open.js";
import { offer, usingPasskey, withPasskey, withoutPasskey } from "./passkey.js";
import { meaningOf, plain, sign } from "./sign.js";
import * as told from "./told.js";

/** A gateway that lists more than this is not listened to. */
const MAX_ITEMS = 10_000;

/** Where a desk stands. */
export interface Place {
  readonly edge: Edge;
  readonly memory: Memory;
  readonly keys: KeyStore;
  /** Where this page can have some. */
  readonly passkeys?: Passkeys | undefined;
}

/** Why a desk does not do what it was asked. */
export class DeskError extends Error {
  override readonly name = "DeskError";
  /** The reason: the keys are gone, the pairing ended, the request was never opened here. */
  readonly code: "KeysLost" | "Ended" | "NotOpened";

  constructor(code: DeskError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** One pairing with its keys and its gateway. */
export class Desk {
  readonly session: Session;
  readonly #place: Place;
  readonly #device: keys.Device;
  readonly #enforcer: keys.PublicKeys;
  #pairing: Pairing;
  /** Told of each answer that was given here: the request's id, and how far it got. */
  onAnswer: (requestId: string, answer: Answered) => void = () => undefined;
  /** What was opened and shown, by the artifact's hash: nothing else is ever signed. */
  readonly #opened = new Map<string, Opened>();

  private constructor(place: Place, pairing: Pairing, device: keys.Device) {
    this.#place = place;
    this.#pairing = pairing;
    this.#device = device;
    this.#enforcer = enforcerOf(pairing);
    const { gateway, deviceId } = pairing;
    this.session = new Session(place.edge, { gateway, deviceId, device });
  }

  /**
   * Sits down at a pairing.
   *
   * @throws DeskError `KeysLost` where the browser threw them away: pair this device again
   */
  static async at(place: Place, pairing: Pairing): Promise<Desk> {
    const device = await place.keys.find(pairing.keyId);
    if (device !== undefined) return new Desk(place, pairing, device);
    const message = `the keys of \`${pairing.name}\` are gone from this browser: pair it again`;
    throw new DeskError("KeysLost", message);
  }

  get pairing(): Pairing {
    return this.#pairing;
  }

  /**
   * Everything that waits, opened, oldest first. What lies here as waiting and is listed no more is
   * held to be over.
   *
   * @throws GatewayError, StorageError
   */
  async list(): Promise<readonly Waiting[]> {
    const found: Waiting[] = [];
    const seen = new Set<string>();
    for await (const message of this.#pages()) {
      const key = json.canonicalText([message.requestId, message.body.artifactHash ?? null]);
      if (seen.has(key)) continue;
      seen.add(key);
      found.push(await this.receive(message));
    }
    return found;
  }

  async *#pages(): AsyncGenerator<Envelope> {
    let cursor: string | undefined;
    for (let items = 0; ; ) {
      const page = await calls.inbox(this.session, cursor);
      yield* page.items;
      items += page.items.length;
      if (page.nextCursor === undefined) return;
      // An empty page ends nothing and brings nothing: only an endless gateway sends one.
      const endless = page.items.length === 0 || page.nextCursor === cursor || items > MAX_ITEMS;
      if (endless) throw new GatewayError("nonsense");
      cursor = page.nextCursor;
    }
  }

  /**
   * Opens one message, from a page or pushed, and writes down that it was shown.
   *
   * @throws StorageError
   */
  async receive(message: Envelope): Promise<Waiting> {
    const { pairId } = this.#pairing;
    let opened: Opened;
    try {
      opened = await open(message, this.#pairing, this.#device, this.#place.edge.now());
    } catch (error) {
      if (!(error instanceof NotOpened)) throw error;
      return { kind: "closed", pairId, requestId: message.requestId, why: error.message };
    }
    const known = await this.#saw(opened);
    const line = await this.#told(message, opened);
    const whole = line === undefined ? opened : { ...opened, soFar: line };
    this.#opened.set(opened.artifact.artifactHash, whole);
    return { kind: "opened", opened: whole, ...(known.answer === undefined ? {} : { answer: known.answer }) };
  }

  /** A pushed note: how far the others are with a request that was opened here. */
  async heard(message: Envelope): Promise<Waiting | undefined> {
    const opened = [...this.#opened.values()].find((one) => one.artifact.requestId === message.requestId);
    if (opened === undefined) return undefined;
    const line = await this.#told(message, opened);
    const known = await this.#place.memory.remembered(opened.pairId, message.requestId);
    const whole = line === undefined ? opened : { ...opened, soFar: line };
    this.#opened.set(opened.artifact.artifactHash, whole);
    return { kind: "opened", opened: whole, ...(known?.answer === undefined ? {} : { answer: known.answer }) };
  }

  #saw(opened: Opened): Promise<Remembered> {
    const shown: Remembered = {
      pairId: opened.pairId,
      requestId: opened.artifact.requestId,
      seenAt: time.atMillis(this.#place.edge.now()).text,
      review: withoutSecrets(opened.review),
    };
    return this.#place.memory.saw(shown, opened.artifact.artifactHash);
  }

  async #told(message: Envelope, opened: Opened): Promise<string | undefined> {
    const { memory } = this.#place;
    const { requestId } = opened.artifact;
    const kept = await memory.note(opened.pairId, requestId);
    const before = kept === undefined ? undefined : told.checked(kept, opened, this.#enforcer);
    const sealed = noteIn(message);
    const came = sealed && (await told.opened(sealed, opened, this.#enforcer, this.#device));
    const newest = told.newer(came, before);
    if (newest !== undefined && newest !== before) await memory.keepNote(opened.pairId, requestId, newest.text);
    return newest?.line;
  }

  /**
   * Signs a reply to what was opened under this hash, writes it down, and sends it, in this order.
   * The same answer given again sends the same bytes again.
   *
   * @returns how far it got: `waits` is written down and will be sent again
   * @throws DeskError, NotSigned, AlreadyAnswered, StorageError: nothing new was signed away then
   */
  async answer(artifactHash: string, reply: Reply): Promise<Answered> {
    return this.#place.memory.lock(async () => {
      this.#inUse();
      const opened = this.#opened.get(artifactHash);
      if (opened === undefined) throw new DeskError("NotOpened", "this request was not opened here");
      const said = plain(reply, opened);
      const signed = await this.#again(opened, said) ?? (await this.#sign(opened, said));
      if (signed !== "sent") await this.#send(signed);
      return this.#answerTo(opened);
    });
  }

  /** The answer that stands here already, where it is the same one. */
  async #again(opened: Opened, said: Reply): Promise<SignedAnswer | "sent" | undefined> {
    const { memory } = this.#place;
    const { requestId } = opened.artifact;
    const before = await memory.meaningOf(opened.pairId, requestId);
    if (before === undefined) return undefined;
    if (before !== meaningOf(said, opened)) throw new AlreadyAnswered();
    const waits = await memory.unsent(opened.pairId);
    return waits.find((one) => one.requestId === requestId) ?? "sent";
  }

  async #sign(opened: Opened, said: Reply): Promise<SignedAnswer> {
    const { edge, memory } = this.#place;
    const random = (length: number): Uint8Array => edge.random(length);
    const { passkeys } = this.#place;
    const desk = { pairing: this.#pairing, device: this.#device, passkeys, now: edge.now(), random };
    const { signed, answer, review } = await sign(opened, said, desk);
    const known = await memory.remembered(opened.pairId, signed.requestId);
    const seenAt = known?.seenAt ?? answer.decidedAt;
    const { pairId, requestId } = signed;
    await memory.record(signed, { pairId, requestId, seenAt, review: withoutSecrets(review), answer });
    return signed;
  }

  async #answerTo({ pairId, artifact }: Opened): Promise<Answered> {
    const known = await this.#place.memory.remembered(pairId, artifact.requestId);
    if (known?.answer === undefined) throw new DeskError("NotOpened", "the answer is not there any more");
    this.onAnswer(artifact.requestId, known.answer);
    return known.answer;
  }

  /**
   * Sends what was signed and never arrived: after a crash, after the gateway was away.
   *
   * @returns whether nothing waits any more
   */
  async resend(): Promise<boolean> {
    const { memory } = this.#place;
    return memory.lock(async () => {
      for (const signed of await memory.unsent(this.#pairing.pairId)) await this.#send(signed);
      return (await memory.unsent(this.#pairing.pairId)).length === 0;
    });
  }

  /** What was answered to a request, and how far that got. */
  async answered(requestId: string): Promise<Answered | undefined> {
    return (await this.#place.memory.remembered(this.#pairing.pairId, requestId))?.answer;
  }

  /** How many answers wait to be sent. */
  async unsent(): Promise<number> {
    return (await this.#place.memory.unsent(this.#pairing.pairId)).length;
  }

  /** A gateway that is away is no error here: the answer stays, and is sent again. */
  async #send(signed: SignedAnswer): Promise<void> {
    const { memory, edge } = this.#place;
    const { pairId, requestId, body, trace } = signed;
    if (edge.now() >= signed.endsAt) return memory.settled(pairId, requestId, "too-late");
    try {
      await calls.decide(this.session, requestId, { body, trace });
      await memory.settled(pairId, requestId, "taken");
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      if (error.mayPass) return;
      const late = ["exchange_over", "expired"].includes(error.code);
      await memory.settled(pairId, requestId, late ? "too-late" : "refused");
    }
  }

  /** Says that a pushed message arrived. Where that fails it is pushed again, and does no harm. */
  async arrived({ requestId, msgId }: Envelope): Promise<void> {
    if (msgId === undefined) return;
    await calls.acknowledge(this.session, requestId, msgId).catch((error: unknown) => {
      if (!(error instanceof GatewayError)) throw error;
    });
  }

  /** A request is over. What this device answered stays as it is. */
  async over(requestId: string, how: NonNullable<Remembered["ended"]>): Promise<void> {
    for (const [hash, { artifact }] of this.#opened) {
      if (artifact.requestId === requestId) this.#opened.delete(hash);
    }
    await this.#place.memory.ended(this.#pairing.pairId, requestId, how);
  }

  /**
   * Stops the enforcer of this pairing. It stops when it looks, which it does before it lets
   * anything go; what runs already is not ended.
   *
   * @throws DeskError, NotHeeded, GatewayError: nothing was stopped then
   */
  async freeze(why?: string): Promise<void> {
    const { edge, memory } = this.#place;
    await memory.lock(async () => {
      this.#inUse();
      const enforcer = keys.keyId(this.#enforcer.signing);
      const nonce = edge.random(24);
      const signedAt = time.atMillis(edge.now()).text;
      const stop = { enforcer, signedAt, nonce, ...(why === undefined || why === "" ? {} : { why }) };
      const signed = json.canonical(await freeze.signStop(stop, this.#device));
      const id = encoding.base64(nonce);
      const random = (length: number): Uint8Array => edge.random(length);
      const sealed = sealing.seal(signed, freeze.shownOf(id), [this.#enforcer], random);
      await calls.stop(this.session, this.#pairing.enforcerId, id, sealed);
    });
  }

  /**
   * Makes a passkey for this pairing. The first is used from now on; another is, once its person says so.
   *
   * @returns what is pinned with `countersign trust set NAME --passkey` beside the agent; no secret
   * @throws DeskError, PasskeyRefused, StorageError
   */
  async addPasskey(): Promise<string> {
    const { edge, memory, passkeys } = this.#place;
    if (passkeys === undefined) throw new PasskeyRefused("this page can have no passkey: open it by a name and not by an address");
    return memory.lock(async () => {
      this.#inUse();
      const { text, known } = await offer(this.#pairing, this.#device, passkeys, edge.now());
      await this.#keep(withPasskey(this.#pairing, known));
      return text;
    });
  }

  /** Uses this one of its passkeys for answers. @throws StorageError */
  async usePasskey(credentialId: string): Promise<void> {
    await this.#place.memory.lock(() => this.#keep(usingPasskey(this.#pairing, credentialId)));
  }

  /** Forgets one; what needs one can be answered with a no only where none is left. @throws StorageError */
  async forgetPasskey(credentialId: string): Promise<void> {
    await this.#place.memory.lock(() => this.#keep(withoutPasskey(this.#pairing, credentialId)));
  }

  async #keep(pairing: Pairing): Promise<void> {
    this.#pairing = pairing;
    await this.#place.memory.keepPairing(pairing);
  }

  /**
   * Ends this pairing for good: its keys are forgotten here first, so that nobody answers with them
   * any more; the gateway closes the route. The enforcer's own list is its own: `revoke` there.
   *
   * @returns whether the gateway heard it
   */
  async end(): Promise<boolean> {
    const { edge, memory, keys: store } = this.#place;
    return memory.lock(async () => {
      const heard = await calls.revoke(this.session, this.#pairing.enforcerId).then(
        () => true,
        () => false,
      );
      this.#pairing = { ...this.#pairing, endedAt: time.atMillis(edge.now()).text };
      await memory.keepPairing(this.#pairing);
      await store.forget(this.#pairing.keyId);
      for (const { pairId, requestId } of await memory.unsent(this.#pairing.pairId)) {
        await memory.settled(pairId, requestId, "refused");
      }
      this.#opened.clear();
      return heard;
    });
  }

  #inUse(): void {
    if (this.#pairing.endedAt === undefined) return;
    throw new DeskError("Ended", `the pairing \`${this.#pairing.name}\` has ended`);
  }
}
