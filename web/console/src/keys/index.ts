/**
 * One pair of keys for each pairing, which this page uses and cannot read: WebCrypto keys that are
 * not extractable, kept in IndexedDB as they are.
 */

import { keys } from "@countersign/protocol";
import { openDatabase, reading, result, writing } from "../database.js";

export { PasskeyRefused, browserPasskeys } from "./passkey.js";
export type { Passkeys } from "./passkey.js";

const STORE = "keys";

/** The keys of one device. The secret halves are handles. */
interface Held {
  readonly keyId: string;
  readonly publicKeys: keys.PublicKeys;
  readonly signing: CryptoKey;
  readonly exchange: CryptoKey;
}

/** Why no keys can be made or used. */
export class KeysError extends Error {
  override readonly name = "KeysError";
}

/** Makes keys, keeps them, and finds them again by their id. */
export class KeyStore {
  readonly #database: IDBDatabase;
  readonly #subtle: SubtleCrypto;

  private constructor(database: IDBDatabase, subtle: SubtleCrypto) {
    this.#database = database;
    this.#subtle = subtle;
  }

  /** @throws StorageError */
  static async open(factory: IDBFactory, subtle: SubtleCrypto): Promise<KeyStore> {
    const make = (made: IDBDatabase): unknown => made.createObjectStore(STORE, { keyPath: "keyId" });
    return new KeyStore(await openDatabase(factory, "countersign-keys", make), subtle);
  }

  /**
   * New keys. They are kept before anybody hears of them.
   *
   * @throws KeysError where the browser has no such keys; StorageError
   */
  async make(): Promise<keys.Device> {
    const held = await made(this.#subtle);
    await writing(this.#database, [STORE], (open) => result(open.objectStore(STORE).add(held)));
    return deviceOf(held, this.#subtle);
  }

  /** The device with this key; `undefined` where its keys are gone. @throws StorageError */
  async find(keyId: string): Promise<keys.Device | undefined> {
    const held = await reading(this.#database, [STORE], (open) =>
      result(open.objectStore(STORE).get(keyId) as IDBRequest<Held | undefined>),
    );
    return held === undefined ? undefined : deviceOf(held, this.#subtle);
  }

  /** Forgets keys for good. @throws StorageError */
  async forget(keyId: string): Promise<void> {
    await writing(this.#database, [STORE], (open) => result(open.objectStore(STORE).delete(keyId)));
  }
}

async function made(subtle: SubtleCrypto): Promise<Held> {
  try {
    const signing = (await subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
    const exchange = (await subtle.generateKey("X25519", false, ["deriveBits"])) as CryptoKeyPair;
    const [sign, point] = await Promise.all([raw(subtle, signing), raw(subtle, exchange)]);
    const bound = await subtle.sign("Ed25519", signing.privateKey, own(keys.exchangeBytes(point)));
    const publicKeys = { signing: sign, exchange: point, kxSignature: new Uint8Array(bound) };
    const keyId = keys.keyId(sign);
    return { keyId, publicKeys, signing: signing.privateKey, exchange: exchange.privateKey };
  } catch {
    throw new KeysError("this browser has no Ed25519 and X25519 keys: a newer one is needed");
  }
}

async function raw(subtle: SubtleCrypto, pair: CryptoKeyPair): Promise<Uint8Array> {
  return new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
}

function deviceOf({ publicKeys, signing, exchange }: Held, subtle: SubtleCrypto): keys.Device {
  return {
    publicKeys,
    async sign(bytes) {
      return new Uint8Array(await subtle.sign("Ed25519", signing, own(bytes)));
    },
    async agree(point) {
      const peer = await subtle.importKey("raw", own(point), "X25519", true, []);
      const shared = await subtle.deriveBits({ name: "X25519", public: peer }, exchange, 256);
      return new Uint8Array(shared);
    },
  };
}

/** WebCrypto takes no bytes that another thread may change while it reads them. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
