/** What every file of these tests begins with: a browser, worlds, people, and an end to all of them. */

import { test as plain } from "node:test";
import type { TestContext } from "node:test";
import type { Browser } from "playwright-core";
import { World } from "../world.js";
import type { Opening } from "../world.js";
import { withBrowser } from "./browser.js";
import { Person } from "./person.js";

/** The longest that a test may take, on a machine that is busy. */
const TIME = { timeout: 300_000 };

interface Suite {
  readonly browser: () => Browser;
  test(name: string, run: (t: TestContext) => Promise<void>): void;
  /** A gateway on a free port, and homes with nothing in them. */
  world(t: TestContext, opening?: Opening): Promise<World>;
  /** A browser that knows nothing yet. */
  person(t: TestContext, world: World, more?: Parameters<Browser["newContext"]>[0], url?: string): Promise<Person>;
}

export function suite(): Suite {
  const browser = withBrowser();
  return {
    browser,
    test: (name, run) => void plain(name, TIME, run),
    world: async (t, opening) => {
      const world = await World.open(opening);
      t.after(() => world.close());
      return world;
    },
    person: (t, world, more, url) => Person.at(world, browser(), t, more, url),
  };
}
