/** What a receipt proves to somebody who pinned keys: worked out, never read off (PROTOCOL §9). */

import { actionHash, itemsIn } from "./action.js";
import { artifactHash, checkpointOf, requestOf, routeOf, withPayload } from "./artifact.js";
import type { Artifact } from "./artifact.js";
import { allows, verifySignature } from "./decision.js";
import type { Decision } from "./decision.js";
import { base64, sameBytes } from "./encoding.js";
import { giving, signedGrant } from "./grant.js";
import { clip, comparePoints, emptyObject, limit, parse, same, sha256 } from "./json.js";
import type { JsonObject, JsonValue } from "./json.js";
import { verifies, verifyDomain } from "./keys.js";
import { areItems, givesReason, wordOf } from "./meaning.js";
import { allowing, missing, needed, oneDecides } from "./quorum.js";
import type { Answer } from "./quorum.js";
import { parseReceipt } from "./receipt.js";
import type { Content, Event, Level, Receipt } from "./receipt.js";
import { ASSURANCES, extension } from "./route.js";
import type { Assurance, Group, Route } from "./route.js";
import { keepsToOffer } from "./taken.js";
import { approverAt, approverOf, counts, operatorOf } from "./trust.js";
import type { Approver, TrustStore } from "./trust.js";
import {
  DEFAULT_SKEW_MILLIS, Refusal, demandAssurance, demandNames, demandSeat, demandTerms, demandTime, signerOf, termsOf,
} from "./verify.js";
import type { RefusalName, Terms } from "./verify.js";

/** The verdict over one receipt. */
export type Verdict =
  /** Authentic. What it proves stands beside it. */
  | {
      readonly verdict: "Valid";
      /** Worked out. */
      readonly level: Level;
      /** The lowest among the decisions that counted. */
      readonly assurance?: Assurance;
      readonly event: Event;
      /** Who allowed it. */
      readonly approvers: readonly string[];
    }
  /** A key that nobody pinned. */
  | { readonly verdict: "Untrusted"; readonly keyId: string }
  /** Too few distinct persons allowed it in time. */
  | { readonly verdict: "ThresholdNotMet"; readonly have: number; readonly need: number }
  | {
      readonly verdict:
        | "BadSignature"
        | "HashMismatch"
        | "LevelMismatch"
        | "OffRoster"
        | "SelfApproval"
        | "Revoked"
        | "Malformed"
        | "Unsupported";
    };

/** Who was asked and how many of them had to allow it, as the signed route says. */
export interface Quorum {
  /** How many distinct persons must allow, at least 1. */
  readonly need: number;
  /** The persons who were asked, sorted, each once. */
  readonly asked: readonly string[];
  /** Those of them whose signed word is a no, sorted, each once. */
  readonly denied: readonly string[];
  /** People of whom some must allow besides. */
  readonly groups: readonly Group[];
  /** Whether one no would have ended it. */
  readonly veto: boolean;
}

/**
 * The quorum that was asked for, where it took more than one person or a person of a group. Read
 * off, so it says something only of a receipt that is valid.
 */
export function quorumOf({ artifacts: [first], decisions }: Content): Quorum | undefined {
  const route = first === undefined ? undefined : routeOf(first);
  if (route === undefined || (route.threshold <= 1 && (route.groups ?? []).length === 0)) return undefined;
  const once = (names: readonly string[]) => [...new Set(names)].sort(comparePoints);
  const against = decisions.filter((one) => !allows(one.decision)).map((one) => one.signerKeyId);
  return {
    need: needed(route),
    asked: once(route.roster.map(({ person }) => person)),
    denied: once(route.roster.filter(({ keyId }) => against.includes(keyId)).map(({ person }) => person)),
    groups: route.groups ?? [],
    veto: route.veto === true,
  };
}

/**
 * Those whose yes counted, as they were pinned when it was used. Read off, so it says something only
 * of a receipt that is valid.
 */
export function allowedBy(content: Content, trust: TrustStore, now: number): readonly Approver[] {
  const asked = askedIn(content);
  const weighed = content.decisions.flatMap((decision) => {
    const signer = approverOf(trust, decision.signerKeyId);
    return signer === undefined ? [] : [counted(content, decision, signer, asked, now)];
  });
  const persons = allowing(answersOf(weighed));
  return weighed.flatMap(({ signer, yes }) => (yes === true && persons.has(signer.person) ? [signer] : []));
}

/** Events which say that an approval stood. */
const NEED_APPROVAL: readonly Event[] = ["approved", "executed", "failed", "released", "uncertain"];

/** Ends the check with a verdict. */
class Ended extends Error {
  constructor(readonly verdict: Verdict) {
    super(verdict.verdict);
  }
}

/**
 * Checks the text of one receipt against pinned keys. Never throws.
 *
 * @param now milliseconds since the Unix epoch
 */
export function checkReceipt(bytes: Uint8Array | string, trust: TrustStore, now: number): Verdict {
  let receipt: Receipt;
  try {
    receipt = parseReceipt(bytes);
  } catch {
    return { verdict: namesOtherVersion(bytes) ? "Unsupported" : "Malformed" };
  }
  return checkRead(receipt, trust, now);
}

/**
 * The same of a receipt that was read. Never throws.
 *
 * @param now milliseconds since the Unix epoch
 */
export function checkRead(receipt: Receipt, trust: TrustStore, now: number): Verdict {
  try {
    return judge(receipt, trust, now);
  } catch (error) {
    return error instanceof Ended ? error.verdict : { verdict: "Malformed" };
  }
}

function judge(receipt: Receipt, trust: TrustStore, now: number): Verdict {
  signedByOperator(receipt, trust, now);
  const { content } = receipt;
  const hash = content.action === undefined ? undefined : actionHash(content.action);
  if (hash !== content.actionHash) end("HashMismatch");
  hangsTogether(content);
  restsOnItsGrant(content, trust, now);
  const reached = levelOf(content, trust, now);
  if (reached.level !== content.trustLevel) end("LevelMismatch");
  return { verdict: "Valid", event: content.event, ...reached };
}

function signedByOperator({ signatures, content, contentHash }: Receipt, trust: TrustStore, now: number): void {
  const [signature, ...others] = signatures;
  if (signature === undefined || others.length > 0) return end("Malformed");
  const operator = operatorOf(trust, signature.keyId);
  if (operator === undefined) throw untrusted(signature.keyId);
  if (!counts(operator.status, now)) end("Revoked");
  if (sha256(content.json) !== contentHash) end("HashMismatch");
  const key = operator.keys.signing;
  const good = verifies(() => verifyDomain(key, "receipt", { contentHash }, signature.signature));
  if (!good || !sameBytes(signature.publicKey, key)) end("BadSignature");
}

/** What must be true of a receipt whoever signed it: it says one thing, about one request. */
function hangsTogether(content: Content): void {
  const { artifacts, decisions, event } = content;
  const numbered = content.seq >= 1 && (content.prev !== undefined) === content.seq > 1;
  const ran = event === "executed" || event === "failed" || event === "uncertain";
  // What people sign names its request, so an answer is worth nothing in another.
  const whole =
    artifacts.length === 0 ||
    (content.action !== undefined && artifacts.every((one) => requestOf(one) === content.requestId));
  if (!numbered || ran !== (content.claimedAt !== undefined) || !whole) end("Malformed");
  if (!itemsAreThere(content) || !digestsAreThere(content)) end("Malformed");
  const people = artifacts.length > 0 || decisions.length > 0;
  const denied = decisions.some((one) => !allows(one.decision));
  if (event === "denied" && people && !denied) end("LevelMismatch");
  // A run under a policy or a grant carries nobody's decision.
  if (people && content.basis !== "decision") end("LevelMismatch");
  const hashes = new Set(artifacts.map((one) => one.artifactHash));
  const signed = new Set(decisions.map((one) => base64(one.signature)));
  if (hashes.size !== artifacts.length || signed.size !== decisions.length) end("Malformed");
}

/** Only what ran and ended has digests, and then of both outputs. */
function digestsAreThere({ stdout, stderr, event }: Content): boolean {
  const both = stdout !== undefined && stderr !== undefined;
  return both ? event === "executed" : stdout === undefined && stderr === undefined;
}

/** The items are items of the action; of a claim one, and of what permits nothing none. */
function itemsAreThere({ items, action, event }: Content): boolean {
  if (items === undefined) return true;
  const size = (action === undefined ? undefined : itemsIn(action)) ?? 0;
  const one = event === "approved" || items.length === 1;
  return NEED_APPROVAL.includes(event) && one && areItems(items, size);
}

/**
 * A receipt that rests on a grant carries one that people signed for this very call, and that had
 * not ended when it was used. Any other receipt carries none.
 */
function restsOnItsGrant(content: Content, trust: TrustStore, now: number): void {
  const { grant: note, event } = content;
  if ((content.basis === "grant") !== (note !== undefined)) end("Malformed");
  if (note === undefined) return;
  if (event === "approved" || !NEED_APPROVAL.includes(event)) end("Malformed");
  const grant = signedGrant(note) ?? end("Malformed");
  if (grant.actionHash !== content.actionHash) end("HashMismatch");
  const given = giving(content, note);
  hangsTogether(given);
  const asked = askedIn(given);
  reach(given, asked, weighAll(given, asked, trust, now));
  const used = usedAt(content);
  const inOrder =
    note.grantedAt.millis <= used + DEFAULT_SKEW_MILLIS &&
    used <= content.recordedAt.millis + DEFAULT_SKEW_MILLIS;
  if (!inOrder || !(used < grant.expiresAt.millis)) {
    throw new Ended({ verdict: "ThresholdNotMet", have: 0, need: 1 });
  }
}

interface Reached {
  readonly level: Level;
  readonly assurance?: Assurance;
  readonly approvers: readonly string[];
}

/** The level that the decisions inside reach, where the words beside them are true. */
function levelOf(content: Content, trust: TrustStore, now: number): Reached {
  const asked = askedIn(content);
  if (asked.terms !== undefined) agrees(content, asked.terms.route);
  const weighed = weighAll(content, asked, trust, now);
  const reached = reach(content, asked, weighed);
  saidTruly(content, weighed);
  return reached;
}

/** The level that the decisions inside reach, whatever is said beside them. */
function reach(content: Content, { terms }: Asked, weighed: readonly Weighed[]): Reached {
  if (!NEED_APPROVAL.includes(content.event)) return { level: "L0", approvers: [] };
  const answers = answersOf(weighed);
  const short = missing(terms?.route, answers);
  if (short === undefined) {
    const persons = allowing(answers);
    const counted = weighed.filter((one) => persons.has(one.signer.person));
    const assurance = lowest(counted.map((one) => one.assurance));
    return { level: "L1", assurance, approvers: [...persons].sort(comparePoints) };
  }
  if (content.basis === "decision") throw new Ended({ verdict: "ThresholdNotMet", ...short });
  return { level: "L0", approvers: [] };
}

/** Whose answer it is, and what the gate would have counted it as; `undefined` is not at all. */
interface Weighed {
  readonly signer: Approver;
  /** What this answer counts as. */
  readonly assurance: Assurance;
  readonly yes: boolean | undefined;
}

function answersOf(weighed: readonly Weighed[]): readonly Answer[] {
  return weighed.flatMap(({ signer: { person }, yes }) => (yes === undefined ? [] : [{ person, yes }]));
}

/** What was put to people: artifacts of this ledger, all of them under the same terms. */
interface Asked {
  readonly artifacts: readonly Artifact[];
  readonly terms?: Terms;
}

function askedIn(content: Content): Asked {
  const payload = content.action ?? emptyObject();
  const artifacts = content.artifacts.map((head) => withPayload(head, payload));
  const [first] = artifacts;
  if (first === undefined) return { artifacts };
  const routes = artifacts.map((artifact) => {
    const route = routeIn(content, artifact);
    const alike =
      artifact.sessionId === first.sessionId &&
      artifact.repoRef === first.repoRef &&
      same(routeJson(artifact), routeJson(first));
    return alike ? route : end("HashMismatch");
  });
  return { artifacts, terms: termsOf(first, routes[0] as Route) };
}

/** The route of an artifact whose hash is its own, and whose ledger is this one before the receipt. */
function routeIn(content: Content, artifact: Artifact): Route {
  if (artifactHash(artifact) !== artifact.artifactHash) end("HashMismatch");
  const head = checkpointOf(artifact)?.head;
  const ours = head === undefined || (head.ledger === content.ledger && head.seq < content.seq);
  if (!ours) end("HashMismatch");
  return routeOf(artifact) ?? end("Malformed");
}

function weighAll(
  content: Content,
  asked: Asked,
  trust: TrustStore,
  now: number,
): readonly Weighed[] {
  return content.decisions.map((decision) => weigh(content, decision, asked, trust, now));
}

/** Whose decision it is, with which assurance, and what the gate would have counted it as. */
function weigh(
  content: Content,
  decision: Decision,
  asked: Asked,
  trust: TrustStore,
  now: number,
): Weighed {
  const id = decision.signerKeyId;
  if (operatorOf(trust, id) !== undefined) end("SelfApproval");
  if (approverOf(trust, id) === undefined) throw untrusted(id);
  const signer = named(() => signerOf(decision, trust, now));
  return counted(content, decision, signer, asked, now);
}

/** The same of a signer whose key counts. */
function counted(content: Content, decision: Decision, signer: Approver, asked: Asked, now: number): Weighed {
  if (!verifies(() => verifySignature(decision, signer.keys.signing))) end("BadSignature");
  // Every artifact's claimed hash was worked out again before.
  const artifact = asked.artifacts.find((one) => one.artifactHash === decision.artifactHash);
  const { terms } = asked;
  if (artifact === undefined || terms === undefined) return end("HashMismatch");
  named(() => demandNames(decision, artifact));
  const judged = named(() => asItWas(signer, usedAt(content), decision, terms.route));
  const yes = saysYes(decision, terms, content.items);
  // A yes that came too late or takes more than was offered is none, and no no either.
  const good = () =>
    keepsToOffer(decision, artifact, terms.route) && inTime(content, decision, artifact, now);
  return { ...judged, yes: yes === true && !good() ? undefined : yes };
}

/**
 * The record of the signer by which the gate counted the decision, and what it counted as. Where
 * the record was changed within the skew of the use, either may have been in force.
 *
 * @throws Refusal
 */
function asItWas(signer: Approver, used: number, decision: Decision, route: Route): Pick<Weighed, "signer" | "assurance"> {
  const judge = (when: number) => {
    const then = approverAt(signer, when);
    demandSeat(then, route);
    return { signer: then, assurance: demandAssurance(decision, then, route) };
  };
  const near = [used - DEFAULT_SKEW_MILLIS, used + DEFAULT_SKEW_MILLIS];
  return judge([used, ...near].find((when) => verifies(() => judge(when))) ?? used);
}

/** When what it records was used: the claim of a run, else when it was recorded. */
function usedAt({ claimedAt, recordedAt }: Content): number {
  return (claimedAt ?? recordedAt).millis;
}

/**
 * Whether an answer says yes to what a receipt is about: these items, or the whole action. Nothing
 * where a yes is none that the gate would have counted; a no is a no however it is put.
 */
function saysYes(
  decision: Decision,
  terms: Terms,
  items: readonly number[] | undefined,
): boolean | undefined {
  if (!verifies(() => demandTerms(decision, terms))) {
    return allows(decision.decision) ? undefined : false;
  }
  const said = demandTerms(decision, terms);
  if (said.says !== "partial") return said.says === "allow";
  // A yes to a part counts where one person decides. Several answer a batch whole.
  return oneDecides(terms.route) && items !== undefined && items.every((at) => said.items.includes(at));
}

/** Whether the approval was alive when it was used, and none of it lies in the future. */
function inTime(content: Content, decision: Decision, artifact: Artifact, now: number): boolean {
  const used = usedAt(content);
  const skew = DEFAULT_SKEW_MILLIS;
  return (
    verifies(() => demandTime(decision, artifact, used, skew)) &&
    used <= content.recordedAt.millis + skew &&
    artifact.createdAt.millis <= now + skew
  );
}

/** Runs a check of the gate; its refusal ends here under the name it has in a receipt. */
function named<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    const name = error instanceof Refusal ? NAMES[error.refusal] : undefined;
    if (name === undefined) throw error;
    return end(name);
  }
}

/** What makes an answer only not count (its time, session, scope, reason) never comes here. */
const NAMES: Readonly<Partial<Record<RefusalName, Plain>>> = {
  RevokedSigner: "Revoked",
  OffRoster: "OffRoster",
  Assurance: "OffRoster",
  WrongRequest: "HashMismatch",
  WrongRepository: "HashMismatch",
};

function routeJson(artifact: Artifact): JsonValue {
  return artifact.extensions?.[extension.ROUTE] ?? null;
}

/** Threshold, roster, rule, risk and policy come from the signed route and must equal the receipt's. */
function agrees(content: Content, route: Route): void {
  const { multiApproval: multi, policy } = content;
  const told = (name: "ruleId" | "risk" | "policyHash") => policy?.[name] === route[name];
  if (policy !== undefined && !(told("ruleId") && told("risk") && told("policyHash"))) end("HashMismatch");
  if (multi === undefined) {
    if (route.threshold > 1 && NEED_APPROVAL.includes(content.event)) end("LevelMismatch");
    return;
  }
  if (multi.threshold !== route.threshold) end("LevelMismatch");
  const alike =
    multi.roster.length === route.roster.length &&
    multi.roster.every((seat, i) => {
      const other = route.roster[i];
      return seat.person === other?.person && seat.keyId === other.keyId;
    });
  if (!alike) end("OffRoster");
}

/**
 * The words beside the decisions say what the decisions say, and nothing where there are none. Who
 * is said to have allowed is everybody whose yes counted, and nobody else.
 */
function saidTruly(content: Content, weighed: readonly Weighed[]): void {
  const persons = allowing(answersOf(weighed));
  const said = content.approverDecision;
  const tells = (by: Weighed | undefined, one: Decision) =>
    one.signerKeyId === said?.keyId &&
    by?.signer.person === said.person &&
    said.verdict === wordOf(one) &&
    // A reason that is told was signed; its salt, and so its proof, is the approver's.
    (said.reason === undefined || givesReason(one));
  const one =
    said === undefined ||
    ((!NEED_APPROVAL.includes(content.event) || persons.has(said.person)) &&
      content.decisions.some((one, at) => tells(weighed[at], one)));
  const told = content.multiApproval?.approvers;
  const many =
    told === undefined ||
    (weighed.length > 0 &&
      told.length === persons.size &&
      new Set(told).size === told.length &&
      told.every((name) => persons.has(name)));
  if (!one || !many) end("LevelMismatch");
}

function lowest(assurances: readonly Assurance[]): Assurance {
  return ASSURANCES.find((one) => assurances.includes(one)) ?? "local";
}

function namesOtherVersion(bytes: Uint8Array | string): boolean {
  try {
    const { type } = parse(bytes, limit.RECEIPT) as JsonObject;
    const ours = typeof type === "string" && type.startsWith("countersign.receipt/");
    return ours && type !== "countersign.receipt/v1";
  } catch {
    return false;
  }
}

/** A stranger chose the name of the key: it is quoted and not repeated. */
function untrusted(keyId: string): Ended {
  return new Ended({ verdict: "Untrusted", keyId: clip(keyId) });
}

/** Verdicts that are only a name. */
type Plain = Exclude<Verdict["verdict"], "Valid" | "Untrusted" | "ThresholdNotMet">;

function end(verdict: Plain): never {
  throw new Ended({ verdict });
}
