/** A gateway as this device sees it: calls and a stream, of which it believes nothing. */

export { backoff } from "./backoff.js";
export { SILENCE, follow } from "./channel.js";
export type { Follower } from "./channel.js";
export * as calls from "./calls.js";
export { GatewayError } from "./error.js";
export { noteIn } from "./messages.js";
export type { Envelope, InboxPage, PairingStatus, Resolved } from "./messages.js";
export { servedBy } from "./served.js";
export { Session } from "./session.js";
export type { Caller } from "./session.js";
