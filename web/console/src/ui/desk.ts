/** What the screens need of the rooms below, and nothing more: tests put a pretended one here. */

import type { Opened, Pairing, Remembered, Reply, Sent, Waiting } from "../model.js";

/** How a pairing reaches its gateway now; `unknown` is refused there and tried again, `refused` is not tried again by itself. */
export type Reach = "live" | "connecting" | "offline" | "unknown" | "refused";

/** Whether the gateway refuses this device, so that its person may want to ask once more. */
export function refuses(reach: Reach | undefined): boolean {
  return reach === "unknown" || reach === "refused";
}

/** Everything that the screens show, at one moment. */
export interface Picture {
  readonly pairings: readonly Pairing[];
  /** By pairing id. */
  readonly reach: Readonly<Record<string, Reach>>;
  readonly waiting: readonly Waiting[];
  /** Newest first. */
  readonly history: readonly Remembered[];
  /** Whether what was kept here is still there. */
  readonly condition?: "new" | "kept" | "lost";
  /** What is wrong with a pairing, where there is something to be done about it; by pairing id. */
  readonly trouble?: Readonly<Record<string, string>>;
}

/** What a person was given to join with. */
export type Invitation =
  | { readonly by: "link"; readonly link: string }
  | { readonly by: "code"; readonly code: string; readonly gateway: string };

/** What the person calls a pairing. */
export interface Labels {
  readonly name: string;
  readonly group: string;
}

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

/** Why something did not work, in one line: what, where, what next. */
export class Trouble extends Error {
  override readonly name = "Trouble";
}

/** What became of a stop at one enforcer. */
export interface Stopped {
  readonly pairId: string;
  /** Set where it did not arrive. */
  readonly why?: string;
}

/** The rooms below, as the screens see them. Every promise may end in a {@link Trouble}. */
export interface Desk {
  /** Tells the picture now and after every change, until the returned function is called. */
  subscribe(tell: (picture: Picture) => void): () => void;
  /** Signs, writes down and sends. Nothing was signed before this is called. */
  answer(about: Opened, reply: Reply): Promise<Sent>;
  /** Whether these are the four digits that the agent's side shows for it. */
  digitsFit(about: Opened, typed: string): boolean;
  join(invitation: Invitation): Promise<Joining>;
  /** The gateway that a console on this machine leads to; none where a gateway serves the page itself. */
  served?(): Promise<string | undefined>;
  rename(pairId: string, labels: Labels): Promise<void>;
  /** Ends a pairing on both sides; its keys are destroyed here. */
  revoke(pairId: string): Promise<void>;
  /** Asks the gateway of a pairing once more and now, which refused this device. */
  retry?(pairId: string): Promise<void>;
  /** Whether this page can have passkeys; absent is no. */
  readonly passkeys?: boolean;
  /** Makes a passkey for a pairing; the text is pinned at its enforcer, and is no secret. */
  addPasskey?(pairId: string): Promise<string>;
  /** Uses this passkey for the answers of a pairing. */
  usePasskey?(pairId: string, credentialId: string): Promise<void>;
  /** Forgets a passkey of a pairing. */
  forgetPasskey?(pairId: string, credentialId: string): Promise<void>;
  /** Asks enforcers to stop everything at once. */
  freeze(pairIds: readonly string[], why: string): Promise<readonly Stopped[]>;
  /** Forgets what was asked and answered here. */
  clearHistory(): Promise<void>;
}
