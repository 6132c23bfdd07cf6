/**
 * A shell line taken apart for the eye. No judgement hangs on it: what it cannot follow it leaves
 * whole, and the line itself stands above.
 */

/** One command of a line, and what joins it to the one before. */
export interface Segment {
  readonly joint: string;
  readonly text: string;
  /** Programs at its beginning that start another one. */
  readonly wrappers: readonly string[];
  /** Whether `$(…)` or back-ticks run something inside it. */
  readonly substitutes: boolean;
  readonly redirects: boolean;
}

const WRAPPERS = new Set([
  "sudo", "doas", "su", "env", "xargs", "nohup", "timeout", "time", "nice", "ionice", "setsid", "stdbuf", "exec",
  "command", "builtin", "eval", "sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "busybox", "ssh", "watch", "find",
  "parallel", "strace", "unshare", "chroot", "docker", "podman", "npx", "python", "python3", "node", "perl", "ruby",
]);
const JOINTS = ["&&", "||", "|&", ";", "|", "&", "\n"];

/** The commands of a line, in order. The texts and joints put together are the line, but for spaces. */
export function segments(line: string): readonly Segment[] {
  const found: Segment[] = [];
  let [joint, text, at] = ["", "", 0];
  const push = (next: string) => {
    if (text.trim() !== "" || joint !== "") found.push(segment(joint, text.trim()));
    [joint, text] = [next, ""];
  };
  while (at < line.length) {
    const end = quoteEnd(line, at);
    const next = end > at ? undefined : JOINTS.find((one) => line.startsWith(one, at) && !isRedirect(line, at, one));
    if (next !== undefined) push(next);
    else text += line.slice(at, Math.max(end, at + 1));
    at = next === undefined ? Math.max(end, at + 1) : at + next.length;
  }
  push("");
  return found;
}

/** `2>&1` and `&>` join no commands. */
function isRedirect(line: string, at: number, joint: string): boolean {
  return joint === "&" && (line[at - 1] === ">" || line[at - 1] === "<" || line[at + 1] === ">");
}

/** Where the quoted or escaped piece at `at` ends; `at` where there is none. */
function quoteEnd(line: string, at: number): number {
  const open = line[at];
  if (open === "\\") return at + 2;
  if (open === "'" || open === "`") return closing(line, at, open);
  if (open === '"') {
    let end = at + 1;
    while (end < line.length && line[end] !== '"') end += line[end] === "\\" ? 2 : 1;
    return Math.min(end + 1, line.length);
  }
  return open === "$" && line[at + 1] === "(" ? parenthesised(line, at + 1) : at;
}

function closing(line: string, at: number, quote: string): number {
  const end = line.indexOf(quote, at + 1);
  return end < 0 ? line.length : end + 1;
}

function parenthesised(line: string, at: number): number {
  let depth = 0;
  for (let end = at; end < line.length; end += 1) {
    if (line[end] === "(") depth += 1;
    if (line[end] === ")") depth -= 1;
    if (depth === 0) return end + 1;
  }
  return line.length;
}

function segment(joint: string, text: string): Segment {
  return {
    joint,
    text,
    wrappers: wrappersIn(text.split(/\s+/, 24)),
    substitutes: /\$\(|`|<\(/.test(text),
    redirects: /[<>]/.test(text),
  };
}

/** Programs at the beginning that start another one; options and assignments between them are passed over. */
export function wrappersIn(argv: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const one of argv) {
    const name = one.slice(one.lastIndexOf("/") + 1);
    if (WRAPPERS.has(name)) found.push(name);
    else if (!one.startsWith("-") && !/^\w+=/.test(one) && !/^\d+[smh]?$/.test(one)) break;
  }
  return found;
}

const SHELL = new Set(["sh", "bash", "dash", "zsh", "ksh", "ash", "fish", "busybox"]);

/** The arguments of a command that a shell would read as lines. */
export function shellLines(argv: readonly (string | undefined)[]): readonly string[] {
  const shell = argv.findIndex((one) => one !== undefined && SHELL.has(one.slice(one.lastIndexOf("/") + 1)));
  if (shell < 0) return [];
  const rest = argv.slice(shell + 1);
  const flag = rest.findIndex((one) => one !== undefined && /^-(?!-)[a-z]*c/.test(one));
  const line = flag < 0 ? undefined : rest[flag + 1];
  return line === undefined ? [] : [line];
}
