/**
 * Where a relay is: scheme, host and port, spelled in one way only, since both sides put the text
 * into what they prove.
 */

/**
 * Reads an origin as a person types it: case, one trailing slash and a default port are forgiven.
 * `undefined` where it is none, also where a path, a user name, a query or a fragment follows.
 */
export function parseOrigin(text: string): string | undefined {
  const lower = text.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const parts = /^(https?):\/\/(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::([1-9][0-9]{0,4}))?\/?$/.exec(lower);
  if (parts === null) return undefined;
  const [, scheme = "", host = "", port] = parts;
  if (!isHost(host) || Number(port ?? 1) > 65_535) return undefined;
  const usual = scheme === "https" ? "443" : "80";
  return port === undefined || port === usual ? `${scheme}://${host}` : `${scheme}://${host}:${port}`;
}

/** Whether a text is an origin in its one spelling. */
export function isOrigin(text: string): boolean {
  return parseOrigin(text) === text;
}

/** Whether the address is one of this machine, where plain HTTP is no risk. */
export function isLoopback(origin: string): boolean {
  const host = /^https?:\/\/(\[[^\]]*\]|[^:/]*)/.exec(origin)?.[1] ?? "";
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

function isHost(host: string): boolean {
  if (host.startsWith("[")) return isAddress(host);
  const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
  return host.length <= 253 && host.split(".").every((part) => label.test(part));
}

/** An IPv6 address in its one form, which is the one that `URL` writes. */
function isAddress(host: string): boolean {
  try {
    return new URL(`http://${host}`).hostname === host;
  } catch {
    return false;
  }
}
