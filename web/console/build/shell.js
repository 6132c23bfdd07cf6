/** Steps of the build: what the page is made of is named by its digest. */

import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const digest = (bytes, name) => createHash(name).update(bytes);

/** Names the script that is loaded later where it does nothing yet, so that it is held to a digest as well. */
function withLater(text, assets) {
  const later = assets.filter((name) => name.endsWith(".js") && !text.includes(`/assets/${name}`));
  if (later.length !== 1) throw new Error(`one script is loaded later, not ${later.length}: ${later.join(", ")}`);
  return text.replace("</body>", `  <template id="later"><script type="module" crossorigin src="/assets/${later[0]}"></script></template>\n  </body>`);
}

/** Subresource integrity on every script and style, and the service worker's list of files. */
export function sealed(folder) {
  return {
    name: "sealed-shell",
    apply: "build",
    closeBundle() {
      const page = join(folder, "index.html");
      const text = withLater(readFileSync(page, "utf8"), readdirSync(join(folder, "assets"))).replace(/<(script|link)\b([^>]*?)(src|href)="(\/assets\/[^"]+)"([^>]*)>/g,
        (_, tag, before, attribute, path, after) => {
          const hash = digest(readFileSync(join(folder, path)), "sha384").digest("base64");
          return `<${tag}${before}${attribute}="${path}"${after} integrity="sha384-${hash}">`;
        });
      writeFileSync(page, text);
      const assets = readdirSync(join(folder, "assets")).sort().map((name) => `/assets/${name}`);
      const files = ["/", ...assets, "/manifest.webmanifest", "/icon.svg", "/icon-192.png", "/icon-512.png", "/icon-180.png"];
      const all = digest("", "sha256");
      for (const file of files) all.update(file).update(readFileSync(join(folder, file === "/" ? "index.html" : file)));
      const worker = readFileSync("src/worker.js", "utf8")
        .replace("__VERSION__", all.digest("hex").slice(0, 16))
        .replace("__FILES__", JSON.stringify(files));
      writeFileSync(join(folder, "sw.js"), worker);
    },
  };
}
