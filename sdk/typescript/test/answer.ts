/**
 * What this implementation answers to one input, in the words of the vectors: `accepted` (for
 * receipts `Valid`) with what was worked out, or the name of the refusal.
 */

import { actionHashOf, artifactHash, isForeign, parseArtifact } from "../src/artifact.js";
import { Checker, checkBundle } from "../src/bundle.js";
import { checkReceipt } from "../src/check.js";
import { checkpoint, verifyCheckpoint } from "../src/checkpoint.js";
import { parseAnswer, parseDecision, signDecision, verifySignature } from "../src/decision.js";
import type { Word } from "../src/decision.js";
import { base64, unbase64, unhex, utf8 } from "../src/encoding.js";
import { NotHeeded, parseStop, verifyStop } from "../src/freeze.js";
import { JsonError, canonicalText, limit, parse, sha256 } from "../src/json.js";
import type { JsonObject, JsonValue } from "../src/json.js";
import { DOMAINS, KeyError, publicKeys, secretKeys, verifyDomain } from "../src/keys.js";
import type { Domain } from "../src/keys.js";
import { PasskeyError, assertion, passkey, verifyAssertion } from "../src/passkey.js";
import { NotTold, parseNote, verifyNote } from "../src/progress.js";
import type { Report } from "../src/report.js";
import { commitment, disclosure, opens } from "../src/redact.js";
import { PairError, joinByCode, joinByLink, parseCode, parseLink, parseRelay } from "../src/pairing.js";
import { HarpError, enforce, parseKeys } from "../src/reference.js";
import type { Scope } from "../src/route.js";
import { SealError, open, seal, sealed, sealedJson } from "../src/sealing.js";
import type { Shown } from "../src/sealing.js";
import { parseStatement, verifyStatement } from "../src/statement.js";
import { timestamp } from "../src/time.js";
import { TokenError, decodeToken, verifyToken } from "../src/token.js";
import { TrustError, parseTrust } from "../src/trust.js";
import type { TrustStore } from "../src/trust.js";
import { Refusal, verifyDecision } from "../src/verify.js";

/** The outcome, and what was worked out. */
export type Outcome = { readonly outcome: string } & { readonly [member: string]: JsonValue };

type Input = JsonObject;

/** Answers one input of a kind. Throws only where the input itself makes no sense. */
export async function answer(kind: string, input: Input): Promise<Outcome> {
  const judge = JUDGES[kind];
  if (judge === undefined) throw new Error(`no such kind: ${kind}`);
  try {
    return { outcome: "accepted", ...(await judge(input)) };
  } catch (error) {
    return { outcome: refusal(error) };
  }
}

/** The kinds that can be answered. */
export function kinds(): readonly string[] {
  return Object.keys(JUDGES);
}

const JUDGES: Readonly<Record<string, (input: Input) => JsonObject | Promise<JsonObject>>> = {
  canonical(input) {
    const most = typeof input.limit === "number" ? input.limit : limit.MESSAGE;
    const value = parse(textOf(input), most);
    return { canonical: canonicalText(value), sha256: sha256(value) };
  },
  number(input) {
    const bits = new DataView(new ArrayBuffer(8));
    bits.setBigUint64(0, BigInt(`0x${text(input.bits)}`));
    return { text: canonicalText(bits.getFloat64(0)) };
  },
  artifact(input) {
    const found = parseArtifact(textOf(input));
    return {
      artifactHash: artifactHash(found),
      actionHash: actionHashOf(found),
      foreign: isForeign(found),
    };
  },
  decision(input) {
    const decision = refusing(JsonError, "Schema", () => parseDecision(text(input.decision)));
    const vote = verifyDecision(decision, {
      artifact: parseArtifact(text(input.artifact)),
      trust: trustOf(text(input.trust)),
      session: typeof input.session === "string" ? input.session : undefined,
      now: number(input.now),
      skewMillis: number(input.skewMillis),
      replay: {
        requestSpent: (id, hash) => pairs(input.spentRequests).some(([a, b]) => a === id && b === hash),
        nonceSpent: (nonce, key) => pairs(input.spentNonces).some(([a, b]) => a === nonce && b === key),
      },
    });
    return { allows: vote.allows, person: vote.person, assurance: vote.assurance };
  },
  receipt(input) {
    const verdict = checkReceipt(text(input.receipt), trustOf(text(input.trust)), number(input.now));
    const { verdict: outcome, ...rest } = verdict;
    return { outcome, ...rest } as unknown as JsonObject;
  },
  async bundle(input) {
    const given = textOf(input);
    const bytes = typeof given === "string" ? utf8(given) : given;
    const known = input.known as { readonly builtin?: string; readonly own: readonly string[] };
    const checker = new Checker(trustOf(text(input.trust)), number(input.now), known);
    const report = await checkBundle(pieces(bytes), checker);
    return { outcome: report.verdict, report: alike(report) };
  },
  passkey(input) {
    const pinned = passkey(parse(text(input.passkey), limit.MESSAGE));
    const hint = refusing(JsonError, "Json", () => parse(text(input.webauthn), limit.MESSAGE));
    verifyAssertion(pinned, bytes(input.challenge), assertion(hint));
    return {};
  },
  async sealed(input) {
    const message = malformed(() => sealed(parse(text(input.sealed), limit.ARTIFACT * 4)));
    const shown = input.shown as unknown as Shown;
    const plaintext = await open(message, shown, secretKeys(bytes(input.secret)));
    return { plaintext: base64(plaintext) };
  },
  statement(input) {
    const statement = parseStatement(text(input.text));
    verifyStatement(statement, publicKeys(parse(text(input.enforcer), limit.MESSAGE)));
    return { artifactHash: artifactHash(statement.artifact) };
  },
  progress(input) {
    const enforcer = publicKeys(parse(text(input.enforcer), limit.MESSAGE));
    const told = verifyNote(parseNote(text(input.note)), parseArtifact(text(input.artifact)), enforcer);
    const { allowed, needed, groups, toldAt } = told;
    const some = groups.length === 0 ? {} : { groups: groups.map((group) => ({ ...group })) };
    return { soFar: { allowed, needed, ...some, toldAt: toldAt.text } };
  },
  pairing(input) {
    const { approverId, keys, r2 } = input.joining as JsonObject;
    const joining = { approverId: text(approverId), keys: publicKeys(keys), r2: bytes(r2) };
    const told = input.resolved as JsonObject;
    const resolved = {
      enforcerId: text(told.enforcerId),
      keys: publicKeys(told.keys),
      commitment: text(told.commitment),
    };
    if (input.link !== undefined) {
      const waiting = joinByLink(joining, parseLink(text(input.link)), resolved);
      const { pairId } = waiting.finish(bytes(input.enforcerMac));
      return { mac: base64(waiting.completion.mac ?? new Uint8Array()), pairId };
    }
    const [relay, code] = [parseRelay(text(input.relay)), parseCode(text(input.code))];
    const compare = joinByCode(joining, relay, code, resolved).reveal(bytes(input.r));
    return { digits: compare.digits, pairId: compare.confirm(input.same !== false).pairId };
  },
  stop(input) {
    const trust = trustOf(text(input.trust));
    const stop = parseStop(text(input.stop));
    return { person: verifyStop(stop, text(input.operator), trust, number(input.now)).person };
  },
  disclosure(input) {
    const one = malformed(() => disclosure(parse(text(input.disclosure), limit.MESSAGE)));
    const committed = malformed(() => commitment(parse(text(input.commitment), limit.MESSAGE)));
    if (!opens(one, committed)) throw new Named("Mismatch");
    return {};
  },
  checkpoint(input) {
    const found = malformed(() => checkpoint(parse(text(input.checkpoint), limit.MESSAGE)));
    verifyCheckpoint(found, bytes(input.publicKey));
    return { ledger: found.head.ledger, seq: found.head.seq };
  },
  domain(input) {
    const object = parse(text(input.object), limit.ARTIFACT);
    verifyDomain(bytes(input.publicKey), domainOf(text(input.domain)), object, bytes(input.signature));
    return {};
  },
  token(input) {
    const spent = (input.spent ?? []) as readonly JsonValue[];
    const token = decodeToken(unbase64(text(input.token)) ?? new Uint8Array());
    const approves = verifyToken(token, {
      artifact: parseArtifact(text(input.artifact)),
      publicKey: bytes(input.publicKey),
      now: number(input.now),
      spent: (nonce) => spent.includes(nonce),
    });
    return { approves };
  },
  reference(input) {
    const keys = refusing(JsonError, "HARP_ERR_CANONICALIZATION", () => parseKeys(text(input.keys)));
    const files = { artifact: text(input.artifact), decision: text(input.decision), keys };
    const found = enforce(files, number(input.now), {
      requestSpent: (id, hash) => pairs(input.spentRequests).some(([a, b]) => a === id && b === hash),
      nonceSpent: (nonce, key) => pairs(input.spentNonces).some(([a, b]) => a === nonce && b === key),
    });
    return { verdict: found.verdict };
  },
  // The kinds below have no vectors: a run beside the other implementation asks them.
  answer(input) {
    return { reason: parseAnswer(textOf(input)).reason?.text ?? null };
  },
  signature(input) {
    verifySignature(parseDecision(textOf(input)), bytes(input.publicKey));
    return {};
  },
  trust(input) {
    const trust = parseTrust(textOf(input));
    return { operators: trust.operators.length, approvers: trust.approvers.length };
  },
  time(input) {
    const found = timestamp(text(input.text));
    if (found === undefined) throw new Named("Shape");
    return { millis: found.millis };
  },
  async sign(input) {
    const choice = {
      word: text(input.word) as Word,
      scope: text(input.scope) as Scope,
      expiresAt: text(input.expiresAt),
      nonce: bytes(input.nonce),
      hints: input.hints as JsonObject,
    };
    const about = parseArtifact(text(input.artifact));
    const signed = await signDecision(about, choice, secretKeys(bytes(input.secret)));
    return { decision: canonicalText(signed.json) };
  },
  seal(input) {
    const to = (input.to as readonly JsonValue[]).map((one) => publicKeys(one));
    const shown = input.shown as unknown as Shown;
    const made = seal(bytes(input.plaintext), shown, to, drawnFrom(bytes(input.random)));
    return { sealed: canonicalText(sealedJson(made)) };
  },
};

const stores = new Map<string, TrustStore>();

/** A trust store of a text. One text reads alike each time, and most inputs have the same. */
function trustOf(given: string): TrustStore {
  const store = stores.get(given) ?? parseTrust(given);
  stores.set(given, store);
  return store;
}

/** A file as it may come: in pieces that end anywhere. */
function* pieces(bytes: Uint8Array): Iterable<Uint8Array> {
  const size = 1 + (bytes.length % 997);
  const most = bytes.length > 1_000_000 ? 65_536 : size;
  for (let at = 0; at < bytes.length; at += most) yield bytes.slice(at, at + most);
}

/** What every implementation says alike: without the words about what cannot be read. */
function alike(report: Report): JsonObject {
  const problems = report.problems.map(({ because, ...problem }) => {
    const unread = problem.verdict === "Malformed" || problem.verdict === "Unsupported";
    return unread || because === undefined ? problem : { ...problem, because };
  });
  return { ...report, problems } as unknown as JsonObject;
}

/** A refusal that has only a name. */
class Named extends Error {
  constructor(readonly outcome: string) {
    super(outcome);
  }
}

function refusal(error: unknown): string {
  if (error instanceof JsonError || error instanceof KeyError) return error.code;
  if (error instanceof SealError || error instanceof TokenError) return error.code;
  if (error instanceof TrustError || error instanceof HarpError) return error.code;
  if (error instanceof NotTold || error instanceof NotHeeded) return error.code;
  if (error instanceof PairError || error instanceof PasskeyError) return error.code;
  if (error instanceof Refusal) return error.refusal;
  if (error instanceof Named) return error.outcome;
  throw error;
}

function refusing<T>(kind: typeof JsonError, outcome: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof kind ? new Named(outcome) : error;
  }
}

function malformed<T>(read: () => T): T {
  return refusing(JsonError, "Malformed", read);
}

/** The text of an input: as bytes, as hex, repeated, or as it stands. */
export function textOf(input: Input): Uint8Array | string {
  if (typeof input.bytes === "string") return bytes(input.bytes);
  if (typeof input.hex === "string") return unhex(input.hex) ?? new Uint8Array();
  if (input.repeat !== undefined) {
    const { text: again, times, before, after } = input.repeat as Input;
    return `${before ?? ""}${text(again).repeat(number(times))}${after ?? ""}`;
  }
  return text(input.text);
}

function text(value: JsonValue | undefined): string {
  if (typeof value !== "string") throw new Error("the input lacks a text");
  return value;
}

function number(value: JsonValue | undefined): number {
  if (typeof value !== "number") throw new Error("the input lacks a number");
  return value;
}

function bytes(value: JsonValue | undefined): Uint8Array {
  const found = unbase64(text(value));
  if (found === undefined) throw new Error("the input lacks bytes");
  return found;
}

function pairs(value: JsonValue | undefined): readonly (readonly [JsonValue, JsonValue])[] {
  return (value ?? []) as unknown as readonly (readonly [JsonValue, JsonValue])[];
}

/** The name of a domain, or its tag. */
function domainOf(name: string): Domain {
  const found = Object.entries(DOMAINS).find(([key, tag]) => key === name || tag === name);
  if (found === undefined) throw new Error(`no such domain: ${name}`);
  return found[0] as Domain;
}

function drawnFrom(pool: Uint8Array): (length: number) => Uint8Array {
  let at = 0;
  return (length) => {
    at += length;
    if (at > pool.length) throw new Error("the pool is empty");
    return pool.slice(at - length, at);
  };
}

