/** The passkey of a pairing: offered to its enforcer, and used for an answer. */

import { encoding, json, passkey, route, time } from "@countersign/protocol";
import type { decision, keys } from "@countersign/protocol";
import type { Known, Passkeys } from "../keys/index.js";
import type { Pairing, Reply } from "../model.js";
import { NotSigned } from "./refusal.js";

/** What a person carries to the enforcer, and what stays here. */
export interface Offered {
  /** For `countersign trust set NAME --passkey TEXT`. It is no secret. */
  readonly text: string;
  readonly known: Known;
}

/** Makes a passkey and has it prove itself, so that what is pinned is known to work. @throws PasskeyRefused */
export async function offer(pairing: Pairing, device: keys.Device, passkeys: Passkeys, now: number): Promise<Offered> {
  const known = await passkeys.make(`Countersign: ${pairing.name}`);
  const body = { keyId: pairing.keyId, passkey: passkey.passkey(known.passkey), time: time.atMillis(now).text };
  const made = await passkeys.assert(known, passkey.offerChallenge(body));
  const signed = await passkey.signOffer(body, made, device);
  return { text: encoding.base64(json.canonical(signed)), known };
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
