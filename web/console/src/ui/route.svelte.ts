/** Where the person is, as the address says. */

import { placeOf } from "./place.js";
import type { Place } from "./place.js";

let place = $state.raw<Place>({ at: "inbox" });

export const route = {
  get place() {
    return place;
  },
  /** Follows the address until the returned function is called. */
  follow(): () => void {
    const read = () => {
      place = placeOf(new URL(location.href));
      // The secret in a link stays in no address bar and no list of visited places.
      if (place.at === "pair" && place.link !== undefined) history.replaceState(null, "", "/#/pair");
    };
    read();
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  },
  go(hash: string): void {
    location.hash = hash;
  },
};
