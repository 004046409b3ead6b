/** Draws Plotly's figures in a sandboxed frame. A file of its own, see `charts.js`. */

import Plotly from "plotly.js-strict-dist-min";
import { SCALE, SVG, colour, isDark, offer } from "./chart_look.js";

/** @typedef {import("./charts.js").Chart} Chart */

const ELSEWHERE = "sendChartToCloud"; // a frame cannot, and nobody here sends figures anywhere

/** @type {{place: HTMLElement, chart: Chart, wasDark: boolean} | null} */
let last = null;

/** @param {HTMLElement} place @param {Chart} chart */
async function draw(place, chart) {
  const { data, layout, config, frames } = chart.value ?? {};
  if (!Array.isArray(data)) {
    throw new Error(`a figure with a list of data expected, ${JSON.stringify(chart.value)?.slice(0, 100)} came`);
  }
  last = { place, chart, wasDark: isDark() };
  const removed = [...(config?.modeBarButtonsToRemove ?? []), ELSEWHERE];
  const options = { responsive: true, displaylogo: false, ...config, modeBarButtonsToRemove: removed };
  await Plotly.react(place, { data, layout: isDark() ? darkened(layout) : layout, config: options, frames });
}

function wear() {
  if (last && last.wasDark !== isDark()) void draw(last.place, last.chart);
}

/** @param {string} type @returns {Promise<Blob>} */
async function picture(type) {
  if (!last) throw new Error("the chart is not drawn yet");
  const format = type === SVG ? "svg" : "png";
  const address = await Plotly.toImage(last.place, { format, scale: format === "png" ? SCALE : 1 });
  return (await fetch(address)).blob();
}

/**
 * The usual grounds and lines, which nobody chose, as they are in the dark. All else of the
 * figure's own stays.
 * @param {Record<string, any>} [layout]
 */
function darkened(layout) {
  const [paper, code, ink, line] = ["--paper", "--code", "--ink", "--line"].map(colour);
  const lines = { gridcolor: line, linecolor: line, zerolinecolor: line };
  const grounded = { ...lines, backgroundcolor: code, showbackground: true };
  const own = layout?.["template"]?.layout ?? {};
  const template = {
    ...layout?.["template"],
    layout: {
      ...own,
      paper_bgcolor: paper,
      plot_bgcolor: code,
      font: { ...own.font, color: ink },
      xaxis: { ...own.xaxis, ...lines },
      yaxis: { ...own.yaxis, ...lines },
      polar: { ...own.polar, bgcolor: code, angularaxis: lines, radialaxis: lines },
      ternary: { ...own.ternary, bgcolor: code, aaxis: lines, baxis: lines, caxis: lines },
      scene: { ...own.scene, xaxis: grounded, yaxis: grounded, zaxis: grounded },
      geo: { ...own.geo, bgcolor: paper, landcolor: code, lakecolor: paper, subunitcolor: line },
    },
  };
  return { ...layout, template };
}

offer({ draw, wear, picture });
