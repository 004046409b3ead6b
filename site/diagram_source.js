/** What a diagram's source says of itself before anything has drawn it. Pure. */

/** JupyterLab's type for Mermaid's diagrams. */
export const MERMAID = "text/vnd.mermaid";

/** Directives (`%%{init: …}%%`) and the front matter, which can choose a theme. */
const SETTINGS = /%%\{[\s\S]*?\}%%|^\s*---\s*\n[\s\S]*?\n\s*---\s*$/gm;
const THEME = /["']?theme["']?\s*:\s*["']?([\w-]+)/;
/** Colours that an author gives single parts, or that a kind of diagram has: they are for a white page. */
const COLOURS = /\b(?:fill|color|background)\s*:|^\s*rect\s+(?:rgb|hsl|#|[a-z])|^\s*C4[A-Z]/im;

/** The theme that its author has chosen; null where nobody has. @param {string} source @returns {string | null} */
export function themeOf(source) {
  return THEME.exec((source.match(SETTINGS) ?? []).join("\n"))?.[1] ?? null;
}

/**
 * The ground that its author had in mind: then it has that one whatever the page's own is.
 * @param {string} source
 * @returns {"light" | "dark" | null} null: the page's
 */
export function groundOf(source) {
  const theme = themeOf(source);
  if (theme?.includes("dark")) return "dark";
  const settings = (source.match(SETTINGS) ?? []).join("\n");
  return theme || /themeVariables|themeCSS/.test(settings) || COLOURS.test(source) ? "light" : null;
}
