/** What an address says. A pairing link's own fragment is a place as well. */

export type Place =
  | { readonly at: "inbox" | "history" | "pairings" | "verify" | "settings" | "freeze" }
  | { readonly at: "pair"; readonly link?: string }
  | { readonly at: "request"; readonly key: string };

const PLAIN = ["inbox", "history", "pairings", "verify", "settings", "freeze"] as const;

/** Reads an address. What it does not know is the inbox. */
export function placeOf(url: URL): Place {
  const hash = url.hash.slice(1);
  if (hash.startsWith("v=")) return { at: "pair", link: url.href };
  const [, name = "", ...rest] = hash.split("/");
  if (name === "pair") return { at: "pair" };
  if (name === "request" && rest.length === 2) return { at: "request", key: rest.map(decoded).join("/") };
  return { at: PLAIN.find((one) => one === name) ?? "inbox" };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address of a request. */
export function requestHref(key: string): string {
  const at = key.indexOf("/");
  return `#/request/${encodeURIComponent(key.slice(0, at))}/${encodeURIComponent(key.slice(at + 1))}`;
}

/** Whether an address is one of the machine that the page runs on. */
export function isHere(address: string): boolean {
  try {
    const { hostname } = new URL(address);
    return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
  } catch {
    return false;
  }
}
