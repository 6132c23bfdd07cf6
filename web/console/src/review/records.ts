/**
 * Pinned keys in a question of the home, as a person reads them: who, what for, and the fingerprint.
 *
 * The fingerprint is worked out here, over all bytes of the keys, and every other member of a record
 * is told. A record that is anything else than its own words is shown leaf by leaf.
 */

import { encoding, json, keys, shape, trust } from "@countersign/protocol";
import type { passkey } from "@countersign/protocol";
import type { Fact } from "../model.js";
import { word } from "./text.js";

type Value = json.JsonValue;

/** What may be asked about pinned keys. */
const ASKED = ["countersign.trust.set", "countersign.trust.import", "countersign.key.rotate"];

/** A record, and as it stands in the question. */
interface Told<T> {
  readonly one: T;
  readonly value: Value;
}

/** What is left of a record that was told: a member that comes to be does not compile until it is. */
type Nothing = Record<string, never>;

interface Edit {
  readonly before: Told<trust.Approver> | undefined;
  readonly after: Told<trust.Approver>;
}

/**
 * The records of a question about pinned keys; `undefined` where it is another question, holds none,
 * or holds anything that the words would leave out.
 */
export function records({ action, parameters }: json.JsonObject): readonly Fact[] | undefined {
  if (!ASKED.includes(action as string)) return undefined;
  try {
    const told = inWords(parameters);
    return told.length === 0 ? undefined : told;
  } catch {
    // Whatever a record is besides, it is shown whole.
    return undefined;
  }
}

function inWords(parameters: Value | undefined): readonly Fact[] {
  const asked = shape.members(parameters, "parameters", ["approvers", "operators"]);
  const edits = shape.list(asked.approvers, edit, "approvers");
  const operators = shape.list(asked.operators, operator, "operators");
  return [...edits.flatMap((one, i) => ofEdit(i + 1, one)), ...operators.map(ofOperator)];
}

function edit(value: Value): Edit {
  const found = shape.members(value, "edit", ["before", "after"]);
  const before = found.before === null ? undefined : approver(found.before as Value);
  return { before, after: approver(found.after as Value) };
}

/** As in a trust store: its name is its key's, and what it was before is in the order of time. */
function approver(value: Value): Told<trust.Approver> {
  const [one] = pinned({ operators: [], approvers: [value] }).approvers;
  return { one: one as trust.Approver, value };
}

function operator(value: Value): Told<trust.Operator> {
  const [one] = pinned({ operators: [value], approvers: [] }).operators;
  return { one: one as trust.Operator, value };
}

function pinned(records: json.JsonObject): trust.TrustStore {
  return trust.parseTrust(json.canonical({ type: "countersign.trust/v1", ...records }));
}

function ofEdit(number: number, { before, after }: Edit): readonly Fact[] {
  if (before === undefined) return [ofApprover(`key ${number}, new`, after)];
  return [ofApprover(`key ${number}, as it is`, before), ofApprover(`key ${number}, after`, after)];
}

function ofApprover(label: string, { one, value }: Told<trust.Approver>): Fact {
  const { keyId: _same, keys: pair, deviceId, person, label: name, ...more } = one;
  const { roles, assurance, passkey: lifts, createdAt, status, pairId, past = [], ...rest } = more;
  rest satisfies Nothing;
  const lines = [
    `${word(name)} of ${word(person)}: ${state(status)}, assurance ${assurance}, ${ofRoles(roles)}`,
    `fingerprint ${keys.fingerprint(pair)}`,
    `since ${createdAt.text}, device ${word(deviceId)}`,
    `pairing ${word(pairId)}`,
    ...(lifts === undefined ? [] : [ofPasskey(lifts)]),
    ...past.map(ofPast),
  ];
  return { label, lines, raw: raw(value) };
}

function ofRoles(roles: readonly string[]): string {
  return roles.length === 0 ? "no roles" : `roles ${roles.map(word).join(", ")}`;
}

/** What a key was pinned as before: receipts of that time are judged by it. */
function ofPast({ until, person, roles, assurance, passkey: lifted, ...rest }: trust.Past): string {
  rest satisfies Nothing;
  const lifts = lifted === undefined ? "" : `, ${ofPasskey(lifted)}`;
  return `until ${until.text}: of ${word(person)}, assurance ${assurance}, ${ofRoles(roles)}${lifts}`;
}

/** A passkey by the page that may use it; its key is told whole. */
function ofPasskey({ alg, publicKey, rpId, origin, ...rest }: passkey.Passkey): string {
  rest satisfies Nothing;
  const key = encoding.base64(publicKey);
  return `passkey of ${word(origin)} (rpId ${word(rpId)}, ${alg}): ${key}; answers with it count as verified`;
}

function ofOperator({ one, value }: Told<trust.Operator>): Fact {
  const { keyId: _same, keys: pair, label, createdAt, status, ...rest } = one;
  rest satisfies Nothing;
  const lines = [
    `${word(label)}: ${state(status)}, since ${createdAt.text}`,
    `fingerprint ${keys.fingerprint(pair)}`,
  ];
  return { label: "operator", lines, raw: raw(value) };
}

function state(status: trust.Status): string {
  if (status.state === "active") return "counts";
  if (status.state === "rotated") return `replaced, counts until ${status.until.text}`;
  const { at, compromisedSince: since } = status;
  return `taken back at ${at.text}${since === undefined ? "" : `, perhaps in other hands since ${since.text}`}`;
}

/** The record itself, for programs. */
function raw(value: Value): readonly string[] {
  return [json.canonicalText(value)];
}
