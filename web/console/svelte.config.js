import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

export default {
  preprocess: vitePreprocess({ script: false }),
  compilerOptions: {
    runes: true,
    // Elements are made one by one and never out of a text, so that Trusted Types have nothing to object to.
    fragments: "tree",
    css: "external",
  },
};
