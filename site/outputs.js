/**
 * The outputs of one run. Drawing again changes only what has changed: text is appended, a frame
 * stays where it is.
 */

import { h } from "./dom.js";
import { drawBundle } from "./outputs_bundle.js";
import { drawError } from "./outputs_error.js";
import { TextView } from "./outputs_stream.js";

/**
 * @typedef {import("./types.js").Output} Output
 *
 * @typedef {object} OutputOptions
 * @property {number | null} [count] the run's number, where the run itself does not tell
 * @property {(digest: string) => Promise<Blob>} [blob]
 * @property {(line: number) => void} [onGoToLine]
 *
 * One output on the page.
 * @typedef {object} Drawn
 * @property {string} key what was drawn
 * @property {Output} output the same as it came: as long as it is this one, nothing has changed
 * @property {HTMLElement} element
 * @property {TextView} [text] for a stream
 * @property {import("./output_frame.js").OutputFrame} [frame]
 * @property {boolean} [isGone] it is not on the page any more
 *
 * @typedef {{executionId: string, drawn: Drawn[]}} State
 */

/** @type {WeakMap<HTMLElement, State>} */
const states = new WeakMap();

/**
 * @param {HTMLElement} container
 * @param {{id: string, count?: number | null, outputs: Output[]} | null} execution the run; where it
 *   is another one than before, its outputs are drawn anew
 * @param {OutputOptions} given
 */
export function renderOutputs(container, execution, given) {
  const state = stateOf(container, execution?.id ?? "");
  const outputs = execution?.outputs ?? [];
  const options = { ...given, count: execution?.count ?? given.count };
  for (const each of state.drawn.splice(outputs.length)) remove(each);
  outputs.forEach((output, i) => {
    const before = state.drawn[i];
    if (before && isDrawn(before, output)) {
      before.output = output;
      return;
    }
    if (before?.text && output.type === "stream" && before.key === streamKey(output)) {
      before.text.set(output.text ?? "");
      before.output = output;
      return;
    }
    const now = draw(output, options);
    if (before) before.element.replaceWith(now.element);
    else container.append(now.element);
    if (before) remove(before);
    state.drawn[i] = now;
  });
}

/**
 * @param {HTMLElement} container
 * @param {string} executionId
 */
function stateOf(container, executionId) {
  const known = states.get(container);
  if (known?.executionId === executionId) return known;
  known?.drawn.forEach(remove);
  const state = { executionId, drawn: [] };
  states.set(container, state);
  container.replaceChildren();
  return state;
}

/** @param {Drawn} drawn */
function remove(drawn) {
  drawn.isGone = true;
  drawn.frame?.destroy();
  drawn.element.remove();
}

/**
 * @param {Drawn} drawn
 * @param {Output} output
 */
function isDrawn(drawn, output) {
  if (drawn.output === output) return true;
  if (output.type !== "stream") return drawn.key === JSON.stringify(output);
  return drawn.key === streamKey(output) && drawn.text?.text === output.text;
}

/** @param {Output} output */
function streamKey({ name }) {
  return `stream ${name}`;
}

/**
 * @param {Output} output
 * @param {OutputOptions} options
 * @returns {Drawn}
 */
function draw(output, options) {
  const element = h("div", { class: "output", "data-output-type": output.type });
  if (output.type === "stream") return drawStream(element, output);
  const key = JSON.stringify(output);
  if (output.type === "error") {
    element.append(drawError(output, options));
    return { key, output, element };
  }
  const drawn = { key, output, element };
  drawBundle(drawn, output, options);
  return drawn;
}

/**
 * @param {HTMLElement} element
 * @param {Output} output
 * @returns {Drawn}
 */
function drawStream(element, output) {
  const text = new TextView(h("div", { class: "lines" }));
  element.classList.add("stream");
  if (output.name === "stderr") {
    element.classList.add("stderr");
    element.append(h("span", { class: "voice" }, "stderr"));
  }
  element.append(text.element);
  text.set(output.text ?? "");
  return { key: streamKey(output), output, element, text };
}
