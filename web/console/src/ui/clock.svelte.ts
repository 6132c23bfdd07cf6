/** One clock for the page, so that every countdown moves together. */

let millis = $state(Date.now());
let users = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** The moment, in milliseconds; read inside a component it is read again every second. */
export const clock = {
  get now() {
    return millis;
  },
};

/** Keeps the clock going while a component is there. */
export function ticking(): () => void {
  users += 1;
  millis = Date.now();
  timer ??= setInterval(() => (millis = Date.now()), 1000);
  return () => {
    users -= 1;
    if (users > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Seconds until a moment, not below 0. */
export function secondsTo(end: number): number {
  return Math.max(0, Math.ceil((end - millis) / 1000));
}
