/** Dark, light, or as the device says. */

export type Theme = "system" | "light" | "dark";

const KEY = "countersign.theme";

export function theme(): Theme {
  const kept = reading();
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function setTheme(wanted: Theme): void {
  try {
    localStorage.setItem(KEY, wanted);
  } catch {
    // Without storage it lasts until the page is closed.
  }
  applyTheme(wanted);
}

export function applyTheme(wanted: Theme = theme()): void {
  if (wanted === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = wanted;
}

function reading(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
