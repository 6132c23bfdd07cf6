/** Who serves this page: a gateway, or a console on this machine that leads to one. */

import { json, pairing } from "@countersign/protocol";
import type { Edge } from "../edge.js";

const MOST = 1024;

/** The gateway's origin where a console on this machine serves the page, as that one says it; a hint for a form. */
export async function servedBy(edge: Edge): Promise<string | undefined> {
  try {
    const rules = { redirect: "error", credentials: "omit", cache: "no-store" } as const;
    const response = await edge.fetch("/here.json", rules);
    if (!response.ok) return undefined;
    const { gateway } = json.parse(new Uint8Array(await response.arrayBuffer()), MOST) as { gateway?: unknown };
    return typeof gateway === "string" ? pairing.parseRelay(gateway) : undefined;
  } catch {
    return undefined;
  }
}
