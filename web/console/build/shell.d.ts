import type { Plugin } from "vite";

export declare function sealed(folder: string): Plugin;
