/**
 * What a person is shown before they answer: a pure function of an opened request, member for
 * member the terminal's review, so that both have the same hash.
 *
 * Facts first, the agent's own words last and set apart. Every text goes through `display` and none
 * is cut: what is signed is what can be read here.
 */

import { artifact as protocol, json } from "@countersign/protocol";
import type { route } from "@countersign/protocol";
import type { Always, Fact, Review } from "../model.js";
import { grantWords, inWords, offered } from "./always.js";
import { visible } from "./display.js";
import { headline } from "./headline.js";
import { fact, quotedFact } from "./subject.js";
import type { Subject } from "./subject.js";
import { quoted, step, word } from "./text.js";
import { warnings } from "./warning.js";
import { facts } from "./what.js";

/** The review of an opened request. */
export function reviewOf(subject: Subject): Review {
  const { artifact } = subject;
  const found = protocol.routeOf(artifact);
  return {
    headline: headline(subject),
    requestId: visible(artifact.requestId),
    ...(found === undefined ? {} : { risk: found.risk }),
    warnings: warnings(subject),
    action: facts(subject),
    askedBy: askedBy(subject),
    terms: found === undefined ? [] : terms(subject, found),
    agentSays: agentSays(subject),
    reasonRequired: found?.reasonRequired === true,
    createdAt: artifact.createdAt.text,
    expiresAt: artifact.expiresAt.text,
    artifactHash: artifact.artifactHash,
    actionHash: protocol.actionHashOf(artifact),
  };
}

/** The review with the standing permission that an answer takes: what is read right before signing. */
export function answering(subject: Subject, always: Always | undefined): Review {
  const review = reviewOf(subject);
  const lines = always === undefined ? [] : grantWords(subject.artifact, always);
  return lines.length === 0 ? review : { ...review, granted: [{ label: "always allowed", lines }] };
}

/** The review as it is kept: without the secrets that were disclosed. Its hash is another. */
export function withoutSecrets(review: Review): Review {
  const lines = ["a secret, disclosed to this device and not kept"];
  return { ...review, action: review.action.map((one) => (one.secret === true ? { ...one, lines } : one)) };
}

/** SHA-256 of the canonical review: goes into the signed hints. */
export function displayHash(review: Review): string {
  return json.sha256(review as unknown as json.JsonValue);
}

function askedBy({ artifact, pairing }: Subject): readonly Fact[] {
  const context = protocol.contextOf(artifact) ?? {};
  const known: readonly (readonly [string, string | undefined])[] = [
    ["principal", context.principal],
    ["host", context.host],
    ["workspace", context.workspace],
    ["session id", artifact.sessionId],
    ["base revision", artifact.baseRevision],
  ];
  return [
    fact("pairing", visible(pairing.name)),
    fact("enforcer", `fingerprint ${pairing.fingerprint}`),
    ...known.flatMap(quotedWhereThere),
    quotedFact("repository", artifact.repoRef),
  ];
}

function quotedWhereThere([label, text]: readonly [string, string | undefined]): readonly Fact[] {
  return text === undefined ? [] : [quotedFact(label, text)];
}

function terms({ artifact }: Subject, found: route.Route): readonly Fact[] {
  const seats = found.roster.map((one) => `${quoted(one.person)} with the key ${word(one.keyId)}`);
  const offer = offered(artifact);
  return [
    fact("risk", found.risk),
    quotedFact("rule", found.ruleId),
    fact("policy", `sha256 ${found.policyHash}`),
    fact("needs", `${found.threshold} of these, in round ${found.round}`),
    { label: "may answer", lines: seats.length === 0 ? ["nobody"] : seats },
    fact("assurance", `at least ${found.minAssurance}`),
    fact("scopes", found.scopes.join(", ")),
    fact("uses", `at most ${found.maxUses}`),
    ...(found.groups ?? []).map(ofGroup),
    ...(found.veto === true ? [fact("veto", "one no ends it")] : []),
    ...(found.escalateTo === undefined ? [] : [{ label: "asked next", lines: found.escalateTo.map(quoted) }]),
    ...(offer === undefined ? [] : [fact("always", `may be allowed again without asking, ${inWords(offer)}`)]),
  ];
}

/** One list of people of whom some must allow as well. */
function ofGroup({ name, persons, threshold }: route.Group): Fact {
  const head = name === undefined ? `${threshold} of these:` : `${threshold} of ${quoted(name)}:`;
  return { label: "and of them", lines: [head, ...persons.map(quoted)] };
}

function agentSays({ artifact }: Subject): readonly Fact[] {
  const context = protocol.contextOf(artifact) ?? {};
  const said: readonly (readonly [string, string | undefined])[] = [
    ["agent", context.agent],
    ["session", context.session],
    ["description", context.description],
    ["reasoning", context.reasoning],
  ];
  const details = context.details ?? {};
  return [
    ...said.flatMap(quotedWhereThere),
    ...Object.keys(details).sort().map((name) => quotedFact(`says ${step(name)}`, details[name] ?? "")),
  ];
}
