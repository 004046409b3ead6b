/** The example notebooks: real files beside the page, each with a small picture of its own figure. */

import { importFile } from "./catalogue.js";
import { h, s } from "./dom.js";
import { plural } from "./words.js";

/** @typedef {{file: string, name: string, says: string, cells: number, draw: () => SVGElement[]}} Example */

/** @type {Example[]} */
const EXAMPLES = [
  {
    file: "first-look.ipynb",
    name: "A first look at Python",
    says: "Variables, a plot and a table in ten cells. For a first lesson.",
    cells: 10,
    draw: drawBars,
  },
  {
    file: "least-squares.ipynb",
    name: "Ordinary least squares from scratch",
    says: "The normal equations in NumPy, and how sure we are of the slope.",
    cells: 12,
    draw: drawFit,
  },
  {
    file: "tidy-data.ipynb",
    name: "Tidy data with pandas",
    says: "Grouping, joining and a figure of three groups.",
    cells: 11,
    draw: drawGroups,
  },
  {
    file: "ode.ipynb",
    name: "Solving an ODE",
    says: "A pendulum with friction: step size and error, in NumPy alone.",
    cells: 11,
    draw: drawSwing,
  },
];

/** @param {(id: string) => void} open @param {(message: string) => void} fail */
export function drawExamples(open, fail) {
  return h(
    "section",
    { "aria-labelledby": "examples-title" },
    h("h2", { id: "examples-title" }, "Examples"),
    h("ul", { class: "examples" }, EXAMPLES.map((example) => h("li", null, drawExample(example, open, fail)))),
  );
}

/** @param {Example} example @param {(id: string) => void} open @param {(message: string) => void} fail */
function drawExample(example, open, fail) {
  const start = () => openExample(example).then(open, (error) => fail(error.message));
  return h(
    "button",
    { class: "example", type: "button", onclick: start },
    h("span", { class: "fig" }, s("svg", { viewBox: "0 0 219 75", preserveAspectRatio: "xMidYMax meet", "aria-hidden": "true" }, example.draw())),
    h("b", null, example.name),
    h("span", { class: "says" }, example.says),
    h("span", { class: "cells" }, plural(example.cells, "cell")),
  );
}

/** A copy of it, one's own. @param {Example} example @returns {Promise<string>} */
async function openExample(example) {
  const answer = await fetch(`assets/examples/${example.file}`);
  if (!answer.ok) throw new Error(`The example ${example.file} could not be read (${answer.status}).`);
  return importFile(`${example.name}.ipynb`, await answer.arrayBuffer());
}

/** A histogram, its tallest bar marked. */
function drawBars() {
  const heights = [6, 13, 24, 39, 54, 62, 55, 40, 25, 13, 6];
  return heights.map((height, i) =>
    s("rect", { x: 4 + i * 19.5, y: 75 - height, width: 15, height, style: `fill: var(--${i === 5 ? "ink" : "edge"})` }),
  );
}

/** Points about a line. */
function drawFit() {
  const offsets = [3, 5, -7, 5, -4, 8, -7, -3, -6, 2, -3, 2, -2, 7, 1, -4, 3, 6, -9, 5, -2, 3, 6, -1, 4, -8, 2, 3, 0, 4, 8, -7];
  const points = offsets.map((offset, i) => {
    const x = 7 + i * 6.6;
    return s("circle", { cx: x, cy: (64 - x * 0.265 - offset * 0.8).toFixed(1), r: 1.7, style: "fill: var(--edge)" });
  });
  return [...points, s("path", { d: "M4 64 214 7", style: "stroke: var(--rust); stroke-width: 1.6; fill: none" })];
}

/** Three groups. */
function drawGroups() {
  const shape = [[0, 0], [9, -7], [-8, 5], [4, 10], [-13, -3], [14, 4], [-4, -12], [20, -10], [-19, 8], [11, 15], [24, 3], [-10, -16], [2, -5], [-2, 6], [17, -2], [-22, -6]];
  const groups = /** @type {const} */ ([["lagoon", 58, 46], ["rust", 110, 22], ["pine", 164, 46]]);
  return groups.flatMap(([hue, x, y], turn) =>
    shape.map(([dx = 0, dy = 0], i) =>
      s("circle", {
        cx: (x + dx * (turn === 1 ? -1.1 : 1)).toFixed(1),
        cy: (y + dy * (turn === 2 ? -0.9 : 1) * (i % 2 ? 0.8 : 1)).toFixed(1),
        r: 1.9,
        style: `fill: var(--${hue})`,
      }),
    ),
  );
}

/** Two swings, one dying away. */
function drawSwing() {
  const curve = (/** @type {number} */ friction) =>
    Array.from({ length: 110 }, (_, i) => {
      const y = 38 - 32 * Math.exp(-friction * i) * Math.cos(i / 5.5);
      return `${i ? "L" : "M"}${i * 2} ${y.toFixed(1)}`;
    }).join("");
  return [
    s("path", { d: curve(0.005), style: "stroke: var(--edge); stroke-width: 1.2; fill: none" }),
    s("path", { d: curve(0.03), style: "stroke: var(--ink); stroke-width: 1.6; fill: none" }),
  ];
}
