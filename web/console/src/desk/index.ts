/** One pairing at work: list, open, answer, send again, stop, end. */

export { Desk, DeskError } from "./desk.js";
export type { Place } from "./desk.js";
export { NotOpened, open } from "./open.js";
export { NotSigned } from "./sign.js";
export { watch } from "./watch.js";
export type { Watcher } from "./watch.js";
