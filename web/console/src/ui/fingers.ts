/** A fingerprint in groups of four, as people compare it. */
export function fingers(fingerprint: string): string {
  return (fingerprint.match(/.{1,4}/g) ?? []).join(" ");
}
