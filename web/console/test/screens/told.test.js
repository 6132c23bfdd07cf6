/** What a person is told: where something went wrong, what became of an answer, and what is only a help. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { accessible, answers, at, calls, noSideways } from "./pages.js";

test("a name that is taken asks for another one, and the link is still good", async () => {
  const { page, done } = await at("all", { hash: "#v=1&g=x&c=y&s=secret" });
  const name = page.getByLabel("Name of the enforcer");
  await name.fill("laptop");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("alert").getByText("Choose another name").waitFor();
  assert.equal((await calls(page)).filter(([what]) => what === "confirm").length, 0, "nothing was sent");
  assert.ok(await name.evaluate((one) => one === document.activeElement));
  await accessible(page, "a taken name");
  await name.fill("laptop 2");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Paired with laptop 2.").waitFor();
  await done();
});

test("the name of an enforcer is suggested, is free, and says nothing that the link says", async () => {
  const { page, done } = await at("all", { hash: "#v=1&g=x&c=y&s=secret" });
  const name = page.getByLabel("Name of the enforcer");
  await name.waitFor();
  assert.equal(await name.inputValue(), "enforcer");
  for (const n of ["enforcer", "enforcer 2"]) {
    assert.equal(await name.inputValue(), n);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText(`Paired with ${n}.`).waitFor();
    await page.evaluate((named) => {
      const { pairings } = globalThis.desk.picture ?? { pairings: [] };
      globalThis.desk.change({ pairings: [...pairings, { ...pairings[0], pairId: `pair-${named}`, name: named }] });
    }, n);
    await page.evaluate(() => (location.hash = "#v=1&g=x&c=y&s=another"));
    await name.waitFor();
  }
  assert.equal(await name.inputValue(), "enforcer 3");
  await done();
});

test("what failed after the link was given leaves the link here", async () => {
  const { page, done } = await at("unpaired", { hash: "#v=1&g=x&c=y&s=secret" });
  await page.evaluate(() => {
    const join = globalThis.desk.join.bind(globalThis.desk);
    globalThis.desk.join = async (invitation) => ({ ...(await join(invitation)), confirm: () => Promise.reject(new Error("the gateway does not answer: try again")) });
  });
  await page.getByLabel("Name of the enforcer").fill("laptop");
  // The joining that is there was made before; the next one fails.
  await page.evaluate(() => (location.hash = "#/pairings"));
  await page.getByRole("link", { name: "Pair with an enforcer" }).click();
  await page.getByLabel("Link or code").fill("http://127.0.0.1:8787/pair#v=1&s=secret");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Name of the enforcer").fill("laptop");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("alert").getByText("does not answer").waitFor();
  assert.match(await page.getByLabel("Link or code").inputValue(), /s=secret/);
  await page.getByText("The link is still here").waitFor();
  await done();
});

for (const width of [320, 768, 1280]) {
  test(`digits that do not fit are said where they can be read, at ${width}`, async () => {
    const { page, done } = await at("tool", { open: true, width });
    await page.getByLabel(/^Reason/).fill("it is due");
    await page.getByLabel("The four digits").fill("0000");
    await page.evaluate(() => document.querySelectorAll("article details.unread").forEach((one) => (one.open = true)));
    const press = page.getByRole("button", { name: "Hold to approve" });
    await press.focus();
    await page.keyboard.down("Space");
    const said = page.getByRole("alert").getByText("These are not its digits");
    await said.waitFor();
    await page.keyboard.up("Space");
    const seen = await said.evaluate((one) => {
      const { left, top, width: wide, height } = one.getBoundingClientRect();
      const at = document.elementFromPoint(left + wide / 2, top + height / 2);
      return { inside: top >= 0 && top + height <= innerHeight, uncovered: at === one || one.contains(at), focused: document.activeElement?.classList.contains("digits") };
    });
    assert.deepEqual(seen, { inside: true, uncovered: true, focused: true });
    const field = await page.locator("input.digits").evaluate((one) => {
      const { left, top, width: wide, height } = one.getBoundingClientRect();
      return document.elementFromPoint(left + wide / 2, top + height / 2) === one;
    });
    assert.ok(field, "the field is covered");
    assert.deepEqual(await answers(page), []);
    await noSideways(page, "wrong digits");
    await done();
  });
}

test("after an answer its place says what was answered, and how far it got", async () => {
  const { page, done } = await at("command", { open: true, clock: true });
  await page.getByLabel(/^Reason/).fill("looks right");
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  await page.clock.runFor(3_100);
  const place = page.locator(".detail");
  await place.getByText("You approved this.").waitFor();
  for (const text of ["run rm -rf build", "looks right", "Your answer arrived at the gateway."]) await place.getByText(text).first().waitFor();
  assert.equal(await place.getByText("no longer waits").count(), 0);
  // The check waits for the page's own clock.
  await page.clock.resume();
  await accessible(page, "an answer given");
  await done();
});

test("what ended without an answer says how, and what was never seen says that", async () => {
  const { page, done } = await at("low", { open: true });
  await page.evaluate(() => {
    const { picture } = globalThis.desk;
    const { pairId, artifact, review } = picture.waiting[0].opened;
    const seen = { pairId, requestId: artifact.requestId, seenAt: new Date().toISOString(), review, ended: "withdrawn" };
    globalThis.desk.change({ waiting: [], history: [seen, ...picture.history] });
  });
  await page.locator(".detail").getByText("Withdrawn by the enforcer").waitFor();
  await page.evaluate(() => (location.hash = "#/request/pair-0/unheard-of"));
  await page.locator(".detail").getByText("no longer waits").waitFor();
  await done();
});

test("the history stands by days, newest first", async () => {
  const { page, done } = await at("all", { hash: "#/history" });
  const days = await page.locator(".day > h2").allTextContents();
  assert.ok(days.length >= 1 && new Set(days).size === days.length, days.join());
  const times = await page.locator(".day time").evaluateAll((all) => all.map((one) => Date.parse(one.getAttribute("datetime"))));
  assert.deepEqual(times, [...times].sort((a, b) => b - a));
  await done();
});

test("what this device remembers is set apart, marked as a help, and text", async () => {
  const { page, wrong, done } = await at("command", { open: true, width: 360 });
  const help = page.getByRole("region", { name: "What this device remembers" });
  await help.getByText("nothing of it is signed").waitFor();
  await page.evaluate(() => {
    const { picture } = globalThis.desk;
    const opened = picture.waiting[0].opened;
    const review = structuredClone(opened.review);
    review.artifactHash = "0".repeat(64);
    review.action = review.action.map((one) => (one.label === "argv[2]" ? { ...one, lines: ['"<img src=x onerror=alert(1)>"'] } : one));
    const before = { pairId: opened.pairId, requestId: "before", seenAt: new Date().toISOString(), review, answer: { say: "allow", decidedAt: new Date().toISOString(), sent: "taken" } };
    globalThis.desk.change({ history: [before] });
  });
  await help.getByText("1 part differs").waitFor();
  await help.getByText("<img src=x onerror=alert(1)>").waitFor();
  assert.equal(await help.locator("img").count(), 0);
  await page.evaluate(() => globalThis.desk.change({ history: [] }));
  await help.getByText("The first time").waitFor();
  await noSideways(page, "what is remembered");
  assert.deepEqual(wrong, []);
  await done();
});

test("a heading that the page leads to has no box, a control that a key leads to has one", async () => {
  const { page, done } = await at("unpaired", { hash: "#/pair" });
  await page.getByLabel("Link or code").fill("7K3M-Q9TD");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "They are the same" }).waitFor();
  const outline = () => page.evaluate(() => [document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]);
  assert.deepEqual(await outline(), ["H1", "none"]);
  await page.keyboard.press("Tab");
  assert.deepEqual(await outline(), ["BUTTON", "solid"]);
  await done();
});

test("on its own machine the page names the gateway, and how it is paired as a device", async () => {
  const { page, done } = await at("unpaired");
  await page.evaluate(() => {
    globalThis.desk.served = () => Promise.resolve("https://relay.example");
    location.hash = "#/pair";
  });
  await page.getByText("--relay https://relay.example --assurance device").waitFor();
  assert.equal(await page.getByLabel("Gateway’s address").inputValue(), "https://relay.example");
  await done();
});

for (const width of [390, 1280]) {
  test(`a gateway that does not know the device can be asked at once, from the inbox, at ${width}`, async () => {
    const { page, done } = await at("troubled", { hash: "#/inbox", width });
    await page.evaluate(() => globalThis.desk.change({ reach: { "pair-0": "live", "pair-1": "live", "pair-2": "unknown" }, trouble: { "pair-2": "the gateway refuses this device" } }));
    await page.getByText("the gateway refuses this device").waitFor();
    await page.getByRole("button", { name: "Try again" }).click();
    assert.deepEqual(await calls(page), [["retry", "pair-2"]]);
    await noSideways(page, "a refusal");
    await accessible(page, "a refusal");
    await done();
  });
}

for (const reach of ["connecting", "offline", "unknown", "refused"]) {
  test(`where a pairing is ${reach} the inbox does not say that nothing waits`, async () => {
    const { page, done } = await at("empty", { hash: "#/inbox", width: 390 });
    await page.getByText("0 requests wait").waitFor();
    await page.evaluate((reach) => globalThis.desk.change({ reach: { "pair-0": "live", "pair-1": "live", "pair-2": reach } }), reach);
    const { name } = await page.evaluate(() => globalThis.desk.picture.pairings[2]);
    await page.getByText(`What waits at ${name} cannot be seen now.`).waitFor();
    for (const text of ["0 requests wait", "Nothing waits for you."]) assert.equal(await page.getByText(text).count(), 0, text);
    await noSideways(page, reach);
    await accessible(page, reach);
    await done();
  });
}

test("where nothing has a group there is no heading for the rest, and what arrived is not said for ever", async () => {
  const { page, done } = await at("low", { hash: "#/inbox", width: 390 });
  await page.evaluate(() => {
    const { pairings, waiting } = globalThis.desk.picture;
    globalThis.desk.change({ pairings: pairings.map((one) => ({ ...one, group: "" })), waiting });
  });
  await page.locator("a.row").first().waitFor();
  assert.equal(await page.getByRole("heading", { name: "Other" }).count(), 0);
  await accessible(page, "one group without a name");
  await page.evaluate(() => globalThis.desk.add([{ kind: "closed", pairId: "pair-1", requestId: "another", why: "it is not sealed to this device" }]));
  const arrived = page.locator("p.hidden[role=status]").last();
  await arrived.getByText("1 new request arrived").waitFor({ state: "attached" });
  await page.evaluate(() => globalThis.desk.change({ waiting: [] }));
  await page.waitForFunction(() => [...document.querySelectorAll("p.hidden[role=status]")].at(-1).textContent === "");
  await done();
});

test("the line that pins a passkey can be copied, and names no passkey before it where there is none", async () => {
  const { page, done } = await at("all", { hash: "#/pairings", width: 390 });
  await page.evaluate(() => {
    globalThis.desk.passkeys = true;
    Object.defineProperty(navigator, "clipboard", { value: { writeText: async (text) => void (globalThis.copied = text) } });
    globalThis.desk.change({ pairings: globalThis.desk.picture.pairings.slice(0, 1) });
  });
  await page.evaluate(() => (location.hash = "#/inbox"));
  await page.evaluate(() => (location.hash = "#/pairings"));
  await page.getByText("Passkeys", { exact: true }).click();
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByRole("button", { name: "Copy" }).click();
  await page.getByText("Copied.").first().waitFor();
  const shown = await page.getByLabel(/^Run this beside the agent/).inputValue();
  assert.equal(await page.evaluate(() => globalThis.copied), shown);
  for (const said of ["Used for each yes", "is pinned already"]) assert.equal(await page.getByText(said).count(), 0, said);
  await page.getByRole("button", { name: "Add another passkey" }).click();
  await page.getByText("asked to allow it. Where another one is pinned already").waitFor();
  await page.getByText("Used for each yes").waitFor();
  await noSideways(page, "a passkey's line");
  await done();
});
