/** What a review is made of: an opened request, and the pairing that it came through. */

import { redact } from "@countersign/protocol";
import type { artifact, json } from "@countersign/protocol";
import type { Fact, Pairing } from "../model.js";
import { quotedLines } from "./text.js";

/** An action, and what opens the commitments in it. */
export interface Disclosing {
  readonly artifact: Pick<artifact.Artifact, "payload">;
  readonly disclosures: readonly redact.Disclosure[];
}

/** Everything here was checked before: signed by the paired enforcer, each disclosure fitting. */
export interface Subject extends Disclosing {
  readonly artifact: artifact.Artifact;
  readonly pairing: Pick<Pairing, "name" | "fingerprint">;
}

/**
 * The value behind `commitment` at `path`, where it was disclosed. Opened anew each time, so that
 * no other commitment at a path that reads the same gets its value.
 */
export function disclosed(
  subject: Disclosing,
  path: string,
  commitment: json.JsonObject,
): { readonly value: json.JsonValue } | undefined {
  return subject.disclosures.find((one) => one.path === path && redact.opens(one, commitment));
}

/** One thing that is so. */
export function fact(label: string, line: string): Fact {
  return { label, lines: [line] };
}

/** A fact whose value somebody else wrote. */
export function quotedFact(label: string, foreign: string): Fact {
  return { label, lines: quotedLines(foreign) };
}
