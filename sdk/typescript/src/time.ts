/**
 * Time as text that is hashed, and as an instant that is compared. No clock: time is passed in.
 */

/** An RFC 3339 timestamp that keeps the text it was read from, because the hash is over the text. */
export interface Timestamp {
  /** The text as received. */
  readonly text: string;
  /** The moment it names, in milliseconds since the Unix epoch. */
  readonly millis: number;
}

const SHAPE =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** The last moment that both implementations can name: 9999-12-30T22:00:00Z. */
const LAST = 253_402_207_200_000;

/**
 * Reads RFC 3339 with an offset or `Z`, capitals only. A leap second is refused, since it names a
 * moment that most clocks cannot.
 */
export function timestamp(text: string): Timestamp | undefined {
  const found = SHAPE.exec(text);
  if (found === null || text.length > 40) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [
    number, number, number, number, number, number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const [ahead, behind] = [Number(found[9] ?? "0"), Number(found[10] ?? "0")];
  if (ahead > 23 || behind > 59) return undefined;
  const offset = (found[8] === "-" ? -1 : 1) * (ahead * 60 + behind) * 60_000;
  const seconds = epoch(year, month, day) + (hour * 3600 + minute * 60 + second) * 1000 - offset;
  return ending(text, seconds, (found[7] ?? "").padEnd(9, "0"));
}

/** The text form of a moment: UTC, whole seconds where possible. */
export function atMillis(millis: number): Timestamp {
  return { text: new Date(millis).toISOString().replace(/\.?0*Z$/, "Z"), millis };
}

function ending(text: string, seconds: number, fraction: string): Timestamp | undefined {
  if (seconds > LAST) return undefined;
  // Towards zero, also before 1970: half a millisecond is nobody's deadline.
  const exact = seconds + Number(fraction.slice(0, 3));
  const rest = Number(fraction.slice(3));
  return { text, millis: exact < 0 && rest > 0 ? exact + 1 : exact };
}

/** Midnight in UTC. `Date.UTC` would take the years 0 to 99 for 1900 to 1999. */
function epoch(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month - 1, day);
}

function daysIn(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  if (month === 2) return leap ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
