/**
 * How far the others are, as the enforcer tells: checked against the request that it is about, and
 * never a part of what is signed. What does not verify is as if it were not there.
 */

import { progress, sealing } from "@countersign/protocol";
import type { keys } from "@countersign/protocol";
import { soFarLine } from "../review/index.js";
import type { Opened } from "../model.js";
import { shownOf } from "./open.js";

/** What a note is sealed as, so that it opens as no request, and no request as a note. */
const NOTE = "countersign.progress/v1";

/** A note that was checked. */
export interface Told {
  /** The note as it came, to be kept. */
  readonly text: string;
  /** In a line. */
  readonly line: string;
  readonly answers: number;
  readonly toldAt: number;
}

/** Opens and checks a note. */
export async function opened(
  sealed: sealing.Sealed,
  about: Opened,
  enforcer: keys.PublicKeys,
  device: keys.Device,
): Promise<Told | undefined> {
  try {
    const bytes = await sealing.open(sealed, { ...shownOf(about.artifact), artifactType: NOTE }, device);
    return checked(new TextDecoder("utf-8", { fatal: true }).decode(bytes), about, enforcer);
  } catch {
    return undefined;
  }
}

/** Checks a note that was kept. */
export function checked(text: string, about: Opened, enforcer: keys.PublicKeys): Told | undefined {
  try {
    const note = progress.parseNote(text);
    const told = progress.verifyNote(note, about.artifact, enforcer);
    return { text, line: soFarLine(told), answers: note.answers, toldAt: note.toldAt.millis };
  } catch {
    return undefined;
  }
}

/** The newer one: a relay can show an old note again. */
export function newer(came: Told | undefined, kept: Told | undefined): Told | undefined {
  if (came === undefined || kept === undefined) return came ?? kept;
  const later = came.answers - kept.answers || came.toldAt - kept.toldAt;
  return later > 0 ? came : kept;
}
