/** The page of a console on its approver's own machine: every call goes to where the page came from, and says whom it is for. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { keys } from "@countersign/protocol";
import type { json } from "@countersign/protocol";
import { Session, calls, servedBy } from "../src/gateway/index.js";
import { TestEdge } from "./edge.js";
import { RELAY, Relay, reply, secret } from "./relay.js";

const OWN = "http://127.0.0.1:8788";

function consoleAt(relay: Relay): { session: Session; urls: string[] } {
  const urls: string[] = [];
  const edge = new TestEdge((input, init) => {
    urls.push(String(input));
    return relay.fetch(String(input).replace(OWN, RELAY), init);
  });
  edge.address = () => OWN;
  return { session: new Session(edge, { gateway: RELAY, deviceId: "app-1", device: secret(2) }), urls };
}

test("attack_48 the page talks to its own address only, and its proof and its calls are for the gateway", async () => {
  const relay = new Relay();
  let proof: json.JsonObject = {};
  relay.hostile = (path, body) => {
    if (path === "/v1/auth/session") proof = body ?? {};
    return undefined;
  };
  const { session, urls } = consoleAt(relay);
  await calls.inbox(session);
  assert.ok(urls.length >= 3 && urls.every((url) => url.startsWith(`${OWN}/v1/`)), urls.join("\n"));
  assert.ok(relay.headers.every((one) => one.get("countersign-gateway") === RELAY));
  const { signature, ...possession } = proof;
  assert.equal(possession.gatewayOrigin, RELAY);
  keys.verifyDomain(secret(2).publicKeys.signing, "auth", possession, Uint8Array.from(Buffer.from(String(signature), "base64url")));
});

test("a call to the gateway's own address names nobody", async () => {
  const relay = new Relay();
  await calls.inbox(new Session(new TestEdge(relay.fetch), { gateway: RELAY, deviceId: "app-1", device: secret(2) }));
  assert.ok(relay.headers.every((one) => !one.has("countersign-gateway")));
});

test("attack_48 a server that leads elsewhere is told by its name, and not asked for ever", async () => {
  const relay = new Relay();
  relay.hostile = () => reply({ msgType: "error", body: { code: "misdirected", message: "<b>" } }, 421);
  const { session } = consoleAt(relay);
  await assert.rejects(calls.inbox(session), { code: "misdirected", mayPass: false, message: /leads to another gateway/ });
});

test("who serves the page is asked of the page's own server, and what makes no sense is nobody", async () => {
  const of = (answer: Response) => servedBy(new TestEdge(() => Promise.resolve(answer)));
  assert.equal(await of(new Response('{"gateway":"https://relay.example"}')), "https://relay.example");
  for (const said of ["{}", "", "[]", "null", '{"gateway":7}', '{"gateway":"javascript:alert(1)"}', "<html>", `{"gateway":"https://${"a".repeat(2000)}"}`]) {
    assert.equal(await of(new Response(said)), undefined, said);
  }
  assert.equal(await of(new Response('{"gateway":"https://relay.example"}', { status: 404 })), undefined);
  assert.equal(await servedBy(new TestEdge()), undefined);
});
