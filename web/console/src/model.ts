/** The shapes that the rooms of the console share. Plain data, safe to keep and to compare. */

import type { artifact, redact, route } from "@countersign/protocol";

/** How strong a key is held to be, as the person at the enforcer stated it. */
export type Assurance = route.Route["minAssurance"];

/** A passkey as this device remembers it. */
export interface KnownPasskey {
  /** Names it to the authenticator; base64url. */
  readonly credentialId: string;
  /** As it stands in messages. */
  readonly passkey: { readonly alg: "ES256"; readonly publicKey: string; readonly rpId: string; readonly origin: string };
  /** RFC 3339. */
  readonly madeAt?: string;
}

/** One enforcer that this device answers, with keys of its own. */
export interface Pairing {
  /** Made from both sides' keys; the same on both. */
  readonly pairId: string;
  /** What the person calls it here. */
  readonly name: string;
  /** What it is listed under, such as the platform or team. Chosen by the person. */
  readonly group: string;
  /** This device's id at the gateway, random. */
  readonly deviceId: string;
  /** The enforcer's id at the gateway. */
  readonly enforcerId: string;
  /** The gateway's origin, as this device signs it. */
  readonly gateway: string;
  /** The enforcer's keys as in messages: {publicKey, kxSignature}. */
  readonly enforcer: { readonly publicKey: string; readonly kxSignature: string };
  /** SHA-256 of the enforcer's 64 key bytes, in hex: what people compare. */
  readonly fingerprint: string;
  /** This device's key id. */
  readonly keyId: string;
  /** RFC 3339. */
  readonly createdAt: string;
  /** The passkey that this device uses for its answers; whether the enforcer pinned it is its own word. */
  readonly passkey?: KnownPasskey;
  /** Others that were made here: an enforcer pins one at a time, and until a new one is pinned the old one is needed. */
  readonly sparePasskeys?: readonly KnownPasskey[];
  /** Set once this device ended it, or was told that it is over. */
  readonly endedAt?: string;
}

/** How dangerous the enforcer's policy holds an action to be. */
export type Risk = "low" | "medium" | "high" | "critical";

/** One thing that is so; as `Fact` of the terminal's review. */
export interface Fact {
  readonly label: string;
  /** Foreign text stands escaped and in quotes, one piece for each of its lines. */
  readonly lines: readonly string[];
  /** What `lines` say in words, as it is: for programs, and on no screen. */
  readonly raw?: readonly string[];
  /** A secret disclosed to this device: shown, and not kept. */
  readonly secret?: boolean;
}

/** Something that a reader might miss; codes as the terminal's review has them. */
export interface Warning {
  readonly code:
    | "deceptive-text" | "mixed-scripts" | "shell-line" | "other-name" | "environment"
    | "hidden" | "note" | "foreign" | "no-route" | "no-head";
  readonly text: string;
}

/** What a person is shown before they answer; member for member the terminal's review. */
export interface Review {
  readonly headline: string;
  readonly requestId: string;
  readonly risk?: Risk;
  readonly warnings: readonly Warning[];
  readonly action: readonly Fact[];
  readonly granted?: readonly Fact[];
  readonly askedBy: readonly Fact[];
  readonly terms: readonly Fact[];
  readonly agentSays: readonly Fact[];
  readonly reasonRequired: boolean;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly artifactHash: string;
  readonly actionHash: string;
}

/** A request that was opened: only what its enforcer signed. */
export interface Opened {
  readonly pairId: string;
  readonly artifact: artifact.Artifact;
  /** What opens commitments to secrets; each one was checked. Never kept. */
  readonly disclosures: readonly redact.Disclosure[];
  readonly review: Review;
  /** How far the others are, where the enforcer said so: "1 of 2 approved so far: ann". */
  readonly soFar?: string;
}

/** One line of the inbox. What does not open is listed with the reason, never shown, never hidden. */
export type Waiting =
  | { readonly kind: "opened"; readonly opened: Opened; readonly answer?: Answered }
  | { readonly kind: "closed"; readonly pairId: string; readonly requestId: string; readonly why: string };

/** What a person answers. */
export type Reply =
  | { readonly say: "allow"; readonly scope?: "once" | "timebox" | "session"; readonly reason?: string; readonly always?: Always }
  | { readonly say: "part"; readonly items: readonly number[]; readonly reason?: string }
  | { readonly say: "deny"; readonly reason?: string }
  | { readonly say: "escalate"; readonly to?: string; readonly reason?: string };

/** A standing permission taken beside a yes, within what the route offers. */
export interface Always {
  /** RFC 3339; at most what is offered. */
  readonly expiresAt: string;
  readonly count?: number;
}

/** What became of an answer. */
export type Sent = "waits" | "taken" | "too-late" | "refused";

/** What this device answered, and how far that got. */
export interface Answered {
  readonly say: Reply["say"];
  readonly reason?: string;
  /** The items of a batch that were allowed. */
  readonly items?: readonly number[];
  /** RFC 3339. */
  readonly decidedAt: string;
  readonly sent: Sent;
}

/** What this device remembers of a request. */
export interface Remembered {
  readonly pairId: string;
  readonly requestId: string;
  /** When this device first opened it, RFC 3339. */
  readonly seenAt: string;
  /** What was shown, but for disclosed secrets. */
  readonly review: Review;
  readonly answer?: Answered;
  /** Set where it ended without an answer of this device. */
  readonly ended?: "expired" | "withdrawn" | "answered-by-others";
}
