/** Passkeys of this page: an authenticator signs with one only after it verified its person. */

import { encoding, passkey } from "@countersign/protocol";
import type { KnownPasskey } from "../model.js";

/** How long a person may take, in milliseconds. */
const PATIENCE = 60_000;

/** SubjectPublicKeyInfo of a point on P-256 in full, up to its x. */
const SPKI = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";

/** Why no passkey was made or used. Nothing was signed then. */
export class PasskeyRefused extends Error {
  override readonly name = "PasskeyRefused";
}

/** What a browser does with passkeys. */
export interface Passkeys {
  /** Makes one under a name that its person will read. @throws PasskeyRefused */
  make(name: string): Promise<KnownPasskey>;
  /** Has it sign a challenge, and checks that it did, after its person was verified. @throws PasskeyRefused */
  assert(known: KnownPasskey, challenge: Uint8Array): Promise<passkey.Assertion>;
}

/** Where the page stands. */
export interface Place {
  readonly origin: string;
  readonly hostname: string;
}

/** The passkeys of a page; `undefined` where it can have none: no browser for them, or an address for a name. */
export function browserPasskeys(
  credentials: CredentialsContainer | undefined,
  place: Place,
  random: (length: number) => Uint8Array,
): Passkeys | undefined {
  const address = place.hostname.startsWith("[") || /^[\d.]+$/.test(place.hostname);
  if (credentials === undefined || address || typeof PublicKeyCredential === "undefined") return undefined;
  return { make: (name) => make(credentials, place, name, random), assert: (known, challenge) => assert(credentials, known, challenge) };
}

async function make(
  credentials: CredentialsContainer,
  { origin, hostname }: Place,
  name: string,
  random: (length: number) => Uint8Array,
): Promise<KnownPasskey> {
  const made = await asked(() =>
    credentials.create({
      publicKey: {
        rp: { id: hostname, name: "Countersign" },
        user: { id: own(random(16)), name, displayName: name },
        // Nothing is believed of this answer but the key, which has to prove itself.
        challenge: own(random(32)),
        pubKeyCredParams: [{ type: "public-key", alg: -7 }],
        authenticatorSelection: { userVerification: "required", residentKey: "preferred" },
        attestation: "none",
        timeout: PATIENCE,
      },
    }),
  );
  const spki = encoding.hex(new Uint8Array((made.response as AuthenticatorAttestationResponse).getPublicKey() ?? new ArrayBuffer(0)));
  const point = spki.startsWith(SPKI) ? encoding.unhex(spki.slice(SPKI.length)) : undefined;
  if (point?.length !== 64) throw new PasskeyRefused("this authenticator makes no passkey of the kind ES256");
  const publicKey = encoding.base64(point);
  return { credentialId: encoding.base64(new Uint8Array(made.rawId)), passkey: { alg: "ES256", publicKey, rpId: hostname, origin } };
}

async function assert(credentials: CredentialsContainer, known: KnownPasskey, challenge: Uint8Array): Promise<passkey.Assertion> {
  const id = encoding.unbase64(known.credentialId) ?? new Uint8Array();
  const made = await asked(() =>
    credentials.get({
      publicKey: {
        challenge: own(challenge),
        rpId: known.passkey.rpId,
        allowCredentials: [{ type: "public-key", id: own(id) }],
        userVerification: "required",
        timeout: PATIENCE,
      },
    }),
  );
  const { authenticatorData, clientDataJSON, signature } = made.response as AuthenticatorAssertionResponse;
  const [data, client, signed] = [authenticatorData, clientDataJSON, signature].map((bytes) => new Uint8Array(bytes));
  const found = { authenticatorData: data, clientDataJSON: client, signature: signed } as passkey.Assertion;
  const pinned = passkey.passkey(known.passkey);
  // What would not count there is not sent from here.
  if (passkey.asserts(pinned, challenge, passkey.assertionJson(found))) return found;
  throw new PasskeyRefused("the passkey did not verify who you are: nothing was signed");
}

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  let found: Credential | null;
  try {
    found = await ask();
  } catch {
    // Browsers tell a page no more than that it did not work.
    throw new PasskeyRefused("the passkey was not used: nothing was signed; try again");
  }
  if (found instanceof PublicKeyCredential) return found;
  throw new PasskeyRefused("the browser gave no passkey: nothing was signed");
}

/** A browser takes no bytes that another thread may change while it reads them. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
