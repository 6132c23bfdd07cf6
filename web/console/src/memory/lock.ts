/** One lock for all tabs of this page: who signs or sends holds it. */

/** Does work while nobody else does work under this lock. */
export type Lock = <T>(work: () => Promise<T>) => Promise<T>;

/** The lock that all tabs share. */
export function tabLock(locks: LockManager, name = "countersign"): Lock {
  return <T>(work: () => Promise<T>) => locks.request(name, work) as Promise<T>;
}

/** The same within one tab, for where there is only one. */
export function lonelyLock(): Lock {
  let before: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const mine = before.then(work, work);
    before = mine.catch(() => undefined);
    return mine;
  };
}
