import assert from "node:assert/strict";
import { test } from "node:test";
import { keys, time } from "@countersign/protocol";
import type { json } from "@countersign/protocol";
import { GatewayError, Session, backoff, calls, follow } from "../src/gateway/index.js";
import { NOW, TestEdge } from "./edge.js";
import { RELAY, Relay, enveloped, refusal, reply, secret } from "./relay.js";

function sessionAt(relay: Relay): { session: Session; edge: TestEdge } {
  const edge = new TestEdge(relay.fetch, relay.socket);
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

/** Follows until so many tries failed: what was pushed, and why each failed. */
async function followed(relay: Relay, tries: number, opened: () => void = () => undefined) {
  const stop = new AbortController();
  const [pushed, codes, waits]: [string[], string[], number[]] = [[], [], []];
  const { session, edge } = sessionAt(relay);
  const refused = await follow(session, {
    opened: async () => opened(),
    pushed: async ({ requestId }) => void pushed.push(requestId),
    away: (error, after) => {
      codes.push(error.code);
      if (waits.push(after) === tries) stop.abort();
    },
  }, stop.signal);
  return { pushed, codes, waits, refused, edge };
}

const HELLO = { msgType: "hello", capabilities: {} };

test("attack_31 a channel's address names the device, and its token stands in the first frame", async () => {
  const relay = new Relay();
  const said: json.JsonObject[] = [];
  relay.hello = (channel, hello) => {
    said.push(hello);
    channel.push(HELLO);
    channel.hangUp();
  };
  await followed(relay, 1);
  assert.deepEqual(relay.channels.map(({ address }) => address), [`wss://relay.example/v1/ws?role=approver&id=app-1&gateway=${encodeURIComponent(RELAY)}`]);
  assert.deepEqual(said, [{ msgType: "hello", capabilities: { ping: true, push: true }, token: "t0" }]);
});

test("a channel that ends is opened again, after longer and longer waits", async () => {
  const relay = new Relay();
  let opened = 0;
  relay.hello = (channel) => {
    channel.push(HELLO);
    channel.push({ msgType: "ping" });
    channel.push(enveloped("exchange.withdrawn", `r${opened}`, {}));
    channel.hangUp();
  };
  const { pushed, codes, waits, edge } = await followed(relay, 4, () => void (opened += 1));
  assert.equal(opened, 4);
  assert.deepEqual([pushed, new Set(codes)], [["r0", "r1", "r2", "r3"], new Set(["unreachable"])]);
  const [first = 0, second = 0, third = 0, fourth = 0] = waits;
  assert.ok(first <= 250 && second > 250 && third > second && fourth > third, String(waits));
  assert.equal(edge.now(), NOW);
  assert.ok(relay.channels.every(({ over }) => over), "no connection stays behind");
});

test("what the gateway refuses on a channel is told by its code, and who has too many comes back later", async () => {
  for (const code of ["too_many", "misdirected", "not_found"]) {
    const relay = new Relay();
    relay.hello = (channel) => channel.push(enveloped("error", "-", { code, message: "\u001b[2J" }));
    const { codes, waits } = await followed(relay, 1);
    assert.deepEqual([codes, (waits[0] ?? 0) >= 60_000], [[code], code === "too_many"]);
  }
  // A token that is not known any more is replaced once, at once.
  const relay = new Relay();
  let tries = 0;
  relay.hello = (channel) => channel.push((tries += 1) === 1 ? enveloped("error", "-", { code: "unauthenticated", message: "" }) : HELLO);
  relay.hostile = (path) => (path === "/v1/auth/session" && tries === 1 ? reply({ token: "t1", expiresAt: "2026-01-01T00:00:00Z" }) : undefined);
  await followed(relay, 1, () => relay.channels.at(-1)?.hangUp());
  assert.equal(tries, 2);
});

test("attack_23 a channel that says what makes no sense is closed, and nothing of it counts", async () => {
  for (const odd of ["{", '{"msgType":"hello","msgType":"x"}', '{"msgType":"approval.request"}', "[]", "null", new ArrayBuffer(9), "x".repeat(9 * 1024 * 1024)]) {
    const relay = new Relay();
    relay.hello = (channel) => {
      channel.push(HELLO);
      channel.raw(odd);
    };
    const { pushed, codes } = await followed(relay, 1);
    assert.deepEqual([pushed, relay.channels.every(({ over }) => over)], [[], true]);
    assert.ok(["nonsense", "unreachable"].includes(codes[0] ?? ""), String(codes));
  }
});

test("attack_26 what is pushed faster than it is read is not kept without end", async () => {
  const relay = new Relay();
  const much = enveloped("exchange.withdrawn", "r", { x: "y".repeat(1024 * 1024) });
  relay.hello = (channel) => {
    channel.push(HELLO);
    for (let n = 0; n < 100; n += 1) channel.push(much);
  };
  const { pushed } = await followed(relay, 1);
  assert.ok(pushed.length < 20, String(pushed.length));
  assert.ok(relay.channels[0]?.over);
});

test("where the gateway says when to come back, nobody comes sooner", async () => {
  const relay = new Relay();
  relay.hostile = (path) => {
    if (path !== "/v1/auth/session") return undefined;
    const full = refusal(429, "too_many");
    full.headers.set("retry-after", "90");
    return full;
  };
  const { codes, waits } = await followed(relay, 1);
  assert.deepEqual([codes, waits], [["too_many"], [90_000]]);
});

test("a proof that is refused twice is meant, and is tried again ever more slowly; a clock may be set", async () => {
  const relay = new Relay();
  relay.hostile = (path) => (path === "/v1/auth/session" ? refusal(401, "bad_proof") : undefined);
  const { codes, refused, waits } = await followed(relay, 9);
  assert.deepEqual([codes, refused], [["bad_proof", ...Array<string>(8).fill("unknown_key")], undefined]);
  const last = waits.at(-1) ?? 0;
  assert.ok(last > 10_000 && last <= 60_000, String(waits));
  for (const [off, words] of [[3_600_000, "60 minutes ahead of"], [-7_200_000, "2 hours behind"], [400 * 86_400_000, "400 days ahead of"]] as const) {
    const wrong = new Relay();
    const gatewayTime = time.atMillis(NOW - off).text;
    wrong.hostile = (path) => (path === "/v1/auth/session" ? reply(enveloped("error", "-", { code: "bad_proof", message: "\u001b[2J", details: { gatewayTime } }), 401) : undefined);
    const error = await calls.inbox(sessionAt(wrong).session).catch((found: unknown) => found);
    assert.ok(error instanceof GatewayError && error.message.includes(`clock is ${words} the gateway’s`), String(error));
    assert.equal((await followed(wrong, 5)).refused, undefined);
  }
  // A gateway's word for the time is read as one, or not at all.
  for (const gatewayTime of ["soon", 9, null, { x: 1 }]) {
    const odd = new Relay();
    odd.hostile = (path) => (path === "/v1/auth/session" ? reply(enveloped("error", "-", { code: "bad_proof", message: "", details: { gatewayTime } }), 401) : undefined);
    await assert.rejects(sessionAt(odd).session.token(), { code: "bad_proof", clockOff: undefined });
  }
});
