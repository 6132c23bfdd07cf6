/** The console on the approver's own machine, with the real binary on both sides: paired by code, asked, answered, and what the receipt says. */

import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { browserEdge } from "../src/edge.js";
import type { Edge } from "../src/edge.js";
import { lonelyLock } from "../src/memory/index.js";
import type { Opened } from "../src/model.js";
import { Office } from "../src/office/index.js";
import type { Picture } from "../src/office/index.js";
import { Browser } from "./edge.js";
import { World } from "./world.js";

const TIME = { timeout: 120_000 };

/** A page that came from there: it asks nobody else. */
function pageOf(own: string, asked: string[]): Edge {
  const edge = browserEdge(() => own);
  return {
    ...edge,
    fetch: (input, init) => {
      const url = new URL(String(input), own);
      asked.push(url.origin);
      return fetch(url, init);
    },
    // A browser says by itself whose page opens a channel; Node's WebSocket does not.
    socket: (address) => {
      asked.push(new URL(address).origin.replace(/^ws/, "http"));
      return new WebSocket(address, { headers: { origin: own } } as unknown as string[]);
    },
  };
}

async function until<T>(office: Office, wanted: (picture: Picture) => T | undefined): Promise<T> {
  return new Promise((resolve) => {
    let stop: () => void = () => undefined;
    const look = (picture: Picture): void => {
      const found = wanted(picture);
      if (found === undefined) return;
      resolve(found);
      queueMicrotask(() => stop());
    };
    stop = office.subscribe(look);
  });
}

const opened = ({ waiting }: Picture): Opened | undefined => {
  const [first] = waiting;
  return first?.kind === "opened" ? first.opened : undefined;
};

/** What a browser would send that was led to the console by another name. */
function underName(own: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(`${own}/v1/health`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject).end();
  });
}

test("a device that is paired by code through its own console answers with the assurance of a device", TIME, async (t) => {
  const world = await World.open();
  t.after(() => world.close());
  const served = world.start("approver", ["console", "--gateway", world.url, "--port", "0", "--no-browser", "--json"]);
  const { console: own, gateway } = JSON.parse(await served.line()) as { console: string; gateway: string };
  assert.equal(gateway, world.url);
  const asked: string[] = [];
  const browser = new Browser();
  const marker = { get: () => browser.marked, set: () => void (browser.marked = true) };
  const office = await Office.open({ edge: pageOf(own, asked), disk: browser.disk, subtle: crypto.subtle, lock: lonelyLock(), marker });
  t.after(() => office.close());

  assert.equal(await office.served(), world.url);
  const pair = world.onTerminal("enforcer", ["pair", "--name", "ann", "--relay", world.url, "--assurance", "device"]);
  await pair.says(/countersign console --gateway http/);
  const [, code = ""] = await pair.says(/Or type the code (\S+)/);
  const joining = await office.join({ by: "code", code, gateway: world.url });
  const [, digits = ""] = await pair.says(/other screen show {2}(\d{3} \d{3})/);
  assert.equal(joining.digits, digits.replace(" ", ""));
  pair.type("y");
  const pairing = await joining.confirm({ name: "build server", group: "" });
  assert.equal(pairing.gateway, world.url);
  assert.equal((await pair.end()).code, 0);

  const run = world.start("enforcer", ["run", "--", "echo", "hi"]);
  const asking = await until(office, opened);
  assert.equal(await office.answer(asking, { say: "allow" }), "taken");
  assert.equal((await run.end()).stdout, "hi\n");
  const receipt = await world.run("enforcer", "receipt", "verify", "last", "--require", "L1");
  assert.equal(receipt.code, 0, receipt.stderr);
  assert.match(receipt.stdout, /approved by ann \(assurance device\)/);

  assert.ok(asked.length > 8 && asked.every((origin) => origin === own), [...new Set(asked)].join(" "));
  assert.equal(await underName(own, "evil.example"), 403);
});
