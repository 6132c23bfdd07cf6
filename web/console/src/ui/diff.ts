/** A unified diff, file by file. Every line of the text is in exactly one place. */

export type Sort = "added" | "removed" | "context" | "hunk" | "meta";

export interface DiffLine {
  readonly sort: Sort;
  readonly text: string;
}

export interface DiffFile {
  /** As the diff names it; empty for what stands before the first file. */
  readonly name: string;
  readonly lines: readonly DiffLine[];
  readonly added: number;
  readonly removed: number;
}

/** Takes a diff apart. What is no diff is one file of plain lines. */
export function diffFiles(diff: string): readonly DiffFile[] {
  const lines = diff.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const files: { name: string; lines: DiffLine[] }[] = [];
  let [oldLeft, newLeft] = [0, 0];
  lines.forEach((text, at) => {
    // What cannot be a line of a hunk ends it: no file hides behind a count that is too high.
    if (!/^[ +\-\\\n]/.test(text)) [oldLeft, newLeft] = [0, 0];
    const inHunk = oldLeft > 0 || newLeft > 0;
    const header = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(text);
    if (!inHunk && begins(text, lines[at + 1], files.at(-1)?.lines)) files.push({ name: "", lines: [] });
    if (files.length === 0) files.push({ name: "", lines: [] });
    const file = files[files.length - 1] as { name: string; lines: DiffLine[] };
    if (!inHunk && header !== null) {
      [oldLeft, newLeft] = [Number(header[1] ?? 1), Number(header[2] ?? 1)];
      return void file.lines.push({ sort: "hunk", text });
    }
    const sort = inHunk ? inside(text) : outside(text);
    if (inHunk && sort !== "added" && sort !== "meta") oldLeft -= 1;
    if (inHunk && sort !== "removed" && sort !== "meta") newLeft -= 1;
    if (!inHunk) file.name = named(text, file.name);
    file.lines.push({ sort, text });
  });
  return files.map((file) => ({ ...file, added: count(file.lines, "added"), removed: count(file.lines, "removed") }));
}

/** A file begins at `diff --git`, or at `---` with `+++` below it where no such line stands above. */
function begins(text: string, next: string | undefined, above: readonly DiffLine[] | undefined): boolean {
  if (text.startsWith("diff --git ")) return true;
  if (!text.startsWith("--- ") || next?.startsWith("+++ ") !== true) return false;
  return !(above?.some((one) => one.text.startsWith("diff --git ")) === true && !above.some(({ sort }) => sort === "hunk"));
}

function inside(text: string): Sort {
  if (text.startsWith("+")) return "added";
  if (text.startsWith("-")) return "removed";
  return text.startsWith("\\") ? "meta" : "context";
}

function outside(text: string): Sort {
  if (/^(diff --git|---|\+\+\+|index|new file|deleted file|old mode|new mode|rename|copy|similarity|Binary)/.test(text)) {
    return "meta";
  }
  // Not within a hunk, and still marked as one: shown as what it says.
  const sort = inside(text);
  return sort === "meta" ? "context" : sort;
}

function named(text: string, before: string): string {
  const git = /^diff --git a\/(.*) b\/(.*)\n?$/.exec(text);
  if (git !== null) return git[1] === git[2] ? (git[2] ?? "") : `${git[1] ?? ""} → ${git[2] ?? ""}`;
  const side = /^(?:---|\+\+\+) (?:[ab]\/)?([^\t\n]*)/.exec(text);
  const name = side?.[1] ?? "";
  return name === "" || name === "/dev/null" || (before !== "" && before.includes(name)) ? before : name;
}

const count = (lines: readonly DiffLine[], sort: Sort) => lines.filter((line) => line.sort === sort).length;
