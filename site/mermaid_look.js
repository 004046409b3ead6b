/** The page's colours and fonts as Mermaid's "base" theme takes them. */

import { colour, font, isDark } from "./chart_look.js";

const SIZE = "14px";
const HUES = ["--lagoon", "--bronze", "--pine", "--plum", "--rust", "--olive", "--rose", "--slate"];
const MOST = 12; // colours in each of its scales

/** @returns {import("mermaid").MermaidConfig} */
export function look() {
  const [paper, ink, accent] = ["--paper", "--ink", "--accent"].map(colour);
  const quiet = Object.fromEntries(["code", "sunk", "line", "edge", "ink3", "err", "stale"].map((name) => [name, colour(`--${name}`)]));
  return {
    theme: "base",
    look: "classic", // flat, as all else here
    fontFamily: font(),
    themeVariables: {
      darkMode: isDark(),
      fontFamily: font(),
      fontSize: SIZE,
      background: paper,
      ...words(ink ?? ""),
      packet: { ...inPackets(ink ?? ""), blockStrokeColor: quiet["edge"], blockFillColor: quiet["code"] },
      ...shapes(quiet, paper ?? ""),
      ...tasks(quiet, paper ?? "", accent ?? ""),
      ...scales(paper ?? "", ink ?? ""),
    },
  };
}

/** @param {string} ink */
function words(ink) {
  const names = ["primaryTextColor", "secondaryTextColor", "tertiaryTextColor", "textColor", "titleColor", "noteTextColor", "commitLabelColor"];
  return Object.fromEntries(names.map((name) => [name, ink]));
}

/** @param {string} ink */
function inPackets(ink) {
  return { startByteColor: ink, endByteColor: ink, labelColor: ink, titleColor: ink };
}

/** @param {Record<string, string>} quiet @param {string} paper */
function shapes({ code = "", sunk = "", line = "", edge = "", ink3 = "", stale = "" }, paper) {
  return {
    primaryColor: code,
    primaryBorderColor: edge,
    secondaryColor: sunk,
    tertiaryColor: code,
    lineColor: ink3,
    clusterBkg: paper,
    clusterBorder: edge,
    edgeLabelBackground: paper,
    relationLabelBackground: paper,
    labelBackgroundColor: paper,
    activationBorderColor: edge,
    noteBkgColor: mix(stale, paper, 0.15),
    noteBorderColor: mix(stale, paper, 0.5),
    rowOdd: paper,
    rowEven: code,
    archGroupBorderColor: edge,
    archEdgeColor: ink3,
    archEdgeArrowColor: ink3,
    gridColor: line,
    pieStrokeColor: paper,
    pieOuterStrokeColor: paper,
    pieOpacity: "1",
    pieTitleTextSize: "16px",
    pieSectionTextSize: SIZE,
    pieLegendTextSize: SIZE,
    radar: { graticuleColor: line },
  };
}

/** Plans, and charts with four fields. @param {Record<string, string>} quiet @param {string} paper @param {string} accent */
function tasks({ code = "", sunk = "", edge = "", err = "" }, paper, accent) {
  return {
    sectionBkgColor: code,
    sectionBkgColor2: code,
    altSectionBkgColor: paper,
    excludeBkgColor: sunk,
    taskBkgColor: mix(accent, paper, 0.15),
    taskBorderColor: mix(accent, paper, 0.5),
    activeTaskBkgColor: mix(accent, paper, 0.3),
    activeTaskBorderColor: accent,
    doneTaskBkgColor: sunk,
    doneTaskBorderColor: edge,
    critBkgColor: mix(err, paper, 0.15),
    critBorderColor: err,
    todayLineColor: err,
    vertLineColor: accent,
    taskTextClickableColor: accent,
    quadrant1Fill: mix(accent, paper, 0.12),
    quadrant2Fill: code,
    quadrant3Fill: paper,
    quadrant4Fill: code,
    quadrantPointFill: accent,
  };
}

/** What tells parts apart by colour. Words stand on tints. @param {string} paper @param {string} ink */
function scales(paper, ink) {
  const hues = HUES.map(colour);
  const plotColorPalette = hues.map((hue) => mix(hue, paper, 1)).join(); // which a comma in rgb() would end
  const made = /** @type {Record<string, unknown>} */ ({ xyChart: { plotColorPalette } });
  for (let at = 0; at < MOST; at += 1) {
    const hue = hues[at % hues.length] ?? ink;
    const tint = mix(hue, paper, at < hues.length ? 0.25 : 0.4);
    Object.assign(made, {
      [`cScale${at}`]: tint,
      [`cScalePeer${at}`]: mix(hue, paper, 0.6),
      [`cScaleInv${at}`]: hue,
      [`cScaleLabel${at}`]: ink,
      [`pie${at + 1}`]: tint,
      [`git${at}`]: hue,
      [`gitInv${at}`]: paper,
      [`gitBranchLabel${at}`]: paper,
      [`fillType${at}`]: tint,
      [`venn${at + 1}`]: hue,
    });
  }
  return made;
}

/**
 * So much of one colour on another.
 * @param {string} one as a browser tells it: rgb(…)
 * @param {string} other
 * @param {number} share from 0 to 1
 */
function mix(one, other, share) {
  const [own, ground] = [one, other].map((each) => (each.match(/[\d.]+/g) ?? []).map(Number));
  const parts = [0, 1, 2].map((at) => Math.round((own?.[at] ?? 0) * share + (ground?.[at] ?? 0) * (1 - share)));
  return `#${parts.map((each) => each.toString(16).padStart(2, "0")).join("")}`;
}
