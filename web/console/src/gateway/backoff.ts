/** How long to wait before the next try. */

const FIRST = 250;
const LONGEST = 10_000;

/**
 * The wait before try number `attempt` (the first retry is 0): 250 ms, doubling up to 10 s. `jitter`
 * is any random byte; it takes off up to half, so that many do not come back in the same moment.
 */
export function backoff(attempt: number, jitter: number): number {
  const full = Math.min(FIRST * 2 ** Math.min(attempt, 30), LONGEST);
  return full - Math.floor((full * jitter) / 512);
}
