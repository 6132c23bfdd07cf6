/**
 * The script that is loaded later. The page names it with its digest in a template, where it does nothing; a copy of
 * it on the page is fetched and compared as the first script was. What is imported afterwards from the same address
 * is what was compared: a page fetches a module once.
 */

const LATER = "template#later";

let loading: Promise<void> | undefined;

/** Ends once the script is here. Rejects where it did not arrive, or is not the one that the page names. */
export function held(): Promise<void> {
  // What failed may be there the next time.
  loading ??= loaded().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

function loaded(): Promise<void> {
  const named = document.querySelector<HTMLTemplateElement>(LATER)?.content.querySelector("script[integrity]");
  if (named == null) return Promise.reject(new Error("the page names no script to load"));
  const script = document.importNode(named, true);
  return new Promise((done, fail) => {
    script.addEventListener("load", () => done());
    script.addEventListener("error", () => fail(new Error("the script did not arrive whole")));
    document.head.append(script);
  });
}
