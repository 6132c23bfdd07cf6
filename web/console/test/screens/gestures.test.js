/** What a person does on the screens, and what hostile requests cannot do. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { accessible, answers, at, calls, noSideways } from "./pages.js";

test("attack_06 what an agent writes is text: nothing runs, nothing hides, nothing turns the line", async () => {
  const { page, wrong, done } = await at("hostile", { open: true });
  const found = await page.evaluate(() => ({
    text: document.body.textContent ?? "",
    made: document.querySelectorAll("article img, article script, article iframe, article a").length,
    ltr: [...document.querySelectorAll(".foreign")].every((one) => getComputedStyle(one).unicodeBidi.includes("isolate") && getComputedStyle(one).direction === "ltr"),
  }));
  assert.equal(found.made, 0);
  assert.ok(found.ltr);
  assert.ok(!/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]|\u{e0041}/u.test(found.text));
  for (const said of ["<img src=x onerror=alert(1)>", "\\u{202e}gpj.exe", "zero\\u{200b}width", "\\u{1b}[2J", "mixes letters of several scripts"]) {
    assert.ok(found.text.includes(said), said);
  }
  assert.deepEqual(wrong, []);
  await done();
});

test("attack_06 what a gateway writes is text as well", async () => {
  const { page, done } = await at("all", { hash: "#/inbox" });
  const text = await page.evaluate(() => document.body.textContent ?? "");
  assert.ok(text.includes("01KA\\u{202e}HX7P\\u{200b}X") && !/[\u202a-\u202e\u200b]/.test(text));
  await done();
});

test("attack_36 what did not open hides no request that it is named like", async () => {
  const { page, done } = await at("low", { open: true });
  await page.evaluate(() => {
    const requestId = decodeURIComponent(location.hash.split("/").at(-1));
    globalThis.desk.change({ waiting: [{ kind: "closed", pairId: "pair-1", requestId, why: "it is not sealed to this device" }, ...globalThis.desk.picture.waiting] });
  });
  await page.getByText("it is not sealed to this device").waitFor();
  assert.equal(await page.locator(".list a.row").count(), 1);
  assert.ok(await page.getByRole("button", { name: "Approve", exact: true }).isEnabled());
  await done();
});

/** How long it took from the start of the page until its first picture. */
async function shownAfter(page) {
  const shown = await page.waitForFunction(() => globalThis.shownAfter);
  return shown.jsonValue();
}

for (const [scene, last, count] of [["lines", "line 9999 of the big file", 10_000], ["big", "THE-END", 1], ["leaves", "v19999", 20_000], ["emoji", "👩", 1]]) {
  test(`attack_06 ${scene}: on the screen soon, whole soon after, nothing cut`, async () => {
    const small = await at("low", { open: true, width: 360 });
    const ordinary = await shownAfter(small.page);
    await small.done();
    const { page, wrong, done } = await at(scene, { open: true, width: 360 });
    const millis = await shownAfter(page);
    // The machine that runs this may be busy or slow: then a small request is late as well.
    assert.ok(millis < 1000 + 20 * ordinary, `${scene} took ${millis} ms, a small one ${ordinary} ms`);
    await page.waitForFunction((text) => document.querySelector("article")?.textContent?.includes(text), last, { timeout: 60_000 });
    await page.waitForFunction(() => !document.querySelector("article")?.textContent?.includes("are on the page"), undefined, { timeout: 60_000 });
    const lines = await page.evaluate(() => document.querySelectorAll("article .line.added, article .value").length);
    assert.ok(lines >= count, `${lines} of ${count}`);
    await noSideways(page, scene);
    assert.deepEqual(wrong, []);
    await done();
  });
}

test("hundreds wait: grouped, most dangerous first, filtered", async () => {
  const { page, done } = await at("many");
  assert.equal(await page.locator(".list a.row").count(), 400);
  const first = await page.locator(".list .group").first().locator(".badge").first().textContent();
  assert.equal(first, "Critical");
  await page.getByLabel("Filter what waits").fill("build-39");
  assert.equal(await page.locator(".list a.row").count(), 11);
  await done();
});

test("what arrives is listed at once and said", async () => {
  const { page, done } = await at("empty");
  await page.evaluate(() => globalThis.desk.add(globalThis.fixtures.many(2)));
  await page.getByText("2 requests wait").waitFor();
  assert.match(await page.title(), /^\(2\)/);
  await done();
});

test("low risk: one press, three seconds to take it back, nothing signed before", async () => {
  const { page, done } = await at("low", { open: true, clock: true });
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await page.clock.runFor(2000);
  assert.deepEqual(await answers(page), []);
  await page.getByRole("button", { name: "Take it back" }).first().click();
  // After that nothing is in the way that says so, either.
  await page.clock.runFor(12_100);
  assert.deepEqual(await answers(page), []);
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await page.clock.runFor(3100);
  assert.deepEqual(await answers(page), [{ say: "allow", scope: "once" }]);
  await page.getByText("Approved: run npm test").first().waitFor();
  await done();
});

test("a double press answers once", async () => {
  const { page, done } = await at("low", { open: true, clock: true });
  await page.evaluate(() => {
    const button = [...document.querySelectorAll("button")].find((one) => one.textContent === "Approve");
    button.click();
    button.click();
  });
  await page.clock.runFor(7000);
  assert.equal((await answers(page)).length, 1);
  await done();
});

test("a second press in the same place neither takes it back nor hurries it", async () => {
  for (const width of [320, 360, 768, 1280]) {
    const { page, done } = await at("low", { open: true, clock: true, width });
    const { x, y, width: wide, height } = await page.getByRole("button", { name: "Approve", exact: true }).boundingBox();
    await page.mouse.click(x + wide / 2, y + height / 2);
    await page.getByRole("button", { name: "Take it back" }).waitFor();
    await page.mouse.click(x + wide / 2, y + height / 2);
    await page.clock.runFor(1000);
    assert.deepEqual(await answers(page), []);
    await page.clock.runFor(2200);
    assert.equal((await answers(page)).length, 1, `at ${width}`);
    await done();
  }
});

test("what arrives meanwhile takes nothing away of what was written", async () => {
  const { page, done } = await at("low", { open: true });
  await page.getByLabel("Reason").fill("half a sent");
  await page.evaluate(() => globalThis.desk.add(globalThis.fixtures.many(3)));
  await page.getByText("4 requests wait").waitFor();
  assert.equal(await page.getByLabel("Reason").inputValue(), "half a sent");
  await done();
});

test("a no takes one press at any risk, with its reason", async () => {
  const { page, done } = await at("tool", { open: true, clock: true });
  await page.getByLabel(/^Reason/).fill("wrong account");
  await page.getByRole("button", { name: "Deny" }).click();
  await page.clock.runFor(3100);
  assert.deepEqual(await answers(page), [{ say: "deny", reason: "wrong account" }]);
  await done();
});

test("attack_06 high risk: each folded part is opened first, and the press is held", async () => {
  const { page, done } = await at("patch", { open: true, clock: true });
  const hold = page.getByRole("button", { name: "Hold to approve" });
  assert.ok(await hold.isDisabled());
  await page.getByText("2 parts to open before you can approve").waitFor();
  await page.locator("article summary").nth(0).click();
  assert.ok(await hold.isDisabled());
  await page.getByRole("button", { name: "Open all" }).click();
  await page.getByText("LIMIT * 10").waitFor();
  assert.ok(await hold.isEnabled());
  await hold.click();
  await page.clock.runFor(4000);
  assert.deepEqual(await answers(page), []);
  await hold.hover();
  await page.mouse.down();
  await page.clock.runFor(1000);
  await page.mouse.up();
  await page.clock.runFor(4000);
  assert.deepEqual(await answers(page), [], "let go too early");
  await page.mouse.down();
  await page.clock.runFor(1300);
  await page.clock.runFor(3100);
  assert.equal((await answers(page))[0]?.say, "allow");
  await done();
});

test("a press can be held by key", async () => {
  const { page, done } = await at("shell", { open: true, clock: true });
  await page.getByRole("button", { name: "Hold to approve" }).focus();
  await page.keyboard.down("Space");
  await page.clock.runFor(1300);
  await page.keyboard.up("Space");
  await page.clock.runFor(3100);
  assert.equal((await answers(page))[0]?.say, "allow");
  await done();
});

test("who cannot hold presses twice, and not at once", async () => {
  const { page, done } = await at("shell", { open: true, clock: true });
  const press = () => page.evaluate(() => [...document.querySelectorAll(".hold")].forEach((one) => one.click()));
  await press();
  await press();
  await page.clock.runFor(4000);
  assert.deepEqual(await answers(page), []);
  await press();
  await page.clock.runFor(3100);
  assert.equal((await answers(page))[0]?.say, "allow");
  await done();
});

test("critical: a reason where the rule wants one, and four digits that fit", async () => {
  const { page, done } = await at("tool", { open: true, clock: true });
  const hold = page.getByRole("button", { name: "Hold to approve" });
  const held = async () => {
    await hold.focus();
    await page.keyboard.down("Enter");
    await page.clock.runFor(1300);
    await page.keyboard.up("Enter");
    await page.clock.runFor(3100);
  };
  assert.ok(await hold.isDisabled());
  await page.getByLabel(/^Reason/).fill("checked the invoice");
  assert.ok(await hold.isDisabled());
  await page.getByLabel("The four digits").fill("1111");
  await held();
  assert.deepEqual(await answers(page), []);
  await page.getByRole("alert").getByText("These are not its digits").waitFor();
  await page.getByLabel("The four digits").fill("4821");
  await held();
  assert.deepEqual(await answers(page), [{ say: "allow", scope: "once", reason: "checked the invoice" }]);
  await done();
});

test("a batch takes an answer for each", async () => {
  const { page, done } = await at("batch", { open: true, clock: true });
  await page.getByRole("radio", { name: "No" }).nth(1).check();
  await page.getByRole("radio", { name: "No" }).nth(3).check();
  await page.getByRole("button", { name: "Approve 2 of 4" }).click();
  await page.clock.runFor(3100);
  assert.deepEqual(await answers(page), [{ say: "part", items: [0, 2] }]);
  await done();
});

test("always: the exact rule is read before the press", async () => {
  const { page, done } = await at("command", { open: true, clock: true });
  await page.getByLabel(/Also allow this exact call/).check();
  await page.getByLabel("For", { exact: true }).selectOption({ label: "1 hour" });
  await page.getByLabel("How often, at most").fill("3");
  const granted = page.getByRole("group", { name: "What you grant" });
  for (const said of ["exactly this call and no other", "made by     uid 1000", "in          /home/ada/shop", "how often   3 times"]) {
    assert.ok((await granted.textContent()).includes(said), said);
  }
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await page.clock.runFor(3100);
  const [{ always }] = await answers(page);
  assert.equal(always.count, 3);
  assert.ok(Math.abs(Date.parse(always.expiresAt) - Date.now() - 3_600_000) < 600_000);
  await done();
});

test("a request can be handed on", async () => {
  const { page, done } = await at("deploy", { open: true, clock: true });
  await page.locator("summary").getByText("Ask somebody else").click();
  await page.getByLabel("Whom to ask").selectOption("lead");
  await page.getByRole("button", { name: "Ask somebody else" }).click();
  await page.clock.runFor(3100);
  assert.deepEqual(await answers(page), [{ say: "escalate", to: "lead" }]);
  await done();
});

test("attack_06 what changes under the finger is another question: the press is over", async () => {
  const { page, done } = await at("shell", { open: true, clock: true });
  await page.getByRole("button", { name: "Hold to approve" }).focus();
  await page.keyboard.down("Space");
  await page.clock.runFor(800);
  await page.evaluate(() => {
    const other = globalThis.fixtures.asks.hostile();
    const before = location.hash.split("/").at(-1);
    const artifact = { ...other.artifact, requestId: before };
    globalThis.desk.change({ waiting: [{ kind: "opened", opened: { ...other, artifact } }] });
  });
  await page.clock.runFor(6000);
  assert.deepEqual(await answers(page), []);
  await done();
});

test("offline: an answer is kept, and said to be", async () => {
  const { page, done } = await at("low", { open: true, clock: true });
  await page.evaluate(() => (globalThis.desk.sent = "waits"));
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await page.clock.runFor(3100);
  await page.getByText("kept here, sent when the connection is back").first().waitFor();
  await done();
});

test("time that is over takes the buttons away", async () => {
  const { page, done } = await at("low", { open: true, clock: true });
  await page.clock.runFor(60_000);
  assert.ok(await page.getByRole("button", { name: "Approve", exact: true }).isDisabled());
  assert.ok(await page.getByRole("button", { name: "Deny" }).isDisabled());
  await done();
});

test("pairing by code: six digits are compared, then it is named", async () => {
  const { page, done } = await at("unpaired", { hash: "#/pair", width: 360 });
  await page.getByLabel("Link or code").fill("BAD");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("alert").getByText("make a new one beside the agent").waitFor();
  await page.getByLabel("Link or code").fill("7K3M-Q9TD");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("4 8 2 9 1 3").waitFor();
  await accessible(page, "six digits");
  await page.getByRole("button", { name: "They are the same" }).click();
  await page.getByLabel("Name of the enforcer").fill("build server");
  await page.getByLabel("Group", { exact: true }).fill("Platform");
  await accessible(page, "names");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Paired with build server.").first().waitFor();
  assert.deepEqual((await calls(page)).at(-1), ["confirm", { name: "build server", group: "Platform" }]);
  await done();
});

test("digits that differ pair nothing", async () => {
  const { page, done } = await at("unpaired", { hash: "#/pair" });
  await page.getByLabel("Link or code").fill("7K3M-Q9TD");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: "They differ" }).click();
  await page.getByRole("alert").getByText("Nothing was paired").waitFor();
  assert.deepEqual((await calls(page)).at(-1), ["refuse"]);
  await done();
});

test("a link pairs without digits, and its secret leaves the address", async () => {
  const { page, done } = await at("unpaired", { hash: "#v=1&g=x&c=y&s=secret" });
  await page.getByLabel("Name of the enforcer").waitFor();
  const [[what, { by, link }]] = await calls(page);
  assert.deepEqual([what, by], ["join", "link"]);
  assert.ok(link.includes("s=secret") && !page.url().includes("secret"));
  await done();
});

test("the history is searched, exported and cleared", async () => {
  const { page, done } = await at("all", { hash: "#/history" });
  await page.getByText("50 of 127 entries").waitFor();
  await page.getByLabel("Search the history").fill("secret in the line");
  await page.getByText("1 of 1 entry").waitFor();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  const csv = await readFile(await (await download).path(), "utf8");
  assert.match(csv, /^decidedAt,answer/);
  assert.match(csv, /Not with a secret in the line/);
  assert.ok(!csv.includes("s3cr3t-token"));
  await page.getByRole("button", { name: "Clear all" }).click();
  await page.getByRole("button", { name: "Forget everything" }).click();
  await page.getByText("Nothing yet.").waitFor();
  await done();
});

test("pairings are renamed and ended", async () => {
  const { page, done } = await at("all", { hash: "#/pairings" });
  await page.getByText("Keys and names").first().click();
  await page.getByLabel("Name", { exact: true }).first().fill("payments 2");
  await page.getByRole("button", { name: "Save" }).first().click();
  await page.getByRole("heading", { name: "payments 2" }).waitFor();
  await page.getByRole("button", { name: "End this pairing" }).first().click();
  await accessible(page, "the question before an end");
  await page.getByRole("button", { name: "End it" }).click();
  await page.getByText("The pairing with payments 2 is over.").first().waitFor();
  assert.deepEqual((await calls(page)).at(-1), ["revoke", "pair-2"]);
  await done();
});

test("freeze stops everything with one press, and says what did not arrive", async () => {
  const { page, done } = await at("all", { hash: "#/freeze" });
  await page.getByLabel("Why (optional)").fill("it deletes things");
  await page.getByRole("button", { name: "Freeze 3 enforcers now" }).click();
  await page.getByText("build server: the stop is on its way.").waitFor();
  await page.getByText("payments: the gateway at https://relay.example cannot be reached").waitFor();
  assert.deepEqual((await calls(page)).at(-1), ["freeze", ["pair-0", "pair-1", "pair-2"], "it deletes things"]);
  await done();
});

test("the theme is chosen and stays", async () => {
  const { page, done } = await at("all", { hash: "#/settings" });
  await page.getByLabel("Dark").check();
  await page.reload();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  assert.ok(await page.getByLabel("Dark").isChecked());
  await done();
});

test("everything can be reached by key", async () => {
  const { page, done } = await at("low", { open: false });
  await page.keyboard.press("Tab");
  const seen = [];
  for (let i = 0; i < 12; i += 1) {
    seen.push(await page.evaluate(() => document.activeElement?.textContent?.trim().slice(0, 20) ?? ""));
    await page.keyboard.press("Tab");
  }
  for (const name of ["Countersign", "Inbox", "History", "Pairings", "Settings", "Freeze"]) {
    assert.ok(seen.some((one) => one.includes(name)), `${name} in ${seen.join(" | ")}`);
  }
  await done();
});

/** What waits is asked again, after this device said no to the very same call. */
const denyBefore = (page) => page.evaluate(() => {
  const { picture } = globalThis.desk;
  const { opened } = picture.waiting[0];
  const answer = { say: "deny", decidedAt: new Date().toISOString(), sent: "taken" };
  const before = { pairId: opened.pairId, requestId: "before", seenAt: answer.decidedAt, review: { ...opened.review, requestId: "before", artifactHash: "00".repeat(32) }, answer };
  globalThis.desk.change({ history: [before, ...picture.history] });
});

test("attack_46 what was denied before is marked, and one press is no yes", async () => {
  const { page, done } = await at("low", { open: true, clock: true, width: 360 });
  await page.getByRole("button", { name: "Approve", exact: true }).waitFor();
  // Also where the history comes after the request was opened.
  await denyBefore(page);
  await page.getByText("You said no to this very call before; it is asked again.").waitFor();
  const yes = page.getByRole("button", { name: "Hold to approve" });
  await yes.click();
  await page.clock.runFor(5_000);
  assert.deepEqual(await answers(page), []);
  await yes.focus();
  await page.keyboard.down("Space");
  await page.clock.runFor(2_000);
  await page.keyboard.up("Space");
  await page.clock.runFor(4_000);
  assert.deepEqual((await answers(page)).map(({ say }) => say), ["allow"]);
  await done();
});

test("attack_46 what was denied before is marked in the inbox as well", async () => {
  const { page, done } = await at("low", { hash: "#/inbox" });
  await denyBefore(page);
  await page.locator("a.row").filter({ hasText: "You said no to this before" }).waitFor();
  await done();
});

test("attack_46 a flood moves nothing under a finger: the press that is held is for what was read", async () => {
  const { page, done } = await at("shell", { open: true, clock: true, width: 360 });
  const shut = page.locator("article .unread:not([open]) > summary");
  while ((await page.locator("article .unread").count()) > 0) if ((await shut.count()) > 0) await shut.first().click();
  const yes = page.getByRole("button", { name: /^Hold to approve/ });
  await yes.and(page.locator(":enabled")).waitFor();
  const requestId = await page.evaluate(() => globalThis.desk.picture.waiting[0].opened.artifact.requestId);
  await yes.focus();
  const before = await yes.boundingBox();
  await page.keyboard.down("Space");
  await page.evaluate(() => {
    const [first] = globalThis.desk.picture.waiting;
    const flood = Array.from({ length: 30 }, (_, n) => {
      const name = `flood-${n}`;
      return { kind: "opened", opened: { ...first.opened, artifact: { ...first.opened.artifact, requestId: name }, review: { ...first.opened.review, requestId: name, risk: "critical" } } };
    });
    globalThis.desk.change({ waiting: [...flood, first] });
  });
  await page.clock.runFor(2_000);
  await page.keyboard.up("Space");
  await page.clock.runFor(4_000);
  const asked = (await calls(page)).filter(([what]) => what === "answer").map(([, id]) => id);
  assert.deepEqual(asked, [requestId]);
  assert.ok(before !== null);
  await done();
});

for (const [width, height] of [[320, 568], [568, 320], [360, 640], [768, 1024], [1280, 800]]) {
  test(`no notice lies over a button of an answer, at ${width} x ${height}`, async () => {
    const { page, done } = await at("low", { open: true, clock: true, width });
    await page.setViewportSize({ width, height });
    for (let times = 0; times < 4; times += 1) {
      await page.getByRole("button", { name: "Approve", exact: true }).click();
      await page.getByRole("button", { name: "Take it back" }).click();
    }
    assert.equal(await page.locator(".toast").filter({ hasText: "Taken back. Nothing was signed." }).count(), 1, "said once");
    const over = await page.evaluate(() => {
      const boxes = (selector) => [...document.querySelectorAll(selector)].map((one) => one.getBoundingClientRect());
      const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
      const said = boxes(".toast");
      return { said: said.length, met: boxes(".bar .buttons button").filter((one) => said.some((toast) => meet(one, toast))).length };
    });
    assert.ok(over.said > 0);
    assert.equal(over.met, 0);
    // A press on it reaches it.
    await page.getByRole("button", { name: "Approve", exact: true }).click({ timeout: 5_000 });
    await page.getByRole("button", { name: "Take it back" }).click({ timeout: 5_000 });
    await done();
  });
}

for (const width of [360, 1280]) {
  test(`what was said of one request stands on no other page, and over nothing of its own, at ${width}`, async () => {
    const { page, done } = await at("all", { open: true, clock: true, width });
    const toast = page.locator(".toast");
    await page.getByRole("button", { name: "Deny" }).click();
    await page.clock.runFor(3_500);
    await toast.filter({ hasText: "arrived at the gateway" }).waitFor();
    await page.getByRole("link", { name: "Next request" }).click();
    await page.locator(".decide").waitFor();
    assert.equal(await toast.count(), 0);
    await page.getByRole("button", { name: "Deny" }).click();
    await page.getByRole("button", { name: "Take it back" }).click();
    await toast.filter({ hasText: "Taken back" }).waitFor();
    const [head, deny, over] = await page.evaluate(() => {
      const boxOf = (selector) => document.querySelector(selector).getBoundingClientRect().toJSON();
      return [boxOf("#headline"), boxOf(".bar .buttons"), boxOf(".toast")];
    });
    assert.ok(over.bottom <= deny.top && over.top >= head.bottom, JSON.stringify({ head, deny, over }));
    await page.evaluate(() => (location.hash = "#/settings"));
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    assert.equal(await toast.count(), 0);
    await done();
  });
}

test("an answer that was not accepted is said wherever one is by then", async () => {
  const { page, done } = await at("all", { open: true, clock: true });
  await page.evaluate(() => (globalThis.desk.answer = () => Promise.reject(new Error("the gateway does not answer"))));
  await page.getByRole("button", { name: "Deny" }).click();
  await page.evaluate(() => (location.hash = "#/history"));
  await page.locator(".toast").getByRole("button", { name: "Take it back" }).waitFor();
  await page.clock.runFor(3_500);
  await page.locator(".toast.bad").getByText("the gateway does not answer").waitFor();
  await page.getByRole("button", { name: "Close this notice" }).click();
  assert.equal(await page.locator(".toast").count(), 0);
  await done();
});
