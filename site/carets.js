/**
 * Where others are in a text: a caret with a flag, and what they have selected. Positions are
 * mapped through every change, so that they stand right until the next word of where they are.
 *
 * Carets and flags lie over the editor and not in its text: they shift no letter, stand in nobody's
 * way while an input method composes, and may reach beyond the block's edge.
 */

import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin } from "@codemirror/view";

/**
 * Somebody in this text; positions in UTF-16 units.
 * @typedef {object} Caret
 * @property {string} session
 * @property {string} name
 * @property {string} initials
 * @property {string} hue
 * @property {boolean} isSquare an agent
 * @property {string} told what was said of the place, in words of whoever said it
 * @property {number} anchor
 * @property {number} head
 */

const NAME_STAYS = 2000; // ms after which a flag shrinks to initials

/** These are the others now. @type {import("@codemirror/state").StateEffectType<Caret[]>} */
export const setCarets = StateEffect.define();

/** @type {Caret[]} */
const NOBODY = [];

export const caretsField = StateField.define({
  create: () => NOBODY,
  update(carets, transaction) {
    const { changes } = transaction;
    // What is typed where somebody's caret stands is most likely theirs: it goes on before them.
    const mapped = changes.empty
      ? carets
      : carets.map((each) => ({ ...each, anchor: changes.mapPos(each.anchor, 1), head: changes.mapPos(each.head, 1) }));
    const told = transaction.effects.filter((effect) => effect.is(setCarets)).at(-1);
    return told ? told.value.map((each) => placed(each, mapped, transaction.newDoc.length)) : mapped;
  },
});

/**
 * Who has said nothing new stands where the changes have carried them.
 * @param {Caret} caret @param {Caret[]} before @param {number} length
 */
function placed(caret, before, length) {
  const known = before.find(({ session, told }) => session === caret.session && told === caret.told);
  return known ? { ...caret, anchor: known.anchor, head: known.head } : within(caret, length);
}

/** @param {Caret} caret @param {number} length @returns {Caret} */
function within(caret, length) {
  const inside = (/** @type {number} */ at) => Math.max(0, Math.min(length, at));
  return { ...caret, anchor: inside(caret.anchor), head: inside(caret.head) };
}

const selections = EditorView.decorations.compute([caretsField], (state) => {
  const marks = state.field(caretsField).flatMap(({ anchor, head, hue }) => {
    const mark = Decoration.mark({ class: `other-selection hue-${hue}` });
    return anchor === head ? [] : [mark.range(Math.min(anchor, head), Math.max(anchor, head))];
  });
  return Decoration.set(marks, true);
});

/** @typedef {{caret: Caret, left: number, top: number, height: number, isBelow: boolean}} Spot */

/** A flag stands above its caret, but below where it would cover letters there and not here. @param {import("@codemirror/state").Text} doc @param {number} at */
function standsBelow(doc, at) {
  const { from, number } = doc.lineAt(at);
  const reaches = (/** @type {number} */ line) => doc.line(line).length > at - from;
  return number > 1 && reaches(number - 1) && (number === doc.lines || !reaches(number + 1));
}

class Flags {
  /** @param {EditorView} view */
  constructor(view) {
    this.view = view;
    this.layer = document.createElement("div");
    this.layer.className = "others";
    this.layer.setAttribute("aria-hidden", "true"); // the margin says it in words
    /** @type {Map<string, Flag>} */
    this._flags = new Map();
    view.dom.append(this.layer);
    this._scrolled = () => this._placeSoon();
    view.scrollDOM.addEventListener("scroll", this._scrolled, { passive: true });
    this._placeSoon();
  }

  /** @param {import("@codemirror/view").ViewUpdate} update */
  update(update) {
    const hasMoved = update.startState.field(caretsField) !== update.state.field(caretsField);
    if (hasMoved || update.docChanged || update.geometryChanged || update.viewportChanged) this._placeSoon();
  }

  _placeSoon() {
    this.view.requestMeasure({ key: this, read: () => this._spots(), write: (spots) => this._draw(spots) });
  }

  /** @returns {Spot[]} */
  _spots() {
    const carets = this.view.state.field(caretsField);
    if (carets.length === 0) return [];
    const base = this.view.dom.getBoundingClientRect();
    const seen = this.view.scrollDOM.getBoundingClientRect();
    return carets.flatMap((caret) => {
      const box = this.view.coordsAtPos(caret.head, 1);
      if (!box || box.left < seen.left || box.left > seen.right) return [];
      const isBelow = standsBelow(this.view.state.doc, caret.head);
      return [{ caret, left: box.left - base.left, top: box.top - base.top, height: box.bottom - box.top, isBelow }];
    });
  }

  /** @param {Spot[]} spots */
  _draw(spots) {
    const shown = new Set(spots.map(({ caret }) => caret.session));
    for (const [session, flag] of this._flags) {
      if (shown.has(session)) continue;
      flag.destroy();
      this._flags.delete(session);
    }
    for (const spot of spots) {
      const flag = this._flags.get(spot.caret.session) ?? new Flag(this.layer);
      this._flags.set(spot.caret.session, flag);
      flag.draw(spot);
    }
  }

  destroy() {
    this.view.scrollDOM.removeEventListener("scroll", this._scrolled);
    for (const flag of this._flags.values()) flag.destroy();
    this.layer.remove();
  }
}

/** One caret with its flag. */
class Flag {
  /** @param {HTMLElement} layer */
  constructor(layer) {
    this.element = document.createElement("div");
    this.flag = this.element.appendChild(document.createElement("span"));
    layer.append(this.element);
    this._at = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this._shrinks = undefined;
  }

  /** @param {Spot} spot */
  draw({ caret, left, top, height, isBelow }) {
    this._caret = caret;
    this.flag.className = isBelow ? "below" : "";
    Object.assign(this.element.style, { transform: `translate(${left}px, ${top}px)`, height: `${height}px` });
    const at = `${caret.anchor} ${caret.head} ${caret.name}`;
    if (at !== this._at) {
      this._at = at;
      clearTimeout(this._shrinks);
      this._shrinks = setTimeout(() => this._name(false), NAME_STAYS);
      this._name(true);
    }
  }

  /** @param {boolean} isWhole */
  _name(isWhole) {
    const { hue, isSquare, name, initials } = /** @type {Caret} */ (this._caret);
    this.element.className = `other-caret hue-${hue}${isSquare ? " ag" : ""}${isWhole ? "" : " short"}`;
    this.flag.textContent = isWhole ? name : initials;
  }

  destroy() {
    clearTimeout(this._shrinks);
    this.element.remove();
  }
}

/** What an editor needs to show others. */
export const carets = [caretsField, selections, ViewPlugin.fromClass(Flags)];
