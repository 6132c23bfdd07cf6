import assert from "node:assert/strict";
import { test } from "node:test";
import { keys } from "@countersign/protocol";
import type { json } from "@countersign/protocol";
import { GatewayError, Session, backoff, calls, follow } from "../src/gateway/index.js";
import type { Envelope } from "../src/gateway/index.js";
import { EventReader } from "../src/gateway/events.js";
import { NOW, TestEdge } from "./edge.js";
import { RELAY, Relay, enveloped, refusal, reply, secret } from "./relay.js";

function sessionAt(relay: Relay): { session: Session; edge: TestEdge } {
  const edge = new TestEdge(relay.fetch);
  return { edge, session: new Session(edge, { gateway: RELAY, deviceId: "app-1", device: secret(2) }) };
}

test("a wait doubles up to ten seconds, and chance takes off at most half", () => {
  assert.deepEqual([0, 1, 2, 5, 6, 63, 99_999].map((n) => backoff(n, 0)), [250, 500, 1_000, 8_000, 10_000, 10_000, 10_000]);
  for (const attempt of [0, 3, 99]) {
    const [full, least] = [backoff(attempt, 0), backoff(attempt, 255)];
    assert.ok(least < full && least >= full / 2);
  }
});

test("attack_35 possession is signed for this gateway, in its own domain, and for a nonce that can be read", async () => {
  const relay = new Relay();
  let proof: json.JsonObject = {};
  relay.hostile = (path, body) => {
    if (path === "/v1/auth/session") proof = body ?? {};
    return undefined;
  };
  const { session } = sessionAt(relay);
  assert.equal(await session.token(), "t0");
  const { signature, ...possession } = proof;
  assert.equal(possession.gatewayOrigin, RELAY);
  const bytes = Uint8Array.from(Buffer.from(String(signature), "base64url"));
  keys.verifyDomain(secret(2).publicKeys.signing, "auth", possession, bytes);
  for (const serverNonce of ["", "x".repeat(257), "a b", "\u202e"]) {
    const odd = new Relay();
    odd.hostile = (path) => (path === "/v1/auth/challenge" ? reply({ serverNonce, expiresAt: "2026-01-01T00:00:00Z" }) : undefined);
    await assert.rejects(sessionAt(odd).session.token(), { code: "nonsense" });
    assert.ok(!odd.calls.includes("POST /v1/auth/session"), "nothing was signed");
  }
});

test("many calls at once prove possession once, and a token that is refused is replaced once", async () => {
  const relay = new Relay();
  const { session } = sessionAt(relay);
  await Promise.all([calls.inbox(session), calls.inbox(session), calls.inbox(session)]);
  assert.equal(relay.calls.filter((call) => call === "POST /v1/auth/session").length, 1);
  relay.hostile = (path) => (path.endsWith("/inbox") ? refusal(401, "unauthenticated") : undefined);
  await assert.rejects(calls.inbox(session), { code: "unauthenticated", mayPass: true });
  assert.equal(relay.calls.filter((call) => call === "POST /v1/auth/session").length, 2);
});

test("attack_31 a token stands in the header and nowhere else", async () => {
  const relay = new Relay();
  const { session } = sessionAt(relay);
  const urls: string[] = [];
  const { fetch: whole } = relay;
  (session.edge as { fetch: typeof fetch }).fetch = (input, init) => (urls.push(String(input)), whole(input, init));
  await calls.inbox(session);
  assert.ok(urls.every((url) => !url.includes("t0")));
  assert.equal(relay.headers.at(-1)?.get("authorization"), "Bearer t0");
});

test("what may pass is told from what never will, and no word of a gateway is repeated", async () => {
  for (const [status, code, passes] of [[429, "too_many", true], [503, "unavailable", true], [403, "forbidden", true], [409, "already_decided", false], [404, "not_found", false], [422, "expired", false]] as const) {
    const relay = new Relay();
    relay.hostile = (path) => (path.endsWith("/inbox") ? refusal(status, code) : undefined);
    const error = await calls.inbox(sessionAt(relay).session).catch((found: unknown) => found);
    assert.ok(error instanceof GatewayError && error.mayPass === passes && error.code === code);
    assert.ok(!error.message.includes("\u001b"));
  }
  const relay = new Relay();
  relay.hostile = (path) => (path.endsWith("/inbox") ? refusal(409, "\u001b[2J") : undefined);
  await assert.rejects(calls.inbox(sessionAt(relay).session), { code: "refused" });
});

test("attack_26 a reply without end is not read to its end", async () => {
  const relay = new Relay();
  relay.hostile = (path) =>
    path.endsWith("/challenge")
      ? new Response(new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(40_000)) }))
      : undefined;
  await assert.rejects(sessionAt(relay).session.token(), { code: "nonsense" });
});

test("events are cut wherever the bytes are, and one without end is refused", () => {
  const text = 'event: ping\ndata: {}\n\nevent: a\ndata: {"x":"\u00e9"}\n\n';
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at <= bytes.length; at += 1) {
    const reader = new EventReader();
    const found = [...reader.take(bytes.slice(0, at)), ...reader.take(bytes.slice(at))];
    assert.deepEqual(found, [{ name: "ping", data: "{}" }, { name: "a", data: '{"x":"\u00e9"}' }]);
  }
  const reader = new EventReader();
  const endless = (): void => {
    for (;;) reader.take(new Uint8Array(1024 * 1024).fill(65));
  };
  assert.throws(endless, { code: "nonsense" });
});

test("a stream that ends is opened again, after longer and longer waits", async () => {
  const relay = new Relay();
  const stop = new AbortController();
  const heard: Envelope[] = [];
  let opened = 0;
  relay.hostile = (path) => {
    if (!path.startsWith("/v1/sse/")) return undefined;
    const message = JSON.stringify(enveloped("exchange.withdrawn", `r${opened}`, {}));
    return new Response(`event: ping\ndata: {}\n\nevent: exchange.withdrawn\ndata: ${message}\n\n`);
  };
  const { session, edge } = sessionAt(relay);
  const waits: number[] = [];
  await follow(session, {
    opened: async () => void (opened += 1),
    pushed: async (message) => void heard.push(message),
    away: (error, after) => {
      assert.equal(error.code, "unreachable");
      waits.push(after);
      if (waits.length === 4) stop.abort();
    },
  }, stop.signal);
  assert.equal(opened, 4);
  assert.deepEqual(heard.map(({ requestId }) => requestId), ["r0", "r1", "r2", "r3"]);
  const [first = 0, second = 0, third = 0, fourth = 0] = waits;
  assert.ok(first <= 250 && second > 250 && third > second && fourth > third, String(waits));
  assert.equal(edge.now(), NOW);
});

test("where the gateway says when to come back, nobody comes sooner", async () => {
  const relay = new Relay();
  const stop = new AbortController();
  relay.hostile = (path) => {
    if (!path.startsWith("/v1/sse/")) return undefined;
    const full = refusal(429, "too_many");
    full.headers.set("retry-after", "60");
    return full;
  };
  const waits: number[] = [];
  await follow(sessionAt(relay).session, {
    opened: async () => undefined,
    pushed: async () => undefined,
    away: (error, after) => {
      assert.equal(error.code, "too_many");
      waits.push(after);
      stop.abort();
    },
  }, stop.signal);
  assert.deepEqual(waits, [60_000]);
});
