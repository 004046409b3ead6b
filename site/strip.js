/** The log strip: one small bar for each stretch of events, in the hue of who wrote most of it. */

import { s } from "./dom.js";
import { actorOf, hueVariable } from "./actors.js";

/** @typedef {import("./types.js").Actor} Actor */

const HEIGHT = 14;
const TICKS = 110;

/**
 * @param {Array<[number, string, number]>} ticks [bucket, actor, events]
 * @param {Record<string, Actor>} actors
 * @param {number} width px
 * @returns {SVGElement}
 */
export function drawStrip(ticks, actors, width) {
  const most = Math.max(1, ...ticks.map((tick) => tick[2]));
  const step = (width - 4) / TICKS;
  const bars = ticks.slice(0, TICKS).map(([bucket, actor, count]) => {
    const height = Math.max(2, Math.round((10 * Math.log1p(count)) / Math.log1p(most)));
    const bar = s("rect", {
      x: (bucket * step).toFixed(2),
      y: HEIGHT - height,
      width: Math.min(1.5, step * 0.75).toFixed(2),
      height,
    });
    bar.style.fill = hueVariable(actorOf(actors, actor).hue);
    return bar;
  });
  const now = s("rect", { class: "now-mark", x: width - 2, y: 0, width: 2, height: HEIGHT });
  return s(
    "svg",
    { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, "aria-hidden": "true" },
    bars,
    now,
  );
}
