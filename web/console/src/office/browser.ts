/** The office of a page: what it stands on in a browser. */

import { browserEdge } from "../edge.js";
import { tabLock } from "../memory/index.js";
import { Office } from "./office.js";

/** Outlives what a browser throws away first, and tells that something was there. */
const MARK = "countersign-paired";

/** How long a page may be out of sight before its streams are opened anew. */
const ASLEEP = 30_000;

/**
 * Opens the office of this page.
 *
 * @throws StorageError where the browser keeps nothing for this page, such as in a private window
 */
export async function openOffice(): Promise<Office> {
  const marker = { get: () => localStorage.getItem(MARK) !== null, set: () => localStorage.setItem(MARK, "1") };
  const office = await Office.open({
    edge: browserEdge(),
    disk: indexedDB,
    subtle: crypto.subtle,
    lock: tabLock(navigator.locks),
    marker,
    tabs: new BroadcastChannel("countersign"),
  });
  // Asked for and not counted on: a browser may say no.
  void navigator.storage.persist().catch(() => false);
  let hidden = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") hidden = Date.now();
    else if (Date.now() - hidden > ASLEEP) office.wake();
  });
  addEventListener("online", () => office.wake());
  return office;
}
