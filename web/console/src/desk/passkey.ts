/** The passkey of a pairing: offered to its enforcer, and used for an answer. */

import { encoding, json, passkey, route, time } from "@countersign/protocol";
import type { decision, keys } from "@countersign/protocol";
import type { Passkeys } from "../keys/index.js";
import type { KnownPasskey, Pairing, Reply } from "../model.js";
import { NotSigned } from "./refusal.js";

/** What a person carries to the enforcer, and what stays here. */
export interface Offered {
  /** For `countersign trust set NAME --passkey TEXT`. It is no secret. */
  readonly text: string;
  readonly known: KnownPasskey;
}

/** Makes a passkey and has it prove itself, so that what is pinned is known to work. @throws PasskeyRefused */
export async function offer(pairing: Pairing, device: keys.Device, passkeys: Passkeys, now: number): Promise<Offered> {
  const known = { ...(await passkeys.make(`Countersign: ${pairing.name}`)), madeAt: time.atMillis(now).text };
  const body = { keyId: pairing.keyId, passkey: passkey.passkey(known.passkey), time: time.atMillis(now).text };
  const made = await passkeys.assert(known, passkey.offerChallenge(body));
  const signed = await passkey.signOffer(body, made, device);
  return { text: encoding.base64(json.canonical(signed)), known };
}

/** The pairing with another passkey: in use where it is the first, else beside the one that is pinned. */
export function withPasskey(pairing: Pairing, known: KnownPasskey): Pairing {
  if (pairing.passkey === undefined) return { ...pairing, passkey: known };
  return { ...pairing, sparePasskeys: [...(pairing.sparePasskeys ?? []), known] };
}

/** The pairing with this one of its passkeys in use. */
export function usingPasskey(pairing: Pairing, credentialId: string): Pairing {
  const chosen = pairing.sparePasskeys?.find((one) => one.credentialId === credentialId);
  if (chosen === undefined) return pairing;
  const rest = pairing.sparePasskeys?.filter((one) => one !== chosen) ?? [];
  return { ...pairing, passkey: chosen, sparePasskeys: pairing.passkey === undefined ? rest : [pairing.passkey, ...rest] };
}

/** The pairing without this one. None takes the place of the one in use by itself: which is pinned only its person knows. */
export function withoutPasskey(pairing: Pairing, credentialId: string): Pairing {
  const { passkey: used, sparePasskeys, ...rest } = pairing;
  const spare = sparePasskeys?.filter((one) => one.credentialId !== credentialId) ?? [];
  const kept = used?.credentialId === credentialId ? undefined : used;
  return { ...rest, ...(kept === undefined ? {} : { passkey: kept }), ...(spare.length === 0 ? {} : { sparePasskeys: spare }) };
}

/**
 * What signs an answer before the device does. A plain no takes no passkey.
 *
 * @throws NotSigned `PasskeyMissing`
 */
export function assertingFor(
  said: Reply,
  found: route.Route | undefined,
  { passkey: known }: Pairing,
  passkeys: Passkeys | undefined,
): decision.Asserting | undefined {
  if (said.say === "deny") return undefined;
  if (known !== undefined && passkeys !== undefined) return (challenge) => passkeys.assert(known, challenge);
  if (found?.minAssurance !== "verified") return undefined;
  throw new NotSigned("PasskeyMissing", "this request takes a passkey, and this pairing has none here: add one under Pairings");
}
