/** What this device keeps, and the lock under which it signs. */

export { lonelyLock, tabLock } from "./lock.js";
export type { Lock } from "./lock.js";
export { AlreadyAnswered, Memory } from "./memory.js";
export type { Condition, Marker, SignedAnswer } from "./memory.js";
