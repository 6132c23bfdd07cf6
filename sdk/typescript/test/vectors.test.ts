/** Every vector below `vectors/`, as the manifest says; none is left out. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseDecision, signable, verifySignature } from "../src/decision.js";
import { unbase64 } from "../src/encoding.js";
import { canonicalText, limit, parse, sha256 } from "../src/json.js";
import type { JsonObject, JsonValue } from "../src/json.js";
import { answer, kinds } from "./answer.js";
import { codeOf } from "./fixture.js";
import { judgesMessage } from "./message.js";

interface File {
  readonly path: string;
  readonly kind: string;
  readonly expect: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL("../../../../vectors/", import.meta.url));
const load = (path: string): unknown => JSON.parse(readFileSync(join(root, path), "utf8"));
const manifest = load("manifest.json") as { readonly count: number; readonly files: readonly File[] };

/** The vectors of a file; such as have other forms than ours have none. */
function vectorsOf(file: File): readonly JsonObject[] {
  if (file.kind === "published") return [];
  return (load(file.path) as { readonly vectors: readonly JsonObject[] }).vectors;
}

test("manifest and folder tell the same", () => {
  const found = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.path, entry.name).slice(root.length))
    .filter((path) => path !== "manifest.json");
  assert.deepEqual(manifest.files.map(({ path }) => path).sort(), found.sort());
  for (const file of manifest.files) {
    const names = vectorsOf(file).map(({ name }) => String(name));
    assert.equal(new Set(names).size, names.length, file.path);
    assert.deepEqual(names.sort(), Object.keys(file.expect).sort(), file.path);
  }
  const lines = manifest.files.map(({ expect }) => Object.keys(expect).length);
  assert.equal(lines.reduce((a, b) => a + b, 0), manifest.count);
});

let answered = 0;

for (const file of manifest.files.filter(({ kind }) => kind !== "published")) {
  test(`vectors of ${file.path}`, async () => {
    assert.ok(file.kind === "message" || kinds().includes(file.kind), `nobody answers ${file.kind}`);
    const wrong: string[] = [];
    for (const vector of vectorsOf(file)) {
      const given = file.kind === "message" ? judgesMessage(vector) : await answer(file.kind, vector);
      const { outcome, ...output } = given;
      const name = String(vector.name);
      if (outcome !== file.expect[name]) wrong.push(`${name}: expected ${file.expect[name]}, got ${outcome}`);
      // Of a bundle the whole report is told, whatever its verdict.
      const good = outcome === "accepted" || outcome === "Valid" || file.kind === "bundle";
      for (const [member, value] of good ? Object.entries(output) : []) {
        const told = vector[member];
        const open = file.kind === "canonical" && told === undefined;
        if (!open && !alike(told, value)) wrong.push(`${name}: ${member} is ${JSON.stringify(value)}`);
      }
      answered += 1;
    }
    assert.deepEqual(wrong, []);
  });
}

test("as many were answered as the manifest counts", () => {
  assert.equal(answered, manifest.count);
});

test("the published hashes are ours", () => {
  const core = load("harp-0.2/core.json") as Record<string, Record<string, string>>;
  for (const name of ["artifactHash", "promptHash", "snapshotHash"]) {
    const { canonical = "", sha256: hash } = core[name] ?? {};
    const value = parse(canonical, limit.ARTIFACT);
    assert.equal(canonicalText(value), canonical, name);
    assert.equal(sha256(value), hash, name);
  }
});

test("the published signatures verify or not as published", () => {
  const core = load("harp-0.2/core.json") as Record<string, Record<string, string | boolean>>;
  for (const name of ["decisionSignature", "decisionSignatureAfterRename"]) {
    const vector = core[name] ?? {};
    const value = { ...(JSON.parse(String(vector.canonical)) as JsonObject), signature: String(vector.signature) };
    const decision = parseDecision(JSON.stringify(value));
    assert.equal(new TextDecoder().decode(signable(decision)), vector.canonical);
    const key = unbase64(String(vector.publicKey)) ?? new Uint8Array();
    const valid = codeOf(() => verifySignature(decision, key)) === "accepted";
    assert.equal(valid, vector.valid, name);
  }
});

function alike(told: JsonValue | undefined, value: JsonValue): boolean {
  return told !== undefined && canonicalText(told) === canonicalText(value);
}
