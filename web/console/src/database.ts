/** IndexedDB as promises. A change is told as done only when it is on the disk. */

/** Why nothing can be kept here. */
export class StorageError extends Error {
  override readonly name = "StorageError";
}

/**
 * Opens a database, and makes its stores where it is new.
 *
 * @throws StorageError where the browser keeps nothing, such as in a private window
 */
export function openDatabase(
  factory: IDBFactory,
  name: string,
  make: (database: IDBDatabase) => void,
): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const refuse = (): void => reject(new StorageError("this browser keeps no data for this page"));
    let opening: IDBOpenDBRequest;
    try {
      opening = factory.open(name, 1);
    } catch {
      return refuse();
    }
    opening.onupgradeneeded = () => make(opening.result);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = refuse;
    opening.onblocked = refuse;
  });
}

/** The result of one request. */
export function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new StorageError("what is kept here could not be read or written"));
  });
}

/** Reads from some stores. */
export async function reading<T>(
  database: IDBDatabase,
  stores: readonly string[],
  work: (transaction: IDBTransaction) => Promise<T>,
): Promise<T> {
  return within(database, stores, "readonly", work);
}

/** Changes some stores: all of it, or where `work` fails nothing. */
export async function writing<T>(
  database: IDBDatabase,
  stores: readonly string[],
  work: (transaction: IDBTransaction) => Promise<T>,
): Promise<T> {
  return within(database, stores, "readwrite", work);
}

async function within<T>(
  database: IDBDatabase,
  stores: readonly string[],
  mode: IDBTransactionMode,
  work: (transaction: IDBTransaction) => Promise<T>,
): Promise<T> {
  const transaction = begin(database, stores, mode);
  const ended = new Promise<void>((resolve, reject) => {
    const refuse = (): void => reject(new StorageError("what is kept here could not be written"));
    transaction.oncomplete = () => resolve();
    transaction.onerror = refuse;
    transaction.onabort = refuse;
  });
  let found: T;
  try {
    found = await work(transaction);
  } catch (error) {
    ended.catch(() => undefined);
    abort(transaction);
    throw error;
  }
  await ended;
  return found;
}

function begin(
  database: IDBDatabase,
  stores: readonly string[],
  mode: IDBTransactionMode,
): IDBTransaction {
  try {
    // Strict: an answer that is sent must be found again after the power fails.
    return database.transaction([...stores], mode, { durability: "strict" });
  } catch {
    throw new StorageError("what was kept here is gone or closed: load the page again");
  }
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has ended already.
  }
}
