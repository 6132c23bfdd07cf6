/** The pictures of the README, from the running product: `cargo xtask console --pictures`. */

import { execFileSync } from "node:child_process";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { BINARY, World } from "../world.js";
import { runs } from "./ansi.js";
import { launched } from "./browser.js";
import { Person } from "./person.js";

const FOLDER = fileURLToPath(new URL("../../../../../docs/pictures/", import.meta.url));

/** A page of a README is loaded by everybody who looks at it. */
const MOST = 120 * 1024;

/** What an agent asks for. */
const ASKED: readonly (readonly string[])[] = [
  ["--description", "start the tests", "--", "sh", "-c", "make test > report.txt"],
  ["--description", "remove what the last build left behind", "--", "rm", "-rf", "build"],
  ["--description", "publish the release", "--reasoning", "the changelog is merged and the tests passed",
    "--", "sh", "-c", "git tag v1.4.0 && git push --force origin main v1.4.0"],
];

const PASSPHRASE = "correct horse";

/** Whose machine it is: nothing of the one that makes the pictures stands in them. */
const ADA = { HOME: "/home/ada", PATH: "/usr/local/bin:/usr/bin:/bin", SHELL: "/bin/bash", TERM: "xterm-256color" };

const WIDE = { width: 1180, height: 760 };
const PHONE = { width: 390, height: 800 };

async function save(page: Page, name: string): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  const { data } = await devtools.send("Page.captureScreenshot", { format: "webp", quality: 72 });
  const file = `${FOLDER}${name}.webp`;
  writeFileSync(file, Buffer.from(data, "base64"));
  const { size } = statSync(file);
  console.log(`${name}.webp: ${Math.ceil(size / 1024)} KB`);
  if (size > MOST) throw new Error(`${file} is larger than ${MOST} bytes`);
}

async function ofConsole(ann: Person): Promise<void> {
  const { page } = ann;
  await page.setViewportSize(WIDE);
  await page.locator("a.row").nth(ASKED.length - 1).waitFor();
  await save(page, "inbox");
  await ann.read("rm -rf build");
  await save(page, "review");
  await page.emulateMedia({ colorScheme: "dark" });
  await save(page, "review-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(PHONE);
  await save(page, "phone");
}

/** The terminal's inbox, as `tmux` has it on its screen. */
async function ofTerminal(world: World, browser: Browser): Promise<void> {
  const { NO_COLOR: _, ...env } = process.env;
  const tmux = (...args: string[]): string => execFileSync("tmux", ["-L", "countersign-pictures", "-f", "/dev/null", ...args], { env: { ...env, TERM: "xterm-256color" }, encoding: "utf8" });
  tmux("new-session", "-d", "-x", "108", "-y", "30", `'${BINARY}' --home '${world.path("terminal")}' inbox`);
  try {
    await shows(() => tmux("capture-pane", "-p"), "Passphrase:");
    tmux("send-keys", PASSPHRASE, "Enter");
    await shows(() => tmux("capture-pane", "-p"), "git push");
    tmux("send-keys", "Enter");
    await shows(() => tmux("capture-pane", "-p"), "argv");
    await draw(browser, tmux("capture-pane", "-e", "-p"));
  } finally {
    tmux("kill-server");
  }
}

async function shows(screen: () => string, what: string): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (screen().includes(what)) return;
    await new Promise((done) => setTimeout(done, 25));
  }
  throw new Error(`the screen never showed ${what}: ${screen()}`);
}

async function draw(browser: Browser, captured: string): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 930, height: 560 }, deviceScaleFactor: 1.5 });
  const page = await context.newPage();
  await page.setContent("<body style='margin:0;background:#1b1d23'><pre style='margin:14px;font:13.5px/1.28 \"DejaVu Sans Mono\",monospace'></pre></body>");
  await page.evaluate((parts) => {
    for (const { text, css } of parts) {
      const span = document.createElement("span");
      span.textContent = text;
      span.style.cssText = css;
      document.querySelector("pre")?.append(span);
    }
  }, [...runs(captured)]);
  const box = await page.locator("pre").boundingBox();
  await page.setViewportSize({ width: 930, height: Math.ceil((box?.height ?? 530) + 28) });
  await save(page, "terminal");
  await context.close();
}

/** A second approver, at a terminal, whom the first one allows. */
async function terminal(world: World, ann: Person): Promise<void> {
  writeFileSync(world.path("passphrase"), `${PASSPHRASE}\n`, { mode: 0o600 });
  const pair = world.start("enforcer", ["pair", "--name", "ops", "--relay", world.url, "--assurance", "device", "--json"]);
  const { link } = JSON.parse(await pair.line()) as { link: string };
  const join = world.start("terminal", ["join", link, "--name", "build-server", "--passphrase-file", world.path("passphrase")]);
  await ann.read("approve here");
  await ann.allow();
  await ann.inbox();
  const ends = await Promise.all([pair.end(), join.end()]);
  if (ends.some(({ code }) => code !== 0)) throw new Error(JSON.stringify(ends));
}

async function all(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const ends: (() => unknown)[] = [];
  const world = await World.open();
  const browser = await launched();
  try {
    const t = { after: (end: () => unknown) => ends.push(end) } as unknown as TestContext;
    const ann = await Person.at(world, browser, t, { deviceScaleFactor: 1.5 });
    await ann.pair();
    await terminal(world, ann);
    for (const one of ASKED) await world.start("enforcer", ["run", ...one], ADA).says(/delivered/);
    await ofTerminal(world, browser);
    await ofConsole(ann);
    for (const end of ends) await end();
  } finally {
    await browser.close();
    await world.close();
  }
}

await all();
