import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { sealed } from "./build/shell.js";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const protocol = { find: "@countersign/protocol", replacement: here("../../sdk/typescript/src/index.ts") };

/** `--mode screens` builds the screens on a pretended desk, for tests in a browser. */
export default defineConfig(({ mode }) => {
  const screens = mode === "screens";
  return {
    root: screens ? here("test/screens") : here("."),
    publicDir: screens ? false : here("public"),
    base: screens ? "./" : "/",
    resolve: { alias: [protocol] },
    plugins: [svelte({ configFile: here("svelte.config.js") }), ...(screens ? [] : [sealed(here("dist"))])],
    build: {
      outDir: screens ? here(".screens") : here("dist"),
      emptyOutDir: true,
      target: "es2022",
      modulePreload: false,
      assetsInlineLimit: 0,
      cssCodeSplit: false,
      reportCompressedSize: true,
      // One script that starts the page, and one for the page that checks files: `sealed` refuses another one.
      rolldownOptions: { output: screens ? { codeSplitting: false } : {} },
    },
  };
});
