/** How this device becomes an approver, by a link or by a typed code. */

export { Join } from "./join.js";
export type { Labels, Place, Seen } from "./join.js";
export { invitation, originOf } from "./machine.js";
export type { Failure, Invitation } from "./machine.js";
