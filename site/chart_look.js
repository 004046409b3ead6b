/** The page's look as a chart in a frame needs it: colours as they are, and when they change. */

/** @typedef {(message: Record<string, unknown>) => void} Say to the page */

/**
 * What draws charts leaves itself in the frame for `output_bootstrap.js`.
 * @typedef {object} ChartLibrary
 * @property {(place: HTMLElement, chart: import("./charts.js").Chart, say: Say) => Promise<void>} draw
 * @property {() => void} wear the page's colours may have changed
 * @property {(type: string, of?: unknown) => Promise<Blob>} picture of the chart as it is now, or
 *   of what is given
 */

export const SVG = "image/svg+xml";
/** Pixels of a picture for each of the screen's: it is to be good enough to print. */
export const SCALE = 2;

/**
 * A colour of the page, as it is now.
 * @param {string} token
 * @returns {string} without functions and variables, which a canvas does not know
 */
export function colour(token) {
  return resolve(`var(${token})`);
}

export function isDark() {
  return resolve("light-dark(rgb(255 255 255), rgb(0 0 0))") === "rgb(0, 0, 0)";
}

/** The page's fonts. */
export function font() {
  return getComputedStyle(document.documentElement).getPropertyValue("--ui").trim() || "sans-serif";
}

/** @param {string} value */
function resolve(value) {
  const probe = document.body.appendChild(document.createElement("span"));
  probe.style.color = value;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** @param {ChartLibrary} library */
export function offer(library) {
  Object.assign(window, { foldbookChart: library });
  // Where the page follows the system, nobody tells that the colours have changed.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => library.wear());
}
