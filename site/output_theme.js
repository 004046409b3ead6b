/** What a sandboxed output is told of the page's look: its colours, and its fonts as bytes. */

const TOKENS = [
  "--paper", "--chrome", "--code", "--sunk", "--line", "--edge", "--ink", "--ink2", "--ink3",
  "--accent", "--accentbg", "--err", "--ok", "--stale", "--ui", "--mono", "--prose",
  "--pine", "--rust", "--rose", "--olive", "--lagoon", "--bronze", "--plum", "--slate",
];
const FAMILIES = ["IBM Plex Sans Variable", "Source Code Pro Variable"];

/** The tokens as the page has them now. @param {boolean} isLight whether always as on white */
export function readTheme(isLight) {
  const style = getComputedStyle(document.documentElement);
  const tokens = Object.fromEntries(TOKENS.map((name) => [name, style.getPropertyValue(name)]));
  return { scheme: isLight ? "light" : style.colorScheme, tokens };
}

/** The reader has pinned another theme. @param {() => void} act @returns {() => void} ends it */
export function onTheme(act) {
  const seen = new MutationObserver(act);
  seen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return () => seen.disconnect();
}

/** @type {Promise<Array<{family: string, bytes: ArrayBuffer}>> | null} */
let fonts = null;

/** The page's fonts as bytes: an opaque origin cannot fetch them. */
export function loadFonts() {
  fonts ??= Promise.all(fontAddresses().map(loadFont)).then((all) => all.flat());
  return fonts;
}

/** @param {{family: string, href: string}} face */
async function loadFont({ family, href }) {
  const answer = await fetch(href);
  // Without it the frame shows the system's own font, which is what a stack is for.
  return answer.ok ? [{ family, bytes: await answer.arrayBuffer() }] : [];
}

function fontAddresses() {
  /** @type {Array<{family: string, href: string}>} */
  const found = [];
  for (const { rule, base } of fontFaces()) {
    const family = rule.style.getPropertyValue("font-family").replace(/^["']|["']$/g, "");
    const range = rule.style.getPropertyValue("unicode-range");
    const isLatin = !range || /U\+0(?:000)?-(?:00)?FF/i.test(range);
    const isUpright = rule.style.getPropertyValue("font-style") !== "italic";
    const address = /url\(["']?([^"')]+)/.exec(rule.style.getPropertyValue("src"))?.[1];
    if (address && FAMILIES.includes(family) && isLatin && isUpright) {
      found.push({ family, href: new URL(address, base).href });
    }
  }
  return found;
}

function* fontFaces() {
  for (const sheet of document.styleSheets) yield* fontFacesOf(sheet);
}

/**
 * @param {CSSStyleSheet} sheet
 * @returns {Generator<{rule: CSSFontFaceRule, base: string}>}
 */
function* fontFacesOf(sheet) {
  const base = sheet.href ?? document.baseURI;
  if (new URL(base).origin !== location.origin) return;
  for (const rule of sheet.cssRules) {
    if (rule instanceof CSSFontFaceRule) yield { rule, base };
    else if (rule instanceof CSSImportRule && rule.styleSheet) yield* fontFacesOf(rule.styleSheet);
  }
}
