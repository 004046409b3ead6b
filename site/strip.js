/** The log strip: one small bar for each stretch of events, in the hue of who wrote most of it. */

import { s } from "./dom.js";
import { actorOf, hueVariable } from "./actors.js";

/** @typedef {import("./types.js").Actor} Actor */

const HEIGHT = 14;
const BUCKETS = 110; // into so many the view divides a log
const STEP = 2; // px from tick to tick, so that each stands on whole pixels
const LOW = 3; // events: where no tick has more, none reaches the top

/** @typedef {[number, string, number]} Tick [bucket, actor, events] */

/**
 * @param {Tick[]} ticks
 * @param {Record<string, Actor>} actors
 * @param {number} width px
 * @returns {SVGElement}
 */
export function drawStrip(ticks, actors, width) {
  const shown = gather(ticks, Math.floor((width - 4) / STEP));
  const most = Math.max(LOW, ...shown.map((tick) => tick[2]));
  const bars = shown.map(([bucket, actor, count]) => {
    const height = Math.max(2, Math.round((10 * Math.log1p(count)) / Math.log1p(most)));
    const bar = s("rect", { x: bucket * STEP, y: HEIGHT - height, width: 1.5, height });
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

/**
 * The same in fewer buckets; in each the actor who wrote most.
 * @param {Tick[]} ticks
 * @param {number} room
 * @returns {Tick[]}
 */
function gather(ticks, room) {
  /** @type {Map<number, {actor: string, most: number, sum: number}>} */
  const found = new Map();
  for (const [bucket, actor, count] of ticks) {
    const at = Math.min(room - 1, Math.floor((bucket * room) / BUCKETS));
    const old = found.get(at) ?? { actor, most: 0, sum: 0 };
    const wins = count > old.most;
    found.set(at, {
      actor: wins ? actor : old.actor,
      most: Math.max(count, old.most),
      sum: old.sum + count,
    });
  }
  return [...found].map(([at, { actor, sum }]) => [at, actor, sum]);
}
