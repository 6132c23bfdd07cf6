/** A coding agent whose tool is held waits for a person at the page, and goes on with the answer. */

import assert from "node:assert/strict";
import { suite } from "./suite.js";
import type { Ended, Process, World } from "../world.js";

const { test, world, person } = suite();

/** What each host writes to its hook before a line for its shell. */
const HOSTS: Readonly<Record<string, object>> = {
  "claude-code": {},
  codex: { turn_id: "turn-1", model: "stand-in" },
};

/** Starts the hook as its host does, before a tool that would run a line. */
function hook(home: World, host: string, line: string): Process {
  const hook = home.start("enforcer", ["hook", host, "--timeout", "120"]);
  hook.tell(JSON.stringify({
    session_id: "session-1", transcript_path: "/tmp/transcript.jsonl", cwd: home.path("work"), permission_mode: "default",
    hook_event_name: "PreToolUse", tool_name: "Bash", tool_input: { command: line, description: "a line" },
    tool_use_id: "use-1", ...HOSTS[host],
  }));
  return hook;
}

/** What the host takes for a yes: it ended well, and nothing refuses. */
const runs = ({ code, stdout }: Ended): boolean => code === 0 && !stdout.includes('"deny"');

for (const host of Object.keys(HOSTS)) {
  test(`${host}: what is held goes on with a yes at the page, once, and its receipt names who gave it`, async (t) => {
    const home = await world(t);
    const ann = await (await person(t, home)).pair();
    const held = hook(home, host, "rm -rf build");
    await ann.read("rm -rf build");
    await ann.openAll();
    await ann.allow();
    const ended = await held.end();
    assert.ok(runs(ended), JSON.stringify(ended));
    const receipt = await home.run("enforcer", "receipt", "verify", "last", "--require", "L1");
    assert.deepEqual([receipt.code, /approved by ann \(assurance web\)/.test(receipt.stdout)], [0, true], receipt.stdout + receipt.stderr);
    // The same call once more is another call: it is held again, and a no ends it.
    const again = hook(home, host, "rm -rf build");
    await ann.inbox();
    await ann.read("rm -rf build");
    await ann.openAll();
    await ann.deny("once was enough");
    const { code, stdout, stderr } = await again.end();
    assert.ok(code === 2 || stdout.includes('"deny"'), `${code} ${stdout}`);
    assert.match(stdout + stderr, /once was enough/);
  });
}
