/** Numbers of lines before text that stands still, where the editor of the same text has them. */

import { h } from "./dom.js";

/** Each line becomes an element of its own; the text of all stays the same. @param {HTMLElement} element */
export function numberLines(element) {
  const line = () => h("span", { class: "ln" });
  const lines = [line()];
  for (const node of element.childNodes) {
    const pieces = (node.textContent ?? "").split("\n");
    for (const [at, piece] of pieces.entries()) {
      if (at > 0) {
        lines.at(-1)?.append("\n");
        lines.push(line());
      }
      if (!piece) continue;
      const copy = node.cloneNode(false);
      copy.textContent = piece;
      lines.at(-1)?.append(copy);
    }
  }
  element.replaceChildren(...lines);
  element.style.setProperty("--digits", String(String(lines.length).length));
}
