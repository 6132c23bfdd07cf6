/** What a person reads before they answer: pure functions of an opened request. */

export { grantWords, inWords, offered, span } from "./always.js";
export { hasDeceptive, mixesScripts, pieces, visible } from "./display.js";
export { actionLine } from "./headline.js";
export { answering, displayHash, reviewOf, withoutSecrets } from "./review.js";
export { soFarLine } from "./so-far.js";
export type { Subject } from "./subject.js";
export { actionFacts } from "./what.js";
