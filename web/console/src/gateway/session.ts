/** One device at its gateway: it proves that it holds its key, and gets a token for a while. */

import { encoding, keys, shape, time } from "@countersign/protocol";
import type { json } from "@countersign/protocol";
import type { Edge } from "../edge.js";
import { call, sense } from "./call.js";
import type { Ask } from "./call.js";
import { GatewayError } from "./error.js";

/** A device that calls. */
export interface Caller {
  /** The gateway's origin, as the device signs it. */
  readonly gateway: string;
  readonly deviceId: string;
  readonly device: keys.Device;
}

/** The session of one device. */
export class Session {
  readonly edge: Edge;
  readonly caller: Caller;
  /** The newest token, so that many calls at once prove possession once. */
  #token: Promise<string> | undefined;

  constructor(edge: Edge, caller: Caller) {
    this.edge = edge;
    this.caller = caller;
  }

  /**
   * Makes a call with a token; where the gateway no longer knows it, once more with another.
   *
   * @throws GatewayError
   */
  async call(ask: Ask): Promise<json.JsonValue | undefined> {
    return this.with((token) => call(this.edge, this.caller.gateway, { ...ask, token }));
  }

  /** Does something with a token, and once more with another where it is refused. */
  async with<T>(work: (token: string) => Promise<T>): Promise<T> {
    const token = await this.token();
    try {
      return await work(token);
    } catch (error) {
      if (!(error instanceof GatewayError) || error.status !== 401) throw error;
      return work(await this.token(token));
    }
  }

  /** A token; another one than `stale`. */
  async token(stale?: string): Promise<string> {
    const held = (this.#token ??= this.#prove());
    try {
      const token = await held;
      if (token !== stale) return token;
      // Who comes second finds the first one's new token.
      if (this.#token === held) this.#token = this.#prove();
      return await (this.#token ?? held);
    } catch (error) {
      this.#token = undefined;
      throw error;
    }
  }

  /** Signs where this device believes that it talks to, together with the gateway's nonce. */
  async #prove(): Promise<string> {
    const { edge, caller } = this;
    const nonce = await this.#challenge();
    const keyId = keys.keyId(caller.device.publicKeys.signing);
    const possession = {
      gatewayOrigin: caller.gateway,
      serverNonce: nonce,
      keyId,
      time: time.atMillis(edge.now()).text,
    };
    const signature = encoding.base64(await keys.signDomain(caller.device, "auth", possession));
    const body = { ...possession, signature };
    const reply = await call(edge, caller.gateway, { method: "POST", path: ["auth", "session"], body });
    return sense(() => {
      const found = shape.members(reply, "session", ["token", "expiresAt"]);
      return visible(shape.text(found.token, "token"));
    });
  }

  async #challenge(): Promise<string> {
    const { edge, caller } = this;
    const reply = await call(edge, caller.gateway, { method: "GET", path: ["auth", "challenge"] });
    return sense(() => {
      const found = shape.members(reply, "challenge", ["serverNonce", "expiresAt"]);
      return visible(shape.text(found.serverNonce, "serverNonce"));
    });
  }
}

/** What is signed along or put into a header is visible, and short. */
function visible(text: string): string {
  if (/^[!-~]{1,256}$/.test(text)) return text;
  throw new GatewayError("nonsense");
}
