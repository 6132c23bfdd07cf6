/** Steps of the build: what the page is made of is named by its digest. */

import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const digest = (bytes, name) => createHash(name).update(bytes);
const integrity = (path) => `sha384-${digest(readFileSync(path), "sha384").digest("base64")}`;

/** Names the script that is loaded later where it does nothing yet, so that it is held to a digest as well. */
function withLater(text, assets) {
  const later = assets.filter((name) => name.endsWith(".js") && !text.includes(`/assets/${name}`));
  if (later.length !== 1) throw new Error(`one script is loaded later, not ${later.length}: ${later.join(", ")}`);
  return text.replace("</body>", `  <template id="later"><script type="module" crossorigin src="/assets/${later[0]}"></script></template>\n  </body>`);
}

/** Subresource integrity on every script and style, and the service worker's list of files, each with its digest. */
export function sealed(folder) {
  return {
    name: "sealed-shell",
    apply: "build",
    closeBundle() {
      const page = join(folder, "index.html");
      const text = withLater(readFileSync(page, "utf8"), readdirSync(join(folder, "assets"))).replace(/<(script|link)\b([^>]*?)(src|href)="(\/assets\/[^"]+)"([^>]*)>/g,
        (_, tag, before, attribute, path, after) => {
          return `<${tag}${before}${attribute}="${path}"${after} integrity="${integrity(join(folder, path))}">`;
        });
      writeFileSync(page, text);
      const assets = readdirSync(join(folder, "assets")).sort().map((name) => `/assets/${name}`);
      const files = ["/", ...assets, "/manifest.webmanifest", "/icon.svg", "/icon-192.png", "/icon-512.png", "/icon-180.png"];
      const named = Object.fromEntries(files.map((file) => [file, integrity(join(folder, file === "/" ? "index.html" : file))]));
      const listed = JSON.stringify(named);
      const worker = readFileSync("src/worker.js", "utf8")
        .replace("__VERSION__", digest(listed, "sha256").digest("hex").slice(0, 16))
        .replace("__FILES__", listed);
      writeFileSync(join(folder, "sw.js"), worker);
    },
  };
}
