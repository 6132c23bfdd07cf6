/** A relay in memory, honest until a test changes what it says, and an enforcer behind it. */

import { artifact, decision, encoding, json, keys, pairing, sealing, statement, time } from "@countersign/protocol";
import type { redact } from "@countersign/protocol";
import type { Socket } from "../src/edge.js";
import type { Pairing } from "../src/model.js";
import { NOW } from "./edge.js";

export const RELAY = "https://relay.example";

/** Keys by number: 1 is the enforcer's, 9 those of somebody in between. */
export const secret = (n: number): keys.Device => keys.secretKeys(new Uint8Array(64).fill(n));

type Answer = (path: string, body: json.JsonObject | undefined, init: RequestInit) => Response | undefined;

/** What is said of anything but what a test is about. */
export class Relay {
  /** Looked at first; what it leaves open is answered honestly. */
  hostile: Answer = () => undefined;
  /** Whether nobody answers. */
  down = false;
  inbox: json.JsonObject[] = [];
  /** Every call, as `METHOD path`. */
  readonly calls: string[] = [];
  /** The bodies of decisions that came in. */
  readonly decided: json.JsonObject[] = [];
  readonly stops: json.JsonObject[] = [];
  readonly headers: Headers[] = [];

  readonly fetch: typeof fetch = async (input, init = {}) => {
    const url = new URL(String(input));
    this.calls.push(`${init.method} ${url.pathname}`);
    this.headers.push(new Headers(init.headers));
    if (this.down) throw new TypeError("connection refused");
    const body = typeof init.body === "string" ? (JSON.parse(init.body) as json.JsonObject) : undefined;
    return this.hostile(url.pathname, body, init) ?? this.#honest(url.pathname, body) ?? refusal(404, "not_found");
  };

  /** The channels that were opened, in order. */
  readonly channels: Channel[] = [];
  /** What a channel is answered that said hello; nothing is silence. */
  hello: (channel: Channel, said: json.JsonObject) => void = (channel) => channel.push({ msgType: "hello", capabilities: { push: true } });

  readonly socket = (address: string): Socket => {
    const channel = new Channel(address, (said) => this.hello(channel, said));
    this.channels.push(channel);
    setImmediate(() => (this.down ? channel.hangUp() : channel.open()));
    return channel;
  };

  /** Pushes to the newest channel. */
  push(message: json.JsonValue): void {
    this.channels.at(-1)?.push(message);
  }

  #honest(path: string, body: json.JsonObject | undefined): Response | undefined {
    const expiresAt = time.atMillis(NOW + 900_000).text;
    if (path === "/v1/auth/challenge") return reply({ serverNonce: "n0", expiresAt });
    if (path === "/v1/auth/session") return reply({ token: "t0", expiresAt });
    if (path.endsWith("/inbox")) return reply(enveloped("inbox.page", "-", { items: this.inbox, nextCursor: null }));
    if (path === "/v1/decisions" && body !== undefined) {
      this.decided.push(body);
      return reply(enveloped("decision.accepted", String(body.requestId), { artifactHash: "x" }));
    }
    if (path === "/v1/stops" && body !== undefined) {
      this.stops.push(body);
      return reply(enveloped("stop.accepted", "-", { stopId: "x" }));
    }
    if (path === "/v1/acks") return reply(enveloped("ack.accepted", "-", { msgId: "x" }));
    if (path === "/v1/pairings/revoke") return reply({ cancelled: 0 });
    return undefined;
  }
}

type Heard = (message: { data: unknown }) => void;

/** The relay's end of a WebSocket. */
export class Channel implements Socket {
  readonly #heard = new Map<string, Heard[]>();
  /** Whether either side ended it. */
  over = false;

  constructor(readonly address: string, readonly hello: (said: json.JsonObject) => void) {}

  addEventListener(type: string, heard: Heard): void {
    this.#heard.set(type, [...(this.#heard.get(type) ?? []), heard]);
  }

  send(text: string): void {
    if (this.over) throw new TypeError("it is closed");
    this.hello(JSON.parse(text) as json.JsonObject);
  }

  close(): void {
    this.over = true;
  }

  open(): void {
    this.#tell("open", undefined);
  }

  push(message: json.JsonValue): void {
    this.raw(JSON.stringify(message));
  }

  raw(data: unknown): void {
    if (!this.over) this.#tell("message", data);
  }

  hangUp(): void {
    this.over = true;
    this.#tell("close", undefined);
  }

  #tell(type: string, data: unknown): void {
    this.#heard.get(type)?.forEach((heard) => heard({ data }));
  }
}

export function reply(value: json.JsonValue, status = 200): Response {
  return new Response(json.canonicalText(value), { status });
}

export function refusal(status: number, code: string): Response {
  return reply(enveloped("error", "-", { code, message: "\u001b[2J" }), status);
}

export function enveloped(msgType: string, requestId: string, body: json.JsonObject, more: json.JsonObject = {}): json.JsonObject {
  return { msgType, requestId, createdAt: time.atMillis(NOW).text, sender: { gatewayId: "gw" }, ...more, body };
}

/** A pairing of a device with the enforcer. */
export function pairingOf(device: keys.Device, enforcer = secret(1)): Pairing {
  return {
    pairId: "p1", name: "work", group: "", deviceId: "app-1", enforcerId: "enf-1", gateway: RELAY,
    enforcer: keys.publicKeysJson(enforcer.publicKeys) as unknown as Pairing["enforcer"],
    fingerprint: keys.fingerprint(enforcer.publicKeys),
    keyId: keys.keyId(device.publicKeys.signing),
    createdAt: time.atMillis(NOW).text,
  };
}

/** What a route offers where a test says nothing else. */
export function routeFor(device: keys.Device, change: json.JsonObject = {}): json.JsonObject {
  return {
    round: 1, ruleId: "default", risk: "high", policyHash: "00".repeat(32),
    roster: [{ person: "ann", keyId: keys.keyId(device.publicKeys.signing) }], threshold: 1,
    minAssurance: "local", reasonRequired: false, scopes: ["once"], maxUses: 1, ...change,
  };
}

export interface Asked {
  readonly id?: string;
  readonly payload?: json.JsonObject;
  readonly route?: json.JsonObject;
  readonly change?: json.JsonObject;
  readonly disclosures?: readonly redact.Disclosure[];
  /** What the enforcer itself shows around the seal, where that is another thing than inside. */
  readonly shows?: Partial<Record<"requestId" | "artifactType" | "artifactHash" | "expiresAt", string>>;
  /** Who signs. */
  readonly by?: keys.Device;
}

/** A request as an enforcer makes it. */
export function artifactFor(device: keys.Device, asked: Asked = {}): artifact.Artifact {
  return artifact.buildArtifact({
    requestId: asked.id ?? "r1", artifactType: "command.review", repoRef: "repo", sessionId: "s1",
    createdAt: time.atMillis(NOW).text, expiresAt: time.atMillis(NOW + 300_000).text,
    payload: asked.payload ?? { kind: "request", action: "deploy", parameters: {} },
    extensions: {
      "org.countersign.salt": encoding.base64(new Uint8Array(32)),
      "org.countersign.route": asked.route ?? routeFor(device),
      "org.countersign.context": { principal: "uid:1", workspace: "/work" },
    },
    ...asked.change,
  });
}

/** The same, sealed and in the envelope in which a relay delivers it. */
export async function delivered(device: keys.Device, asked: Asked = {}): Promise<json.JsonObject> {
  return sealedFor(device, artifactFor(device, asked), asked);
}

export async function sealedFor(
  device: keys.Device,
  about: artifact.Artifact,
  { by = secret(1), disclosures = [], shows = {} }: Asked = {},
): Promise<json.JsonObject> {
  const shown = {
    requestId: about.requestId, artifactType: about.artifactType as string, artifactHash: about.artifactHash,
    expiresAt: about.expiresAt.text, ...shows,
  };
  const text = json.canonical(await statement.signStatement(about, disclosures, by));
  const random = (n: number): Uint8Array => crypto.getRandomValues(new Uint8Array(n));
  const sealed = sealing.sealedJson(sealing.seal(text, shown, [device.publicKeys], random));
  const { artifactType, artifactHash, requestId, expiresAt } = shown;
  const body = { artifactType, artifactHash, ciphertextRef: { kind: "inline", ...sealed } };
  return enveloped("approval.request", requestId, body, { msgId: `m-${requestId}`, expiresAt });
}

/** What an enforcer reads in an answer that a relay passed on. */
export async function answerIn(submitted: json.JsonObject, about: artifact.Artifact, enforcer = secret(1)): Promise<decision.Answer> {
  const trace = submitted.trace as json.JsonObject;
  const sealed = sealing.sealed(trace["org.countersign.sealed"]);
  const shown = {
    requestId: about.requestId, artifactType: about.artifactType, artifactHash: about.artifactHash,
    expiresAt: about.expiresAt.text,
  };
  return decision.parseAnswer(await sealing.open(sealed, shown, enforcer));
}

/** What an enforcer's side of a pairing works out: as `crates/core/src/pairing` has it. */
export interface Enforcer {
  readonly link: string;
  readonly code: string;
  readonly resolved: json.JsonObject;
}

const R = new Uint8Array(32).fill(3);
export const LINK_SECRET = new Uint8Array(32).fill(9);

/** A pairing that is announced under a code. */
export async function announced(enforcer = secret(1), code = "7K3MQ9TD"): Promise<Enforcer> {
  const both = encoding.concat(enforcer.publicKeys.signing, enforcer.publicKeys.exchange);
  const commitment = encoding.hex(await digest(encoding.concat(both, R)));
  const g = encoding.base64(encoding.utf8(RELAY));
  const f = keys.fingerprint(enforcer.publicKeys);
  const link = `${RELAY}/pair#v=1&g=${g}&c=${code}&f=${f}&s=${encoding.base64(LINK_SECRET)}`;
  const expiresAt = time.atMillis(NOW + 600_000).text;
  const resolved = { nonce: "pn", enforcerId: "enf-1", keys: keys.publicKeysJson(enforcer.publicKeys), commitment, expiresAt };
  return { link, code, resolved };
}

export const REVEALED = encoding.base64(R);

/** The enforcer's proof of the link's secret for a device that completed. */
export async function macOf(completed: json.JsonObject, enforcer = secret(1), code = "7K3MQ9TD", linkSecret = LINK_SECRET): Promise<string> {
  const both = (found: keys.PublicKeys): string => encoding.base64(encoding.concat(found.signing, found.exchange));
  const body = {
    direction: "enforcer", code, gatewayOrigin: RELAY, enforcerId: "enf-1", approverId: String(completed.approverId),
    enforcerKeys: both(enforcer.publicKeys), approverKeys: both(keys.publicKeys(completed.keys)),
  };
  const whole = await crypto.subtle.importKey("raw", new Uint8Array(linkSecret), "HKDF", false, ["deriveBits"]);
  const info = new Uint8Array(encoding.utf8("countersign-pair/v1"));
  const rule = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
  const bits = await crypto.subtle.deriveBits(rule, whole, 256);
  const key = await crypto.subtle.importKey("raw", bits, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, new Uint8Array(json.canonical(body)));
  return encoding.base64(new Uint8Array(mac));
}

async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)));
}

export { pairing };
