import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const home = fileURLToPath(new URL("../../", import.meta.url));

test("the example of the README runs as it stands there", () => {
  const readme = readFileSync(join(home, "README.md"), "utf8");
  const code = /```js\n(.*?)```/s.exec(readme)?.[1] ?? "";
  const given = ["--input-type=module", "--eval", code];
  const { stdout, stderr } = spawnSync(process.execPath, given, { cwd: home, encoding: "utf8" });
  assert.deepEqual([stdout, stderr], ["ann true\n", ""]);
});

test("every module of the package can be imported alone, and none needs node", async () => {
  const { exports } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as { exports: object };
  assert.deepEqual(Object.keys(exports), [".", "./*"]);
  const index = await import("../src/index.js");
  for (const name of Object.keys(index)) {
    const text = readFileSync(join(home, "dist/src", `${name}.js`), "utf8");
    assert.ok(!/from "node:|require\(|process\./.test(text), name);
    assert.ok(Object.keys(await import(`../src/${name}.js`)).length > 0, name);
  }
});
