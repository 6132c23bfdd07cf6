/** What dropped files are and what they prove: pure functions of their bytes, with no network and no memory. */

export { bundleIn, receiptIn } from "./check.js";
export type { Checked, Told } from "./check.js";
export { identified } from "./file.js";
export type { Identified, Trouble } from "./file.js";
export type { Place } from "./where.js";
