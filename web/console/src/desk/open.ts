/** From a delivered message to a request that may be shown: everything is checked here, once. */

import { artifact as protocol, keys, redact, sealing, shape, statement } from "@countersign/protocol";
import type { Envelope } from "../gateway/index.js";
import type { Opened, Pairing } from "../model.js";
import { reviewOf } from "../review/index.js";

/** Why a delivered message is not shown as a request. */
export class NotOpened extends Error {
  override readonly name = "NotOpened";
  /** The reason. */
  readonly code:
    | "Seal" | "Malformed" | "NotFromEnforcer" | "HashMismatch" | "RequestMismatch" | "BadRequestId"
    | "TypeMismatch" | "ExpiryMismatch" | "Expired" | "WrongDisclosure";

  constructor(code: NotOpened["code"]) {
    super(WORDS[code]);
    this.code = code;
  }
}

const WORDS: Readonly<Record<NotOpened["code"], string>> = {
  Seal: "it is not sealed to this device, or the gateway changed it",
  Malformed: "what was sealed is not a request",
  NotFromEnforcer: "the paired enforcer did not sign it",
  HashMismatch: "it does not have the hash that it was delivered under",
  RequestMismatch: "the request inside is not the one it was delivered as",
  BadRequestId: "the id of the request cannot be written down here",
  TypeMismatch: "its type is not the one it was delivered as",
  ExpiryMismatch: "it ends at another time than it was delivered with",
  Expired: "its time is over",
  WrongDisclosure: "a disclosed value is not the one that is committed to",
};

/** What the gateway delivered: the fields it shows, and what it cannot read. */
interface Delivered {
  readonly shown: sealing.Shown;
  readonly sealed: sealing.Sealed;
}

/**
 * Opens and checks what was delivered for a pairing. Nothing of a refused message is shown.
 *
 * @throws NotOpened
 */
export async function open(
  message: Envelope,
  pairing: Pairing,
  device: keys.Device,
  now: number,
): Promise<Opened> {
  const { shown, sealed } = delivered(message);
  const plaintext = await unsealed(sealed, shown, device);
  const found = refusing("Malformed", () => statement.parseStatement(plaintext));
  checkShown(shown, found.artifact);
  checkSigned(found, pairing);
  if (!isPlain(found.artifact.requestId)) throw new NotOpened("BadRequestId");
  checkDisclosures(found);
  if (now >= found.artifact.expiresAt.millis) throw new NotOpened("Expired");
  const { artifact, disclosures } = found;
  const review = refusing("Malformed", () => reviewOf({ artifact, disclosures, pairing }));
  return { pairId: pairing.pairId, artifact, disclosures, review };
}

/** The metadata of a message are the gateway's words, and are not looked at. */
function delivered({ requestId, expiresAt, msgType, body }: Envelope): Delivered {
  if (expiresAt === undefined) throw new NotOpened("ExpiryMismatch");
  return refusing("Malformed", () => {
    shape.word(msgType, ["approval.request"], "msgType");
    const required = ["artifactType", "artifactHash", "ciphertextRef"];
    const found = shape.members(body, "body", required, ["metadata", "policyHint"]);
    const { kind, ...sealed } = shape.object(found.ciphertextRef, "ciphertextRef");
    shape.word(kind, ["inline"], "kind");
    const hash = shape.text(found.artifactHash, "artifactHash").replace(/^sha256:/, "");
    const artifactHash = shape.hash(hash, "artifactHash");
    const artifactType = shape.text(found.artifactType, "artifactType");
    return { shown: { requestId, artifactType, artifactHash, expiresAt }, sealed: sealing.sealed(sealed) };
  });
}

async function unsealed(
  sealed: sealing.Sealed,
  shown: sealing.Shown,
  device: keys.Device,
): Promise<Uint8Array> {
  try {
    return await sealing.open(sealed, shown, device);
  } catch {
    throw new NotOpened("Seal");
  }
}

/** The seal binds these already; an enforcer that sealed one thing and signed another is refused too. */
function checkShown(shown: sealing.Shown, artifact: Opened["artifact"]): void {
  if (artifact.artifactHash !== shown.artifactHash) throw new NotOpened("HashMismatch");
  if (artifact.requestId !== shown.requestId) throw new NotOpened("RequestMismatch");
  if (artifact.artifactType !== shown.artifactType) throw new NotOpened("TypeMismatch");
  if (artifact.expiresAt.text !== shown.expiresAt) throw new NotOpened("ExpiryMismatch");
}

function checkSigned(found: statement.Statement, pairing: Pairing): void {
  refusing("NotFromEnforcer", () => statement.verifyStatement(found, enforcerOf(pairing)));
  const hash = refusing("Malformed", () => protocol.artifactHash(found.artifact));
  if (hash !== found.artifact.artifactHash) throw new NotOpened("HashMismatch");
}

function checkDisclosures({ artifact, disclosures }: statement.Statement): void {
  const committed = redact.commitments(artifact.payload);
  const fits = (one: redact.Disclosure): boolean =>
    committed.some(([path, commitment]) => path === one.path && redact.opens(one, commitment));
  if (!disclosures.every(fits)) throw new NotOpened("WrongDisclosure");
}

/** The pinned keys of the enforcer. @throws JsonError */
export function enforcerOf(pairing: Pairing): keys.PublicKeys {
  return keys.publicKeys({ ...pairing.enforcer }, "enforcer");
}

/** The fields that the enforcer knows from its own artifact. */
export function shownOf(artifact: Opened["artifact"]): sealing.Shown {
  const { requestId, artifactType, artifactHash, expiresAt } = artifact;
  return { requestId, artifactType, artifactHash, expiresAt: expiresAt.text };
}

function isPlain(requestId: string): boolean {
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(requestId);
}

function refusing<T>(code: NotOpened["code"], read: () => T): T {
  try {
    return read();
  } catch {
    throw new NotOpened(code);
  }
}
