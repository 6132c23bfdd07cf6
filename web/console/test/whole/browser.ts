/** One browser for all tests of a file; each person in it has a context, so a storage, of their own. */

import { after, before } from "node:test";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";

let browser: Browser | undefined;

/** Starts it before the tests of the file that calls this, and ends it after them. */
export function withBrowser(): () => Browser {
  before(async () => (browser = await launched()));
  after(() => browser?.close());
  return () => {
    if (browser === undefined) throw new Error("no browser yet: call this in a test");
    return browser;
  };
}

/** Chromium as `cargo xtask` found it. Tests run as root in a container, where its sandbox does not. */
export function launched(): Promise<Browser> {
  const executablePath = process.env.PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}
