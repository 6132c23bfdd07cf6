/** How long to wait before the next try. */

const FIRST = 250;
const LONGEST = 10_000;

/** Where the gateway says that it does not know the device: it is asked now and then whether it does again. */
export const SLOW = 60_000;

/**
 * The wait before try number `attempt` (the first retry is 0): 250 ms, doubling up to `longest`. `jitter`
 * is any random byte; it takes off up to half, so that many do not come back in the same moment.
 */
export function backoff(attempt: number, jitter: number, longest = LONGEST): number {
  const full = Math.min(FIRST * 2 ** Math.min(attempt, 30), longest);
  return full - Math.floor((full * jitter) / 512);
}
