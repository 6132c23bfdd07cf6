/** What a file is: by what it says of itself, never by its name. */

import { json, trust } from "@countersign/protocol";

/** Why a file is of no use here. */
export type Trouble = "unreadable" | "empty" | "ledger" | "long" | "neither" | "trust";

/** A file that was looked at. Everything in it is somebody else's. */
export type Identified =
  | { readonly is: "trust"; readonly trust: trust.TrustStore }
  | { readonly is: "receipt"; readonly bytes: Uint8Array }
  | { readonly is: "bundle"; readonly blob: Blob }
  /** `because` is what the reader said of it. */
  | { readonly is: "nothing"; readonly trouble: Trouble; readonly because: string };

const SQLITE = "SQLite format 3\0";
const COVER = '{"bundle":';

/** Looks at a file. Never rejects. */
export async function identified(blob: Blob): Promise<Identified> {
  try {
    if (blob.size === 0) return nothing("empty");
    const start = new TextDecoder().decode(await blob.slice(0, 64).arrayBuffer());
    if (start.startsWith(SQLITE)) return nothing("ledger");
    if (start.startsWith(COVER)) return { is: "bundle", blob };
    if (blob.size > json.limit.RECEIPT) return nothing("long");
    return document(new Uint8Array(await blob.arrayBuffer()));
  } catch (error) {
    return nothing("unreadable", error);
  }
}

function document(bytes: Uint8Array): Identified {
  let type: json.JsonValue | undefined;
  try {
    const value = json.parse(bytes, json.limit.RECEIPT);
    type = typeof value === "object" && value !== null ? (value as json.JsonObject).type : undefined;
  } catch (error) {
    return nothing("neither", error);
  }
  if (typeof type === "string" && type.startsWith("countersign.receipt/")) return { is: "receipt", bytes };
  if (typeof type === "string" && type.startsWith("countersign.trust/")) return pinned(bytes);
  return nothing("neither");
}

function pinned(bytes: Uint8Array): Identified {
  try {
    return { is: "trust", trust: trust.parseTrust(bytes) };
  } catch (error) {
    return nothing("trust", error);
  }
}

function nothing(trouble: Trouble, error?: unknown): Identified {
  return { is: "nothing", trouble, because: error instanceof Error ? error.message : "" };
}
