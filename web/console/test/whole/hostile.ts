/** A gateway that says something else than what is true, between the page and the real one. */

import { encoding, time } from "@countersign/protocol";
import type { json, keys } from "@countersign/protocol";
import { artifactFor, sealedFor, secret } from "../relay.js";
import type { Person } from "./person.js";

/** Changes what some calls are answered; what has no answer passes. */
export async function meddle(
  person: Person,
  path: RegExp,
  change: (said: json.JsonObject) => json.JsonObject | Promise<json.JsonObject>,
): Promise<void> {
  await person.context.route((url) => path.test(url.pathname), async (route) => {
    const response = await route.fetch();
    if (!response.ok()) return route.fulfill({ response });
    return route.fulfill({ response, json: await change((await response.json()) as json.JsonObject) });
  });
}

/** Pushes nothing, so that everything is asked for: where a channel ends, the page looks into its inbox. */
export async function pushNothing(person: Person): Promise<void> {
  await person.context.routeWebSocket(/\/v1\/ws/, (line) => line.onMessage(() => {
    line.send('{"msgType":"hello","capabilities":{}}');
    void line.close();
  }));
}

/** Keeps from the page what a channel says of its end. */
export async function hideTheEnd(person: Person): Promise<void> {
  await person.context.routeWebSocket(/\/v1\/ws/, (line) => {
    const gateway = line.connectToServer();
    gateway.onMessage((said) => {
      if (!String(said).includes('"msgType":"error"')) line.send(said);
    });
    gateway.onClose(() => undefined);
  });
}

/** A request that nobody asked, sealed to this device by a gateway that learned its keys at pairing. */
export async function invented(person: Person): Promise<json.JsonObject> {
  const completed = person.calls.find(({ what }) => what.endsWith("/pairing/complete"));
  const { keys: given } = JSON.parse(completed?.body ?? "{}") as { keys: { publicKey: string } };
  const both = encoding.unbase64(given.publicKey) ?? new Uint8Array(64);
  const publicKeys = { signing: both.slice(0, 32), exchange: both.slice(32) } as keys.PublicKeys;
  const device = { publicKeys } as keys.Device;
  const now = Date.now();
  const when = { createdAt: time.atMillis(now).text, expiresAt: time.atMillis(now + 300_000).text };
  const about = artifactFor(device, { change: when, payload: { kind: "request", action: "harmless", parameters: {} } });
  return sealedFor(device, about, { by: secret(9) });
}

/** The same keys with another half. */
export function withHalf(said: json.JsonValue | undefined, half: "signing" | "exchange"): json.JsonObject {
  const mine = secret(9).publicKeys;
  const keysOf = said as { publicKey: string; kxSignature: string };
  const both = encoding.unbase64(keysOf.publicKey) ?? new Uint8Array(64);
  both.set(mine[half], half === "signing" ? 0 : 32);
  const kxSignature = half === "exchange" ? encoding.base64(mine.kxSignature) : keysOf.kxSignature;
  return { publicKey: encoding.base64(both), kxSignature };
}
