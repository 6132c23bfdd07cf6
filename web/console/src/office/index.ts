/** What the screens need of the rooms below. */

export { openOffice } from "./browser.js";
export { Office } from "./office.js";
export type { Home, Invitation, Joining, Picture, Reach } from "./office.js";
