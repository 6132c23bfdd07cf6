/** What this device remembers of calls like one that waits: a help, and nothing more. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answered, Fact, Remembered, Review } from "../src/model.js";
import { hasDeceptive } from "../src/review/index.js";
import { denials, familiar } from "../src/ui/familiar.js";
import { workOf } from "./work.js";

let count = 0;
const quoted = (text: string) => `"${text}"`;

function review(action: readonly Fact[], askedBy: readonly Fact[] = []): Review {
  count += 1;
  const hash = count.toString(16).padStart(64, "0");
  return {
    headline: "run it", requestId: `r${count}`, warnings: [], action, askedBy, terms: [], agentSays: [], reasonRequired: false,
    createdAt: "2026-02-24T10:00:00Z", expiresAt: "2026-02-24T10:10:00Z", artifactHash: hash, actionHash: hash,
  };
}

const command = (path: string, ...argv: readonly string[]): Review => commandIn("/home/ann/shop", path, ...argv);
const commandIn = (workspace: string, path: string, ...argv: readonly string[]): Review =>
  review(
    [
      { label: "kind", lines: ["a command"] }, { label: "program", lines: [quoted(path), "sha256 00"] },
      ...argv.map((one, i) => ({ label: `argv[${i}]`, lines: [quoted(one)] })),
    ],
    [{ label: "workspace", lines: [quoted(workspace)] }, { label: "session id", lines: [quoted(`s${count}`)] }],
  );

const said = (say: Answered["say"], minute: number, sent: Answered["sent"] = "taken"): Answered =>
  ({ say, decidedAt: `2026-02-24T10:${String(minute).padStart(2, "0")}:00Z`, sent });
const remembered = (one: Review, answer?: Answered, pairId = "p"): Remembered =>
  ({ pairId, requestId: one.requestId, seenAt: one.createdAt, review: one, ...(answer === undefined ? {} : { answer }) });

test("what was never asked is the first one, also beside other programs and other enforcers", () => {
  const now = command("/usr/bin/rm", "rm", "-rf", "build");
  const history = [
    remembered(command("/usr/bin/ls", "ls"), said("allow", 1)),
    remembered(command("/usr/bin/rm", "rm", "-rf", "build"), said("allow", 2), "another"),
    remembered(now),
  ];
  assert.deepEqual(familiar(now, "p", history), { what: '"/usr/bin/rm"', asked: 0 });
});

test("the last one that was allowed is compared, part by part", () => {
  const history = [
    remembered(command("/usr/bin/rm", "rm", "-rf", "build"), said("allow", 5)),
    remembered(command("/usr/bin/rm", "rm", "-rf", "old"), said("allow", 9)),
    remembered(command("/usr/bin/rm", "rm", "-rf", "/"), said("deny", 11)),
    remembered(command("/usr/bin/rm", "rm", "late"), said("allow", 12, "too-late")),
  ];
  const found = familiar(commandIn("/srv", "/usr/bin/rm", "rm", "-rf", "new", "--verbose"), "p", history);
  assert.deepEqual(found, {
    what: '"/usr/bin/rm"', asked: 4,
    allowed: {
      at: "2026-02-24T10:09:00Z",
      changes: [
        { label: "argv[2]", before: ['"old"'], now: ['"new"'] },
        { label: "argv[3]", before: [], now: ['"--verbose"'] },
        { label: "workspace", before: ['"/home/ann/shop"'], now: ['"/srv"'] },
      ],
    },
  });
});

test("the same again has no differences", () => {
  const history = [remembered(command("/usr/bin/rm", "rm", "x"), said("allow", 5))];
  assert.deepEqual(familiar(command("/usr/bin/rm", "rm", "x"), "p", history)?.allowed?.changes, []);
});

test("attack_16 another subcommand, and another program inside a shell line, is another call", () => {
  const history = [
    remembered(command("/usr/bin/git", "git", "status"), said("allow", 1)),
    remembered(command("/usr/bin/bash", "bash", "-lc", "ls -l"), said("allow", 2)),
  ];
  assert.equal(familiar(command("/usr/bin/git", "git", "push"), "p", history)?.asked, 0);
  assert.equal(familiar(command("/usr/bin/bash", "bash", "-lc", "rm -rf ~"), "p", history)?.asked, 0);
  assert.equal(familiar(command("/usr/bin/bash", "bash", "-c", "ls; rm -rf ~"), "p", history)?.allowed?.changes.length, 2);
});

test("attack_06 a hostile text stays the escaped text that the review has", () => {
  const hostile = '<img src=x onerror=alert(1)>\\u{202e}\\n"same as last time';
  const history = [remembered(command("/bin/x", "x", hostile), said("allow", 1))];
  const found = familiar(command("/bin/x", "x", `${hostile}!`), "p", history);
  assert.deepEqual(found?.allowed?.changes[0]?.before, [quoted(hostile)]);
  assert.ok(!hasDeceptive(JSON.stringify(found)));
  // Labels that an agent chose are no names of ours.
  const odd = review([{ label: "kind", lines: ["a request"] }, { label: "action", lines: ['"__proto__"'] }, { label: "constructor", lines: ['"a"'] }]);
  const was = review([{ label: "kind", lines: ["a request"] }, { label: "action", lines: ['"__proto__"'] }, { label: "__proto__", lines: ['"b"'] }]);
  assert.deepEqual(familiar(odd, "p", [remembered(was, said("allow", 1))])?.allowed?.changes.map(({ label }) => label), ["constructor", "__proto__"]);
});

test("attack_40 a secret is compared with nothing, and names nothing", () => {
  const secret = (line: string): Review =>
    review([{ label: "kind", lines: ["a request"] }, { label: "action", lines: ['"pay"'] }, { label: "parameters/pin", lines: [line], secret: true }]);
  const found = familiar(secret("hunter2"), "p", [remembered(secret("kept not"), said("allow", 1))]);
  assert.deepEqual(found?.allowed?.changes, []);
  const named = review([{ label: "kind", lines: ["a request"] }, { label: "action", lines: ["hunter2"], secret: true }]);
  assert.equal(familiar(named, "p", []), undefined);
});

test("what is like nothing else is compared with nothing", () => {
  for (const kind of ["a change to files", "a plan; nothing runs by it", "a payload of another system, shown whole", "3 actions, answered together or one by one"]) {
    assert.equal(familiar(review([{ label: "kind", lines: [kind] }]), "p", []), undefined);
  }
});

test("thousands of lines are looked through at once", () => {
  const history = Array.from({ length: 20_000 }, (_, i) => remembered(command("/usr/bin/rm", "rm", String(i)), said("allow", i % 60)));
  const call = command("/usr/bin/rm", "rm", "x");
  const work = workOf(() => assert.equal(familiar(call, "p", history)?.asked, 20_000));
  assert.ok(work < 4_000, `${work} ms`);
});

test("attack_46 a no to the very same call is counted, under other names and of the same enforcer alone", () => {
  const now = command("/usr/bin/rm", "rm", "-rf", "build");
  const again = (): Review => ({ ...command("/usr/bin/rm", "rm", "-rf", "build"), actionHash: now.actionHash });
  const history = [
    remembered(now, said("deny", 1)), remembered(again(), said("deny", 2)), remembered(again(), said("deny", 3, "waits")),
    remembered(again(), said("allow", 4)), remembered(again(), said("part", 5)), remembered(again(), said("escalate", 6)), remembered(again()),
    remembered(again(), said("deny", 7), "another"), remembered(command("/usr/bin/rm", "rm", "-rf", "other"), said("deny", 8)),
  ];
  assert.equal(denials(now, "p", history), 2, "not itself, no yes, no hand-over, no other enforcer, no other call");
  assert.equal(denials(now, "p", []), 0);
});
