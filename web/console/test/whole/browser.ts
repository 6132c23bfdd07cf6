/** One browser for all tests of a file; each person in it has a context, so a storage, of their own. */

import { after, before } from "node:test";
import { chromium } from "playwright-core";
import type { Browser, BrowserContext } from "playwright-core";

/** How long a page may take for what it will do, on a machine that does much else. */
export const PATIENCE = 60_000;

const HANDED = "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets";

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

/**
 * Chromium as `cargo xtask` found it. Tests run as root in a container, where its sandbox does not. A page that a
 * test hands to it comes from no address, which Chromium takes for one in the public network, from where it lets no
 * WebSocket in to this machine; the page as the binary serves it needs no such leave.
 */
export async function launched(more: readonly string[] = [HANDED]): Promise<Browser> {
  const executablePath = process.env.PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH ?? "/usr/bin/chromium";
  try {
    return await chromium.launch({ executablePath, args: ["--no-sandbox", ...more], timeout: PATIENCE });
  } catch (error) {
    throw new Error(`the browser ${executablePath} does not start: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A storage of its own in a browser, whose pages are waited for with patience. */
export async function fresh(browser: Browser, more: Parameters<Browser["newContext"]>[0] = {}): Promise<BrowserContext> {
  const context = await browser.newContext(more);
  context.setDefaultTimeout(PATIENCE);
  return context;
}
