/** A desk that only pretends: what it is asked it writes into `calls`. */

import type { Opened, Pairing, Reply, Sent, Waiting } from "../../src/model.js";
import { Trouble } from "../../src/ui/desk.js";
import type { Desk, Invitation, Joining, Labels, Picture, Reach, Stopped } from "../../src/ui/desk.js";
import * as fixtures from "./fixtures.js";

export class FakeDesk implements Desk {
  readonly calls: unknown[][] = [];
  passkeys = false;
  sent: Sent = "taken";
  private readonly tells = new Set<(picture: Picture) => void>();

  constructor(public picture: Picture) {}

  subscribe(tell: (picture: Picture) => void): () => void {
    this.tells.add(tell);
    tell(this.picture);
    return () => void this.tells.delete(tell);
  }

  change(part: Partial<Picture>): void {
    this.picture = { ...this.picture, ...part };
    this.tells.forEach((tell) => tell(this.picture));
  }

  add(waiting: readonly Waiting[]): void {
    this.change({ waiting: [...this.picture.waiting, ...waiting] });
  }

  async answer(about: Opened, reply: Reply): Promise<Sent> {
    this.calls.push(["answer", about.artifact.requestId, reply]);
    await Promise.resolve();
    const answer = { say: reply.say, decidedAt: new Date().toISOString(), sent: this.sent, ...(reply.reason === undefined ? {} : { reason: reply.reason }) };
    this.change({
      waiting: this.picture.waiting.filter((one) => one.kind === "closed" || one.opened !== about),
      history: [{ pairId: about.pairId, requestId: about.artifact.requestId, seenAt: new Date().toISOString(), review: about.review, answer }, ...this.picture.history],
    });
    return this.sent;
  }

  digitsFit(_about: Opened, typed: string): boolean {
    return typed === "4821";
  }

  async join(invitation: Invitation): Promise<Joining> {
    this.calls.push(["join", invitation]);
    await Promise.resolve();
    if (invitation.by === "code" && invitation.code === "BAD") throw new Trouble("the gateway at https://relay.example knows no such code; make a new one beside the agent");
    return {
      gateway: "https://relay.example",
      fingerprint: "0123456789abcdef".repeat(4),
      ...(invitation.by === "code" ? { digits: "482913" } : {}),
      confirm: async (labels: Labels): Promise<Pairing> => {
        this.calls.push(["confirm", labels]);
        const made = { ...(fixtures.pairings[0] as Pairing), ...labels, pairId: "pair-new" };
        this.change({ pairings: [...this.picture.pairings, made] });
        return Promise.resolve(made);
      },
      refuse: async () => {
        this.calls.push(["refuse"]);
        return Promise.resolve();
      },
    };
  }

  async rename(pairId: string, labels: Labels): Promise<void> {
    this.calls.push(["rename", pairId, labels]);
    this.change({ pairings: this.picture.pairings.map((one) => (one.pairId === pairId ? { ...one, ...labels } : one)) });
    return Promise.resolve();
  }

  async revoke(pairId: string): Promise<void> {
    this.calls.push(["revoke", pairId]);
    this.change({ pairings: this.picture.pairings.map((one) => (one.pairId === pairId ? { ...one, endedAt: new Date().toISOString() } : one)) });
    return Promise.resolve();
  }

  async retry(pairId: string): Promise<void> {
    this.calls.push(["retry", pairId]);
    return Promise.resolve();
  }

  async addPasskey(pairId: string): Promise<string> {
    const of = this.picture.pairings.find((one) => one.pairId === pairId);
    const made = fixtures.passkey((of?.passkey === undefined ? 0 : 1) + (of?.sparePasskeys?.length ?? 0));
    this.#pairing(pairId, (one) => (one.passkey === undefined ? { ...one, passkey: made } : { ...one, sparePasskeys: [...(one.sparePasskeys ?? []), made] }));
    return Promise.resolve("eyJ0eXBlIjoiY291bnRlcnNpZ24ucGFzc2tleS92MSJ9".repeat(12));
  }

  async usePasskey(pairId: string, credentialId: string): Promise<void> {
    this.calls.push(["usePasskey", pairId, credentialId]);
    return Promise.resolve();
  }

  async forgetPasskey(pairId: string, credentialId: string): Promise<void> {
    this.calls.push(["forgetPasskey", pairId, credentialId]);
    return Promise.resolve();
  }

  #pairing(pairId: string, change: (one: Pairing) => Pairing): void {
    this.change({ pairings: this.picture.pairings.map((one) => (one.pairId === pairId ? change(one) : one)) });
  }

  async freeze(pairIds: readonly string[], why: string): Promise<readonly Stopped[]> {
    this.calls.push(["freeze", pairIds, why]);
    return Promise.resolve(pairIds.map((pairId) => (this.picture.reach[pairId] === "offline" ? { pairId, why: "the gateway at https://relay.example cannot be reached; the stop is sent when it is back" } : { pairId })));
  }

  async clearHistory(): Promise<void> {
    this.calls.push(["clearHistory"]);
    this.change({ history: [] });
    return Promise.resolve();
  }
}

const live: Readonly<Record<string, Reach>> = { "pair-0": "live", "pair-1": "live", "pair-2": "offline" };

/** What the address asks for: `?scene=empty`, `?scene=many`, or the name of one request. */
export function deskFor(scene: string): FakeDesk {
  if (scene === "unpaired") return new FakeDesk({ pairings: [], reach: {}, waiting: [], history: [] });
  if (scene === "empty") return new FakeDesk({ pairings: fixtures.pairings, reach: { "pair-0": "live", "pair-1": "live", "pair-2": "live" }, waiting: [], history: [] });
  if (scene === "many") return new FakeDesk({ pairings: fixtures.pairings, reach: live, waiting: fixtures.many(400), history: fixtures.history() });
  if (scene === "troubled") {
    const [first, ...rest] = fixtures.pairings as readonly [Pairing, ...Pairing[]];
    const pairings = [{ ...first, passkey: fixtures.passkey(0), sparePasskeys: [fixtures.passkey(1)] }, ...rest];
    const trouble = { "pair-1": fixtures.ENDED, "pair-2": fixtures.CLOCK };
    const desk = new FakeDesk({ pairings, reach: { "pair-0": "live", "pair-1": "refused", "pair-2": "offline" }, trouble, waiting: [{ kind: "opened", opened: fixtures.asks.shell() }], history: fixtures.history() });
    desk.passkeys = true;
    return desk;
  }
  const ask = (fixtures.asks as Readonly<Record<string, () => Opened>>)[scene];
  const waiting: readonly Waiting[] = ask === undefined ? fixtures.all() : [{ kind: "opened", opened: ask() }];
  return new FakeDesk({ pairings: fixtures.pairings, reach: live, waiting, history: fixtures.history() });
}
