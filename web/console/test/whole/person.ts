/** A person at the built page, in a browser of their own, at the real gateway. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { TestContext } from "node:test";
import type { Browser, BrowserContext, Locator, Page, Request } from "playwright-core";
import type { World } from "../world.js";
import { PATIENCE, fresh } from "./browser.js";

/** From where the tests are built to the page that is built. */
const DIST = new URL("../../../dist/", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css", svg: "image/svg+xml", png: "image/png",
  webmanifest: "application/manifest+json", json: "application/json",
};

/** A call of the page to its gateway. */
export interface Call {
  readonly what: string;
  readonly url: string;
  readonly body: string;
}

export class Person {
  readonly world: World;
  /** Where the page comes from: the gateway, or a console on the person's own machine that leads to it. */
  readonly url: string;
  readonly context: BrowserContext;
  /** Every call to the gateway's API, in order. */
  readonly calls: Call[] = [];
  /** Every live channel that was opened, in order. */
  readonly channels: string[] = [];
  page!: Page;
  /** Told of each call and each channel. */
  #heard: (error?: Error) => void = () => undefined;
  readonly #taken: string[] = [];
  readonly #wrong: string[] = [];

  private constructor(world: World, context: BrowserContext, url: string) {
    this.world = world;
    this.url = url;
    this.context = context;
  }

  /** Opens a browser. That the page asks nobody but its gateway is held to the test's end. */
  static async at(world: World, browser: Browser, t: TestContext, more: Parameters<Browser["newContext"]>[0] = {}, url = world.url): Promise<Person> {
    const context = await fresh(browser, { viewport: { width: 390, height: 800 }, serviceWorkers: "block", ...more });
    const person = new Person(world, context, url);
    t.after(() => person.#leave());
    context.on("request", (request) => person.#asked(request));
    context.on("response", (response) => {
      const { pathname } = new URL(response.url());
      if (response.ok()) person.#taken.push(`${response.request().method()} ${pathname}`);
    });
    context.on("weberror", (error) => person.#wrong.push(error.error().message));
    await person.#serve();
    person.page = await person.tab();
    return person;
  }

  async tab(): Promise<Page> {
    const page = await this.context.newPage();
    page.on("websocket", (socket) => this.#connected(socket.url()));
    page.on("console", (message) => {
      if (/Content.Security.Policy|TrustedHTML|TrustedScript/i.test(message.text())) this.#wrong.push(message.text());
    });
    return page;
  }

  /** How often a call was taken by the gateway. */
  taken(what: string): number {
    return this.#taken.filter((one) => one === what).length;
  }

  /** Waits for what no element of the page tells. */
  async until(holds: () => boolean): Promise<void> {
    const late = setTimeout(() => this.#heard(new Error("it never came to that")), PATIENCE);
    try {
      while (!holds()) await new Promise<void>((done, fail) => (this.#heard = (error) => (error === undefined ? done() : fail(error))));
    } finally {
      clearTimeout(late);
    }
  }

  /** Everything that this browser keeps for the page, by database and store. */
  kept(): Promise<Record<string, unknown[]>> {
    return this.page.evaluate(async () => {
      const wait = <T>(asked: IDBRequest<T>) => new Promise<T>((done, fail) => {
        asked.onsuccess = () => done(asked.result);
        asked.onerror = () => fail(asked.error);
      });
      const found: Record<string, unknown[]> = { local: Object.entries(localStorage) };
      for (const { name = "" } of await indexedDB.databases()) {
        const database = await wait(indexedDB.open(name));
        for (const store of database.objectStoreNames) {
          found[`${name}/${store}`] = await wait(database.transaction(store).objectStore(store).getAll());
        }
        database.close();
      }
      return JSON.parse(JSON.stringify(found)) as Record<string, unknown[]>;
    });
  }

  /** How often a call was made: `POST /v1/decisions`. */
  count(what: string): number {
    return this.calls.filter((call) => call.what === what).length;
  }

  /** A channel goes to the gateway alone, and its address holds no secret. */
  #connected(text: string): void {
    const url = new URL(text);
    const known = ["role", "id", "gateway"];
    const good = url.origin === this.url.replace(/^http/, "ws") && url.pathname === "/v1/ws" && [...url.searchParams.keys()].every((key) => known.includes(key));
    if (good) this.channels.push(text);
    else this.#wrong.push(`opened ${text}`);
    this.#heard();
  }

  #asked(request: Request): void {
    const url = new URL(request.url());
    if (url.origin !== this.url) this.#wrong.push(`asked ${request.url()}`);
    else if (url.pathname.startsWith("/v1/")) {
      this.calls.push({ what: `${request.method()} ${url.pathname}`, url: request.url(), body: request.postData() ?? "" });
    }
    this.#heard();
  }

  /** This build's page under the gateway's own headers, whatever page was built into the binary. */
  async #serve(): Promise<void> {
    const { url: own, context } = this;
    const policy = (await fetch(`${own}/`)).headers.get("content-security-policy") ?? "default-src 'none'";
    await context.route((url) => url.origin === own && !url.pathname.startsWith("/v1/"), async (route) => {
      const { pathname } = new URL(route.request().url());
      const name = pathname === "/" || pathname === "/pair" ? "index.html" : pathname.slice(1);
      // A console answers by itself where it leads.
      if (name === "here.json") return route.fallback();
      const body = await readFile(new URL(name, DIST)).catch(() => undefined);
      if (body === undefined) return route.fulfill({ status: 404 });
      const type = TYPES[name.split(".").at(-1) ?? ""] ?? "text/plain";
      return route.fulfill({ body, headers: { "content-type": type, "content-security-policy": policy } });
    });
  }

  /** Pairs by link with the enforcer of this world, which is shown as `build server`. */
  async pair(name = "ann", more: readonly string[] = [], allowed: () => Promise<void> = async () => undefined): Promise<this> {
    return this.pairWith("enforcer", "build server", ["--name", name, ...more], allowed);
  }

  /** Pairs by link with one of several enforcers, which is shown under a name of its own. */
  async pairWith(party: string, called: string, more: readonly string[] = ["--name", "ann"], allowed: () => Promise<void> = async () => undefined): Promise<this> {
    const { world, page } = this;
    const pair = world.start(party, ["pair", "--relay", world.url, "--assurance", "web", "--json", ...more]);
    const { link } = JSON.parse(await pair.line()) as { link: string };
    if (this.url === world.url) await page.goto(link);
    else {
      // A link leads to its gateway's page: to a console it is given.
      await page.goto(`${this.url}/#/pair`);
      await page.getByLabel("Link or code").fill(link);
      await page.getByRole("button", { name: "Continue" }).click();
    }
    await page.getByLabel("Name of the enforcer").fill(called);
    await page.getByRole("button", { name: "Continue" }).click();
    await allowed();
    await page.getByText(`Paired with ${called}.`).waitFor();
    assert.equal((await pair.end()).code, 0);
    await page.getByRole("link", { name: "To the inbox" }).click();
    return this;
  }

  /** Another person beside this one, who allows that. */
  async joined(other: Person, name = "bob", more: readonly string[] = []): Promise<Person> {
    return other.pair(name, more, async () => {
      await this.read("approve here");
      await this.allow();
      await this.inbox();
    });
  }

  async inbox(): Promise<void> {
    await this.page.goto(`${this.url}/#/inbox`);
  }

  /** Opens what waits, or what waits and says so. */
  async read(saying = ""): Promise<void> {
    await this.page.locator("a.row").filter({ hasText: saying }).click();
    await this.page.locator(".decide").waitFor();
  }

  /** Says yes to what is open, as its risk asks for it: what the page says became of it. */
  async allow(): Promise<string> {
    await this.gesture();
    return this.#signed();
  }

  /** One press, or one that is held until it is taken. */
  async gesture(): Promise<void> {
    const { page } = this;
    const bar = page.getByRole("group", { name: "Your answer" });
    const yes = bar.getByRole("button").last();
    await yes.and(page.locator(":enabled")).waitFor().catch(async () => {
      throw new Error(`no yes is possible: ${await bar.getByRole("status").first().innerText()}`);
    });
    if ((await yes.textContent())?.includes("Hold") !== true) return yes.click();
    await yes.focus();
    await page.keyboard.down("Space");
    await page.getByRole("button", { name: "Take it back" }).or(page.getByText("These are not its digits")).or(this.#became()).first().waitFor();
    await page.keyboard.up("Space");
  }

  /** Opens every part that is folded: at high risk no yes is given before. */
  async openAll(): Promise<void> {
    const unread = this.page.locator("article .unread");
    // One that is open is not pressed again, which would close it: it counts as read a moment later.
    const shut = this.page.locator("article .unread:not([open]) > summary");
    while ((await unread.count()) > 0) if ((await shut.count()) > 0) await shut.first().click();
  }

  async deny(reason = ""): Promise<string> {
    await this.page.getByLabel(/^Reason/).fill(reason);
    await this.page.getByRole("button", { name: "Deny" }).click();
    return this.#signed();
  }

  /** What the page says became of an answer. */
  #became(): Locator {
    return this.page.locator(".said .toast").filter({ hasNotText: "Taken back" });
  }

  /** After the three seconds in which it can be taken back. It is read and put away at once, before it goes by itself. */
  async #signed(): Promise<string> {
    return this.#became().last().evaluate((said) => {
      const text = said.querySelector(".what")?.textContent ?? "";
      said.querySelector("button")?.click();
      return text;
    });
  }

  /** What this device kept of the request that it saw last. */
  async newest(): Promise<string> {
    await this.page.goto(`${this.url}/#/history`);
    return this.page.locator(".entries li").first().innerText();
  }

  async #leave(): Promise<void> {
    await this.context.close();
    assert.deepEqual(this.#wrong, []);
  }
}
