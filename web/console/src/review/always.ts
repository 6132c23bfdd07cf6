/** "Always allow this": what is on offer, and the exact rule in words before it is signed. */

import { action, artifact as protocol, taken } from "@countersign/protocol";
import type { artifact, route } from "@countersign/protocol";
import type { Always } from "../model.js";
import { visible } from "./display.js";
import { counted } from "./text.js";

/** What a request offers; `undefined` is nothing. */
export function offered(about: artifact.Artifact): route.GrantOffer | undefined {
  const found = protocol.routeOf(about);
  return found === undefined ? undefined : taken.offerOf(about, found);
}

/** An offer in words. */
export function inWords(offer: route.GrantOffer): string {
  return `at most ${span(offer.maxSeconds)}${offer.session ? ", in this session only" : ""}`;
}

/** The grant that a signature would give, a line for each part of it; none where nothing is on offer. */
export function grantWords(about: artifact.Artifact, wanted: Always): readonly string[] {
  const { principal, workspace } = protocol.contextOf(about) ?? {};
  const offer = offered(about);
  if (offer === undefined || principal === undefined || workspace === undefined) return [];
  const session = offer.session ? about.sessionId : undefined;
  return [
    "without asking again, exactly this call and no other",
    `call        ${action.actionHash(about.payload)}`,
    `made by     ${visible(principal)}`,
    session === undefined ? "session     any of theirs" : `session     only ${visible(session)}`,
    `in          ${visible(workspace)}`,
    `until       ${wanted.expiresAt}`,
    `how often   ${often(wanted.count)}`,
  ];
}

function often(count: number | undefined): string {
  if (count === undefined) return "until then";
  return count === 1 ? "once" : `${count} times`;
}

/** So many seconds as people say it: "8 hours". */
export function span(seconds: number): string {
  if (seconds > 0 && seconds % 3_600 === 0) return counted(seconds / 3_600, "hour");
  if (seconds > 0 && seconds % 60 === 0) return counted(seconds / 60, "minute");
  return counted(seconds, "second");
}
