/** What a terminal shows, as the elements of a page: only what our own screen writes. */

const PLAIN = ["#1e1e1e", "#f14c4c", "#23d18b", "#e5c07b", "#3b8eea", "#d670d6", "#29b8db", "#d4d4d4"];
const BRIGHT = ["#8a8a8a", "#ff6b6b", "#3fe0a0", "#f5d58b", "#63a8f5", "#e58be5", "#5fd3ec", "#ffffff"];

interface Style {
  readonly colour?: string | undefined;
  readonly back?: string | undefined;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly turned?: boolean;
  readonly under?: boolean;
}

/** A run of text in one style. */
export interface Run {
  readonly text: string;
  readonly css: string;
}

/** Cuts what `tmux capture-pane -e` wrote into runs. */
export function runs(captured: string): readonly Run[] {
  const found: Run[] = [];
  let style: Style = {};
  for (const part of captured.split(/(\u001b\[[\d;]*m)/)) {
    const codes = /^\u001b\[([\d;]*)m$/.exec(part)?.[1];
    if (codes !== undefined) style = styled(style, codes.split(";").map(Number));
    else if (part !== "") found.push({ text: part, css: css(style) });
  }
  return found;
}

function styled(style: Style, [code = 0, ...rest]: readonly number[]): Style {
  const next = (made: Style, used = 0): Style => (rest.length > used ? styled(made, rest.slice(used)) : made);
  if (code === 38 || code === 48) {
    const [value, used] = rest[0] === 2 ? [`rgb(${rest.slice(1, 4).join(" ")})`, 4] : [of256(rest[1] ?? 0), 2];
    return next(code === 38 ? { ...style, colour: value } : { ...style, back: value }, used);
  }
  return next(simple(style, code));
}

function simple(style: Style, code: number): Style {
  if (code === 0) return {};
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 4) return { ...style, under: true };
  if (code === 7) return { ...style, turned: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 27) return { ...style, turned: false };
  if (code >= 30 && code <= 37) return { ...style, colour: PLAIN[code - 30] };
  if (code >= 90 && code <= 97) return { ...style, colour: BRIGHT[code - 90] };
  if (code >= 40 && code <= 47) return { ...style, back: PLAIN[code - 40] };
  if (code === 39) return { ...style, colour: undefined };
  return code === 49 ? { ...style, back: undefined } : style;
}

function of256(index: number): string {
  if (index < 16) return (index < 8 ? PLAIN[index] : BRIGHT[index - 8]) ?? "";
  if (index >= 232) return `rgb(${Array(3).fill(8 + (index - 232) * 10).join(" ")})`;
  const level = (part: number): number => (part === 0 ? 0 : 55 + part * 40);
  const at = index - 16;
  return `rgb(${level(Math.floor(at / 36))} ${level(Math.floor(at / 6) % 6)} ${level(at % 6)})`;
}

function css({ colour = "#d4d4d4", back = "transparent", bold, dim, turned, under }: Style): string {
  const [front, behind] = turned === true ? ["#1b1d23", colour] : [colour, back];
  const more = `${bold === true ? "font-weight:700;" : ""}${dim === true ? "opacity:.65;" : ""}${under === true ? "text-decoration:underline;" : ""}`;
  return `color:${front};background:${behind};${more}`;
}
