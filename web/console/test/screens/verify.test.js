/** The screen that checks files, with files of the real binary. Wants `npm test` before, for its world. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { accessible, at, noSideways } from "./pages.js";
import { longBundle, recorded } from "./records.js";

let made;
before(async () => (made = await recorded()), { timeout: 300_000 });

const file = (name, text) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(text) });
const trust = () => file("trust.json", made.trust);

/** The screen, with nobody paired; what it asks for once it is there is an error. */
async function opened(options = {}) {
  const found = await at("unpaired", { hash: "#/verify", ...options });
  await found.page.getByRole("heading", { name: "Check a receipt or a bundle" }).waitFor();
  await found.page.waitForFunction(() => globalThis.shownAfter !== undefined);
  found.page.on("request", (request) => found.wrong.push(`asked ${request.url()}`));
  return found;
}

const give = (page, ...files) => page.locator("input[type=file]").setInputFiles(files);
const verdict = (page, name) => page.locator("details.card", { hasText: name }).last();
const ends = (page, word) => page.locator("summary .badge", { hasText: word }).first().waitFor();

test("a good receipt: who allowed what, and what it does not prove, in the words of the command", async () => {
  const { page, wrong, done } = await opened();
  await page.context().setOffline(true);
  await give(page, file("receipt.json", made.receipt), trust());
  await ends(page, "Valid");
  const text = await verdict(page, "receipt.json").innerText();
  assert.match(made.said.receipt, /^VALID: L1, executed, approved by ann \(assurance local\)/);
  for (const said of ["L1, executed, approved by ann (assurance local)", 'run sh -c "echo hi > out"', "rule ask, risk", "ended with exit code 0", "claimed at 20", "ended at 20",
    "could have reached its key and files", "That nothing else ran.", "That the ledger is whole."]) assert.ok(text.includes(said), `${said}\n${text}`);
  assert.match(text, /receipt \d+ of ledger/);
  await page.getByText("one that came with the receipt proves nothing").waitFor();
  assert.equal(await page.locator("[role=status]", { hasText: "receipt.json: valid" }).count(), 1);
  assert.deepEqual(wrong, []);
  await done();
});

test("attack_04 an edited receipt, attack_07 a forged one, and one under other keys prove nothing, and nothing of them is shown", async () => {
  const edited = made.receipt.replace('"exitCode":0', '"exitCode":1');
  const signature = /"signature":"(.)/g;
  let at = 0;
  for (const found of made.receipt.matchAll(signature)) at = found.index + found[0].length - 1;
  const forged = `${made.receipt.slice(0, at)}${made.receipt[at] === "A" ? "B" : "A"}${made.receipt.slice(at + 1)}`;
  const nobody = '{"type":"countersign.trust/v1","operators":[],"approvers":[]}';
  for (const [text, keys, name, why] of [
    [edited, made.trust, "HashMismatch", "its contentHash is not the hash of its content"],
    [forged, made.trust, "BadSignature", "it does not verify under the pinned key of the operator"],
    [made.receipt, nobody, "Untrusted", "is not in the trust file"],
  ]) {
    const { page, wrong, done } = await opened();
    await give(page, file("receipt.json", text), file("trust.json", keys));
    await ends(page, "Not valid");
    const said = await verdict(page, "receipt.json").innerText();
    assert.ok(said.includes(`[${name}]`) && said.includes(why), said);
    assert.ok(!said.includes("echo hi"), said);
    assert.deepEqual(wrong, []);
    await done();
  }
});

test("a bundle: the report of the command, sentence for sentence", async () => {
  const { page, wrong, done } = await opened();
  await give(page, trust(), file("all.csb", made.bundle));
  await ends(page, "Valid");
  const text = await verdict(page, "all.csb").innerText();
  assert.equal(made.said.bundle.verdict, "Valid");
  assert.ok(made.said.bundle.checked.length >= 4 && made.said.bundle.notChecked.length >= 2);
  for (const said of [...made.said.bundle.checked, ...made.said.bundle.notChecked]) assert.ok(text.includes(said), `${said}\n${text}`);
  assert.ok(text.includes("That everything went through the gate."));
  assert.deepEqual(wrong, []);
  await done();
});

test("attack_28 a bundle that was cut, one that lost a receipt, and one under other keys", async () => {
  const lines = made.bundle.split("\n");
  const without = (at) => lines.filter((_, n) => n !== at).join("\n");
  const second = lines.findIndex((line) => line.startsWith('{"receipt"')) + 1;
  const other = JSON.stringify({ ...JSON.parse(made.trust), operators: [] });
  for (const [text, keys, name] of [
    [made.bundle.slice(0, -200), made.trust, "Truncated"],
    [lines.slice(0, -2).join("\n") + "\n", made.trust, "Truncated"],
    [without(second), made.trust, "ChainBroken"],
    [made.bundle, other, "Untrusted"],
  ]) {
    const { page, wrong, done } = await opened();
    await give(page, file("all.csb", text), file("trust.json", keys));
    await ends(page, "Not valid");
    const said = await verdict(page, "all.csb").innerText();
    assert.ok(said.includes(`[${name}]`), said);
    assert.deepEqual(wrong, []);
    await done();
  }
});

test("what is of no use is named in one line, and nothing is checked without one trust file", async () => {
  const { page, wrong, done } = await opened();
  await give(page, file("receipt.json", made.receipt));
  await page.getByText("No keys yet. Add a trust file").waitFor();
  await page.locator("summary .badge", { hasText: "Not checked" }).waitFor();
  await give(page, { ...file("ledger.db", ""), buffer: made.ledger }, file("empty", ""), file("letter.txt", "dear auditor"), file("bad.json", made.trust.replace('"label"', '"lable"')));
  for (const said of ["This is a whole ledger. Check it with “countersign audit verify”", "It is empty.", "It is no receipt, no bundle and no trust file.", "It is no trust file that can be used."]) {
    await page.getByText(said).waitFor();
  }
  await give(page, trust(), file("other.json", made.trust));
  await page.getByText("More than one trust file.").waitFor();
  assert.equal(await page.locator("summary .badge", { hasText: /^.?.?Valid/ }).count(), 0);
  await page.getByRole("button", { name: "Remove other.json" }).click();
  await ends(page, "Valid");
  await page.getByRole("button", { name: "Remove trust.json" }).click();
  await page.locator("summary .badge", { hasText: "Not checked" }).waitFor();
  assert.deepEqual(wrong, []);
  await done();
});

test("attack_06 what files and their names say is text, with a marked escape for what misleads", async () => {
  const { page, wrong, done } = await opened();
  const evil = '<img src=x onerror="document.title=1">\u202eevil\u200b\u001b[31m';
  const keys = JSON.parse(made.trust);
  keys.approvers[0].label = evil;
  keys.operators[0].label = evil;
  await give(page, file(`${evil}.json`, JSON.stringify(keys)), file(`r${evil}`, made.receipt), file("b.json", `{"type":"${"<b>x</b>"}"`));
  await ends(page, "Valid");
  const shown = await page.locator("main").innerText();
  assert.ok(shown.includes("<img src=x onerror="));
  assert.ok(!/[\u202e\u200b\u001b]/.test(shown));
  assert.ok(shown.includes("\\u{202e}evil\\u{200b}\\u{1b}[31m"), shown);
  assert.equal(await page.locator("main img").count(), 0);
  assert.deepEqual(wrong, []);
  await done();
});

test("by keyboard and by dropping: paste, choose, drop, fold, remove", async () => {
  const { page, wrong, done } = await opened();
  await page.locator("summary", { hasText: "Paste a text instead" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.evaluate((text) => (document.activeElement.value = text) && document.activeElement.dispatchEvent(new Event("input", { bubbles: true })), made.receipt);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText("pasted text 1").first().waitFor();
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], "dropped.json"));
    document.querySelector(".drop").dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
  }, made.trust);
  await ends(page, "Valid");
  const result = page.locator("summary", { hasText: "pasted text 1" });
  await result.focus();
  await page.keyboard.press("Enter");
  assert.equal(await verdict(page, "pasted text 1").getAttribute("open"), null);
  await page.getByRole("button", { name: "Remove all" }).focus();
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("summary .badge").count(), 0);
  // A file that is dropped elsewhere takes nobody away from here.
  const stays = await page.evaluate(() => !dispatchEvent(new DragEvent("drop", { cancelable: true, dataTransfer: new DataTransfer() })));
  assert.ok(stays);
  assert.deepEqual(wrong, []);
  await done();
});

test("with results: accessible, no wider than the screen, in both themes", async () => {
  const { page, wrong, done } = await opened();
  const names = ["receipt.json", "all.csb", "cut.csb", "letter.txt"];
  const texts = [made.receipt, made.bundle, made.bundle.slice(0, -300), "dear auditor"];
  await give(page, trust(), ...names.map((name, at) => file(name, texts[at])));
  await page.locator("summary .badge", { hasText: "Not valid" }).waitFor();
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
  for (const width of [320, 768, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    await noSideways(page, `results at ${width}`);
    for (const theme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: theme });
      if (width !== 768) await accessible(page, `results at ${width}, ${theme}`);
    }
  }
  assert.deepEqual(wrong, []);
  await done();
});

test("a long bundle leaves the page alive, and what was stopped counts for nothing", async () => {
  const { page, wrong, done } = await opened();
  const long = await longBundle(1_500);
  await page.evaluate(() => {
    let last = performance.now();
    globalThis.longest = 0;
    const tick = () => {
      globalThis.longest = Math.max(globalThis.longest, performance.now() - last);
      last = performance.now();
      setTimeout(tick);
    };
    tick();
  });
  await give(page, file("trust.json", long.trust), file("long.csb", long.bundle));
  await page.getByText(/Checking: [0-9]+ lines so far/).waitFor();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByText("Stopped before the end: nothing of it counts.").waitFor();
  assert.equal(await page.locator("summary .badge", { hasText: /Valid|Not valid/ }).count(), 0);
  // A frame of the machine's own making aside, nothing takes longer than a turn and one receipt.
  const longest = await page.evaluate(() => globalThis.longest);
  assert.ok(longest < 1000, `${longest} ms`);
  assert.deepEqual(wrong, []);
  await done();
});
