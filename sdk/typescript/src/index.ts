/**
 * The protocol of Countersign: what an action is, what a person signed, and whether the two fit.
 *
 * It does no input or output, reads no clock and draws no random number: all of that is passed in.
 * A second implementation beside the one in Rust; both answer the same vectors.
 *
 * Modules, in the order in which an action passes through:
 * - `json`: the strict reader and the canonical writer
 * - `action`: what would run, whole; `redact`: secrets inside it
 * - `artifact`, `route`: the action put to one approver; `statement`, `sealing`: so that no relay
 *   can read it
 * - `decision`: the signed answer; `meaning`: what it says; `trust`: the keys that somebody pinned;
 *   `passkey`: whether the person was there for an answer
 * - `verify`: from a decision to a vote; `quorum`: whether votes are enough; `progress`: what the next one is told of them; `token`: the compact form; `reference`: HARP's own files
 * - `pairing`, `origin`: how a device joins; `freeze`: the stop that it sends
 * - `receipt`, `grant`, `taken`, `check`: the signed record of an outcome; `checkpoint`: a head of the ledger
 * - `bundle`, `report`: a part of a ledger in one file; `line`, `tally`, `heads`, `under`: what stands in it; `course`,
 *   `step`, `fate`: what its receipts say together
 *
 * @packageDocumentation
 */

export * as action from "./action.js";
export * as artifact from "./artifact.js";
export * as bundle from "./bundle.js";
export * as check from "./check.js";
export * as checkpoint from "./checkpoint.js";
export * as course from "./course.js";
export * as decision from "./decision.js";
export * as encoding from "./encoding.js";
export * as fate from "./fate.js";
export * as freeze from "./freeze.js";
export * as grant from "./grant.js";
export * as heads from "./heads.js";
export * as json from "./json.js";
export * as keys from "./keys.js";
export * as line from "./line.js";
export * as lines from "./lines.js";
export * as meaning from "./meaning.js";
export * as origin from "./origin.js";
export * as pairing from "./pairing.js";
export * as passkey from "./passkey.js";
export * as progress from "./progress.js";
export * as quorum from "./quorum.js";
export * as receipt from "./receipt.js";
export * as redact from "./redact.js";
export * as reference from "./reference.js";
export * as report from "./report.js";
export * as route from "./route.js";
export * as sealing from "./sealing.js";
export * as shape from "./shape.js";
export * as statement from "./statement.js";
export * as step from "./step.js";
export * as taken from "./taken.js";
export * as tally from "./tally.js";
export * as time from "./time.js";
export * as told from "./told.js";
export * as token from "./token.js";
export * as trust from "./trust.js";
export * as under from "./under.js";
export * as verify from "./verify.js";
