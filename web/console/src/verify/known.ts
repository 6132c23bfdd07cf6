/** What an enforcer of this version goes by besides accepted texts. A test of the enforcer compares them. */

import type { under } from "@countersign/protocol";

export const KNOWN: under.Known = {
  builtin: "f3d2cf7ef4a89b7b612171eac3a28833a7b878e83b902c7e1d007e172b9c10b1",
  own: [
    "29570a6fe05c7f4a8128e87ea4bb1ada41b26586d827ee474463fef9b914a32b",
    "0000000000000000000000000000000000000000000000000000000000000000",
  ],
};
