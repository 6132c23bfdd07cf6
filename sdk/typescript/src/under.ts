/**
 * Which texts the policy hash of a receipt stands for, as far as the acceptances before it tell.
 *
 * A hash that they do not make up is no lie: a file that nobody accepted is a layer as well. It is
 * told, because nobody can say then under which words something was judged.
 */

import { isHash } from "./encoding.js";
import { comparePoints, sha256 } from "./json.js";
import type { JsonObject } from "./json.js";

/** No home accepts policies in more places at once; beyond that no hash is made any more. */
const MOST_PLACES = 64;

/** Nor are more hashes kept. */
const MOST_HASHES = 100_000;

/** What an auditor's program knows of policies besides the texts inside. */
export interface Known {
  /** The built-in policy, which holds where a home accepted no text of its own. */
  readonly builtin?: string;
  /** What stands in place of a policy hash where a rule of the enforcer's own applied. */
  readonly own: readonly string[];
}

interface Layer {
  readonly layer: "builtin" | "organisation" | "home" | "workspace";
  readonly sha256: string;
}

/** The acceptances so far, and how many receipts they explain. */
export class Under {
  private organisation: string | undefined;
  private home: string | undefined;
  private readonly workspaces = new Map<string, string>();
  /**
   * Every policy hash that some state of the acceptances so far makes up: a request is judged once,
   * and what comes of it is written down under the policies of that moment.
   */
  private readonly made = new Set<string>();
  explained = 0;
  own = 0;
  unexplained = 0;
  /** The first receipt that they do not explain. */
  first: number | undefined;

  constructor(private readonly known: Known) {
    this.make();
  }

  /** Another text holds in a place from here on. */
  accept(action: JsonObject, text: string): void {
    const { place, workspace } = action;
    const elsewhere = typeof workspace !== "string";
    if (place === "organisation" && elsewhere) this.organisation = text;
    else if (place === "home" && elsewhere) this.home = text;
    else if (place === "workspace" && !elsewhere) this.workspaces.set(workspace, text);
    else return;
    this.make();
  }

  /** Compares what a receipt names. */
  compare(seq: number, policyHash: string | undefined): void {
    if (policyHash === undefined) return;
    if (this.known.own.includes(policyHash)) this.own += 1;
    else if (this.made.has(policyHash)) this.explained += 1;
    else {
      this.unexplained += 1;
      this.first ??= seq;
    }
  }

  /** Makes the hash of every workspace that can be told apart now, and of everywhere else. */
  private make(): void {
    if (this.workspaces.size > MOST_PLACES || this.made.size > MOST_HASHES) return;
    for (const dir of [...this.workspaces.keys(), ""]) this.made.add(policyHash(this.layers(dir)));
  }

  /** The layers in a workspace, from the widest to the narrowest. */
  private layers(dir: string): readonly Layer[] {
    const layer = (name: Layer["layer"], text: string | undefined): readonly Layer[] =>
      text === undefined ? [] : [{ layer: name, sha256: text }];
    // A directory stands before those below it, as text is sorted.
    const sorted = [...this.workspaces].sort(([a], [b]) => comparePoints(a, b));
    const above = sorted.filter(([other]) => isBelow(dir, other));
    return [
      ...layer("builtin", this.home === undefined ? this.known.builtin : undefined),
      ...layer("organisation", this.organisation),
      ...layer("home", this.home),
      ...above.flatMap(([, text]) => layer("workspace", text)),
    ];
  }
}

/** The text that a receipt's action accepts. */
export function acceptedBy(action: JsonObject): string | undefined {
  return typeof action.sha256 === "string" && isHash(action.sha256) ? action.sha256 : undefined;
}

/** The policy hash of layers, all of them accepted, from the widest to the narrowest. */
function policyHash(layers: readonly Layer[]): string {
  const whole = layers.map(({ layer, sha256: text }) => ({ layer, sha256: text, accepted: true }));
  return sha256({ policy: "countersign.policy/v1", layers: whole });
}

/** Whether a directory is another one, or below it. */
function isBelow(dir: string, other: string): boolean {
  const [inner, outer] = [parts(dir), parts(other)];
  return outer.every((part, at) => part === inner[at]);
}

function parts(path: string): readonly string[] {
  const rooted = path.startsWith("/");
  const names = path.split("/").filter((part, at) => part !== "" && (part !== "." || (at === 0 && !rooted)));
  return rooted ? ["/", ...names] : names;
}
