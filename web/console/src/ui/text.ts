/** The first characters of a text for a list, never half of one; where it is whole it is read elsewhere. */
export function start(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = /[\ud800-\udbff]/.test(text[most - 1] ?? "") ? most - 1 : most;
  return `${text.slice(0, end)}…`;
}
