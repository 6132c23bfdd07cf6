/** Attacks on the page and through it, each by the number of its row in docs/past-vulnerabilities.md. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { json } from "@countersign/protocol";
import { fresh } from "./browser.js";
import { invented, meddle, pushNothing } from "./hostile.js";
import { suite } from "./suite.js";

const { test, world, person, browser } = suite();

const INBOX = /\/approvers\/[^/]+\/inbox$/;

/** What could mislead a reader, and how it stands on the page. */
const TRICKS = [
  ["safe\u{202e}txt.exe", "safe\\u{202e}txt.exe"], ["pay\u{200b}pal", "pay\\u{200b}pal"], ["\u{1b}[2K", "\\u{1b}[2K"],
  ["<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"], ["\u{feff}start", "\\u{feff}start"],
] as const;

test("attack_06 what misleads is marked on the page, and the very bytes that it stands for run", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const words = TRICKS.map(([trick]) => trick).join(" ");
  const run = home.start("enforcer", ["run", "--description", words, "--", "printf", "%s", words]);
  await ann.read();
  const shown = await ann.page.evaluate(() => document.body.textContent ?? "");
  for (const [, marked] of TRICKS) assert.ok(shown.includes(marked), marked);
  assert.doesNotMatch(shown, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/);
  assert.equal(await ann.page.locator("article img, article script").count(), 0);
  await ann.allow();
  assert.equal((await run.end()).stdout, words);
});

test("attack_09 an agent that opens the page itself sees nothing and answers nothing", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const run = home.start("enforcer", ["run", "--", "echo", "hi"]);
  await ann.read();
  const agent = await person(t, home);
  await agent.page.goto(new URL(ann.page.url()).href);
  await agent.page.getByText("This request no longer waits.").waitFor();
  await agent.inbox();
  await agent.page.getByText("This device answers nobody yet.").waitFor();
  assert.equal(agent.count("POST /v1/decisions"), 0);
  await run.kill();
});

test("attack_09 no page of an agent holds this one in a frame", async (t) => {
  const home = await world(t);
  const context = await fresh(browser());
  t.after(() => context.close());
  const page = await context.newPage();
  const frames = ["/", "/control"].map((path) => `<iframe src="${home.url}${path}"></iframe>`).join("");
  await page.route("http://agent.example/", (route) => route.fulfill({ contentType: "text/html", body: frames }));
  await page.route(`${home.url}/control`, (route) => route.fulfill({ contentType: "text/html", body: "held" }));
  await page.goto("http://agent.example/");
  const held = page.frames().map((frame) => frame.url()).filter((url) => url.startsWith(home.url));
  assert.deepEqual(held, [`${home.url}/control`]);
});

test("attack_09 a script in the page can use its keys and cannot take them along", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const taken = await ann.page.evaluate(async () => {
    const wait = <T>(asked: IDBRequest<T>) => new Promise<T>((done) => (asked.onsuccess = () => done(asked.result)));
    const database = await wait(indexedDB.open("countersign-keys"));
    const [held] = await wait(database.transaction("keys").objectStore("keys").getAll() as IDBRequest<Record<string, CryptoKey>[]>);
    const secrets = Object.values(held ?? {}).filter((one) => one instanceof CryptoKey && one.type === "private");
    const ways = secrets.flatMap((key) => (["pkcs8", "jwk", "raw"] as const).map((way) => crypto.subtle.exportKey(way, key)));
    return { secrets: secrets.length, out: (await Promise.allSettled(ways)).filter(({ status }) => status === "fulfilled").length };
  });
  assert.deepEqual(taken, { secrets: 2, out: 0 });
});

test("attack_23 a gateway that swaps what is inside two requests shows neither", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  await pushNothing(ann);
  await meddle(ann, INBOX, (said) => {
    const { items } = said.body as { items: { body: json.JsonObject }[] };
    const [one, two] = items;
    if (one !== undefined && two !== undefined) [one.body, two.body] = [two.body, one.body];
    return said;
  });
  const runs = ["one", "two"].map((word) => home.start("enforcer", ["run", "--", "echo", word]));
  for (const run of runs) await run.says(/delivered to the gateway/);
  await ann.page.reload();
  await ann.page.getByText("Could not be opened").nth(1).waitFor();
  assert.equal(await ann.page.locator("a.row").count(), 0);
  await Promise.all(runs.map((run) => run.kill()));
});

test("attack_23 a gateway that says it took an answer and keeps it lets nothing run", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  await ann.context.route(/\/v1\/decisions$/, async (route) => {
    const { requestId } = JSON.parse(route.request().postData() ?? "{}") as { requestId: string };
    const createdAt = new Date().toISOString();
    const body = { artifactHash: "x", state: "decided" };
    await route.fulfill({ json: { msgType: "decision.accepted", requestId, createdAt, sender: { gatewayId: "gw" }, body } });
  });
  const run = home.start("enforcer", ["run", "--ttl", "20s", "--", "echo", "hi"]);
  await ann.read();
  await ann.allow();
  const { code, stdout } = await run.end();
  assert.deepEqual([code, stdout], [126, ""]);
});

test("attack_23 a gateway that hands an answer in twice, and for another request, lets it run once", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const [one, two] = ["one", "two"].map((word) => home.start("enforcer", ["run", "--ttl", "120s", "--", "echo", word]));
  await ann.read("echo one");
  await ann.allow();
  assert.equal((await one?.end())?.stdout, "one\n");
  const [call] = ann.calls.filter(({ what }) => what === "POST /v1/decisions");
  const headers = { "content-type": "application/harp+json" };
  for (const body of [call?.body ?? "", (call?.body ?? "").replaceAll(/"requestId":"[^"]+"/g, `"requestId":"x"`)]) {
    assert.ok(!(await fetch(`${home.url}/v1/decisions`, { method: "POST", headers, body })).ok);
  }
  await two?.kill();
  assert.equal(two?.said(), "");
});

/** Every file below a folder, as one text. */
function below(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return files.map((one) => readFileSync(join(one.parentPath, one.name), "latin1")).join("\n");
}

test("attack_24 nothing that is read or written on the page reaches the gateway in clear", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const run = home.start("enforcer", ["run", "--description", "canary-why", "--", "echo", "canary-argument"]);
  await ann.read();
  await ann.deny("canary-reason");
  assert.match((await run.end()).stderr, /canary-reason/);
  const sent = ann.calls.map(({ url, body }) => `${url} ${body}`).join("\n");
  assert.ok(sent.includes("/v1/decisions"));
  for (const word of ["canary", "echo", "build server", home.path("work"), "uid:"]) {
    assert.ok(!sent.includes(word), `sent: ${word}`);
    assert.ok(!below(home.path("gateway")).includes(word), `kept: ${word}`);
  }
  assert.doesNotMatch(await ann.page.title(), /canary|echo/);
});

const HIDES = 'version = 1\n[[rule]]\nid = "rule"\ntools = ["update_title"]\ndecision = "require_approval"\n' +
  'approvers = ["anyone"]\n[[rule]]\nid = "hides"\nredact = ["card"]\n';
const SECRET = "canary4711-hidden-value";

test("attack_30 a disclosed secret is shown to who decides, and stays in no place of the browser", async (t) => {
  const home = await world(t, { accepted: HIDES });
  const ann = await (await person(t, home)).pair();
  const parameters = JSON.stringify({ card: SECRET, note: "plain" });
  const asking = home.start("enforcer", ["request", "--json", "--action", "update_title", "--parameters", parameters]);
  await ann.read();
  await ann.openAll();
  await ann.page.locator("article").getByText(SECRET).first().waitFor();
  assert.ok(!(await ann.page.title()).includes(SECRET));
  await ann.allow();
  assert.equal((await asking.end()).code, 0);
  assert.ok(!JSON.stringify(await ann.kept()).includes(SECRET));
  assert.ok(!(await ann.newest()).includes(SECRET));
  for (const name of ["Export JSON", "Export CSV"]) {
    const download = ann.page.waitForEvent("download");
    await ann.page.getByRole("button", { name }).click();
    const text = readFileSync(await (await download).path(), "utf8");
    assert.ok(text.includes("update_title") && !text.includes(SECRET), name);
  }
});

test("attack_36 a request of the gateway's own invention, sealed to this device, cannot be answered", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const message = await invented(ann);
  await pushNothing(ann);
  await meddle(ann, INBOX, (said) => ({ ...said, body: { ...(said.body as json.JsonObject), items: [message] } }));
  await ann.page.reload();
  await ann.page.getByText("the paired enforcer did not sign it").waitFor();
  assert.equal(await ann.page.locator("a.row").count(), 0);
  assert.doesNotMatch(await ann.page.locator("main").innerText(), /harmless/);
  assert.deepEqual((await ann.kept())["countersign/history"], []);
});

test("attack_46 what was denied three times in a row is put to nobody a fourth time", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  for (const word of ["a", "b", "c"]) {
    const run = home.start("enforcer", ["run", "--", "rm", "-rf", word]);
    await ann.read();
    await ann.deny("no");
    assert.equal((await run.end()).code, 126);
    await ann.inbox();
  }
  const { code, stderr } = await home.run("enforcer", "run", "--", "rm", "-rf", "d");
  assert.deepEqual([code, /nobody is asked again/.test(stderr)], [126, true], stderr);
  await ann.page.getByText("Nothing waits for you.").waitFor();
});

test("attack_46 what was denied and is asked again with other words is marked, and one press is no yes", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const first = home.start("enforcer", ["run", "--", "echo", "hi"]);
  await ann.read();
  await ann.deny("no");
  assert.equal((await first.end()).code, 126);
  await ann.inbox();
  const again = home.start("enforcer", ["run", "--description", "it is needed after all", "--", "echo", "hi"]);
  await ann.page.getByText("You said no to this before").waitFor();
  await ann.read();
  await ann.page.getByText("You said no to this very call before; it is asked again.").waitFor();
  await ann.page.getByText("a retry: ann denied exactly this").waitFor();
  await ann.page.getByRole("button", { name: "Hold to approve" }).waitFor();
  assert.equal(await ann.page.getByRole("button", { name: "Approve", exact: true }).count(), 0);
  await ann.allow();
  assert.equal((await again.end()).stdout, "hi\n");
});

test("attack_47 a text that looks like a commitment is shown as the text that it is", async (t) => {
  const home = await world(t);
  const ann = await (await person(t, home)).pair();
  const smuggled = JSON.stringify({ _sd: "ab".repeat(32) });
  const run = home.start("enforcer", ["run", "--", "echo", smuggled]);
  await ann.read();
  const shown = await ann.page.locator("article").innerText();
  assert.ok(shown.includes(JSON.stringify(smuggled)) && !shown.includes("hidden from you"), shown);
  await ann.allow();
  assert.equal((await run.end()).stdout, `${smuggled}\n`);
});
