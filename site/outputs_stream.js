/** Text that a program wrote: streams, plain results. Long ones are cut; the rest comes on demand. */

import { Terminal, plainText } from "./ansi.js";
import { drawLines } from "./ansi_draw.js";
import { h } from "./dom.js";
import { reachByKeys } from "./scrollers.js";

const SHOWN = 24;
const TAIL = 4;
const HEAD = SHOWN - TAIL - 1;
const BLOCK = 200;
const MOST_LINES = 20_000;
const LAST_LINES = 1000;

/** One text, drawn as far as it is to be seen; more of it may be appended at any time. */
export class TextView {
  /** @param {HTMLElement} element where it draws itself */
  constructor(element) {
    this.element = element;
    this.text = "";
    this._terminal = new Terminal();
    this._isOpen = false;
    this._head = h("pre", { class: "text" });
    this._tail = h("pre", { class: "text tail" });
    this._toggle = h("button", { class: "more lnk", type: "button", onclick: () => this._flip() });
    this._blocks = h("div", { class: "blocks" });
    this._gap = h("div", { class: "gap" });
    this._save = h("button", { class: "more lnk", type: "button", onclick: () => this._download() });
    this._save.textContent = "Save as a text file";
    for (const part of [this._head, this._tail]) reachByKeys(part);
    element.append(this._head);
  }

  /**
   * The whole text is now this one.
   * @param {string} text
   */
  set(text) {
    if (text === this.text) return;
    const isLonger = text.length > this.text.length && text.startsWith(this.text);
    if (!isLonger) {
      this._terminal = new Terminal();
      this._blocks.replaceChildren();
    }
    this._terminal.write(isLonger ? text.slice(this.text.length) : text);
    this.text = text;
    this._draw();
  }

  _flip() {
    this._isOpen = !this._isOpen;
    this._terminal.dirty = 0;
    this._blocks.replaceChildren();
    this._draw();
    this._toggle.focus();
  }

  _draw() {
    const { count } = this._terminal;
    if (count <= SHOWN) this._drawWhole();
    else if (this._isOpen) this._drawOpen(count);
    else this._drawCut(count);
    this._terminal.dirty = Infinity;
  }

  _drawWhole() {
    this._head.replaceChildren(drawLines(this._terminal.lines.slice(0, this._terminal.count)));
    this._place(this._head);
  }

  /** @param {number} count */
  _drawCut(count) {
    const { lines, dirty } = this._terminal;
    const isNew = this._toggle.parentNode !== this.element || this._blocks.isConnected;
    if (isNew || dirty < HEAD) this._head.replaceChildren(drawLines(lines.slice(0, HEAD)));
    this._tail.replaceChildren(drawLines(lines.slice(count - TAIL, count)));
    this._toggle.textContent = `Show all ${count.toLocaleString("en")} lines`;
    this._toggle.setAttribute("aria-expanded", "false");
    this._place(this._head, this._toggle, this._tail);
  }

  /** @param {number} count */
  _drawOpen(count) {
    const { lines, dirty } = this._terminal;
    const isCapped = count > MOST_LINES;
    const end = isCapped ? MOST_LINES - LAST_LINES : count;
    for (let start = Math.floor(Math.min(dirty, end) / BLOCK) * BLOCK; start < end; start += BLOCK) {
      const block = this._block(start / BLOCK);
      block.replaceChildren(drawLines(lines.slice(start, Math.min(end, start + BLOCK))));
    }
    while (this._blocks.children.length > Math.ceil(end / BLOCK)) this._blocks.lastChild?.remove();
    this._toggle.textContent = "Show less";
    this._toggle.setAttribute("aria-expanded", "true");
    if (!isCapped) {
      this._place(this._blocks, this._toggle);
      return;
    }
    const hidden = (count - MOST_LINES).toLocaleString("en");
    this._gap.replaceChildren(`${hidden} lines are left out here. `, this._save);
    this._tail.replaceChildren(drawLines(lines.slice(count - LAST_LINES, count)));
    this._place(this._blocks, this._gap, this._tail, this._toggle);
  }

  /** @param {number} index */
  _block(index) {
    while (this._blocks.children.length <= index) {
      const block = h("pre", { class: "text block" });
      reachByKeys(block);
      this._blocks.append(block);
    }
    return /** @type {HTMLElement} */ (this._blocks.children[index]);
  }

  /** @param {...HTMLElement} parts */
  _place(...parts) {
    const now = [...this.element.children];
    if (now.length === parts.length && now.every((each, i) => each === parts[i])) return;
    this.element.replaceChildren(...parts);
  }

  _download() {
    const { lines, count } = this._terminal;
    const blob = new Blob([plainText(lines.slice(0, count)), "\n"], { type: "text/plain" });
    const href = URL.createObjectURL(blob);
    h("a", { href, download: "output.txt" }).click();
    // A browser may read the address some time after the click.
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  }
}
