/** What the screens need of the rooms below. */

export { Office } from "./office.js";
export type { Home, Invitation, Joining, Picture, Reach } from "./office.js";
