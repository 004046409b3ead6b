/** The icons: Lucide, 16 px, stroke 1.75 by the style sheet; play and stop are filled. */

import arrowDown from "lucide-static/icons/arrow-down.svg";
import arrowLeft from "lucide-static/icons/arrow-left.svg";
import arrowRight from "lucide-static/icons/arrow-right.svg";
import arrowUp from "lucide-static/icons/arrow-up.svg";
import caseSensitive from "lucide-static/icons/case-sensitive.svg";
import check from "lucide-static/icons/check.svg";
import chevronDown from "lucide-static/icons/chevron-down.svg";
import chevronRight from "lucide-static/icons/chevron-right.svg";
import copy from "lucide-static/icons/copy.svg";
import cornerDownLeft from "lucide-static/icons/corner-down-left.svg";
import download from "lucide-static/icons/download.svg";
import ellipsis from "lucide-static/icons/ellipsis.svg";
import file from "lucide-static/icons/file.svg";
import folder from "lucide-static/icons/folder.svg";
import keyboard from "lucide-static/icons/keyboard.svg";
import list from "lucide-static/icons/list.svg";
import lock from "lucide-static/icons/lock.svg";
import panelLeft from "lucide-static/icons/panel-left.svg";
import pencil from "lucide-static/icons/pencil.svg";
import play from "lucide-static/icons/play.svg";
import plus from "lucide-static/icons/plus.svg";
import redo2 from "lucide-static/icons/redo-2.svg";
import regex from "lucide-static/icons/regex.svg";
import rotateCcw from "lucide-static/icons/rotate-ccw.svg";
import scissors from "lucide-static/icons/scissors.svg";
import search from "lucide-static/icons/search.svg";
import slidersHorizontal from "lucide-static/icons/sliders-horizontal.svg";
import square from "lucide-static/icons/square.svg";
import trash2 from "lucide-static/icons/trash-2.svg";
import users from "lucide-static/icons/users.svg";
import undo2 from "lucide-static/icons/undo-2.svg";
import upload from "lucide-static/icons/upload.svg";
import wholeWord from "lucide-static/icons/whole-word.svg";
import x from "lucide-static/icons/x.svg";
import clipboardPaste from "lucide-static/icons/clipboard-paste.svg";
import eraser from "lucide-static/icons/eraser.svg";
import { s } from "./dom.js";

const TEXTS = {
  "arrow-down": arrowDown,
  "arrow-left": arrowLeft,
  "arrow-right": arrowRight,
  "arrow-up": arrowUp,
  "case-sensitive": caseSensitive,
  check,
  "chevron-down": chevronDown,
  "chevron-right": chevronRight,
  copy,
  "corner-down-left": cornerDownLeft,
  download,
  ellipsis,
  file,
  folder,
  keyboard,
  list,
  lock,
  "panel-left": panelLeft,
  pencil,
  play,
  plus,
  "redo-2": redo2,
  regex,
  "rotate-ccw": rotateCcw,
  scissors,
  search,
  "sliders-horizontal": slidersHorizontal,
  square,
  "trash-2": trash2,
  "undo-2": undo2,
  upload,
  users,
  "whole-word": wholeWord,
  x,
  "clipboard-paste": clipboardPaste,
  eraser,
};

/** @typedef {keyof typeof TEXTS} IconName */

/** @type {Map<string, Element>} */
const drawn = new Map();

/**
 * A fresh copy of an icon. It is decoration: the word or label beside it says what it means.
 * @param {IconName} name
 * @param {boolean} [filled]
 * @returns {SVGElement}
 */
export function icon(name, filled = name === "play" || name === "square") {
  const copy = /** @type {SVGElement} */ (template(name).cloneNode(true));
  copy.setAttribute("class", filled ? "i f" : "i");
  return copy;
}

/** @param {IconName} name */
function template(name) {
  const known = drawn.get(name);
  if (known) return known;
  const parsed = new DOMParser().parseFromString(TEXTS[name], "image/svg+xml").documentElement;
  const made = s("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" });
  made.append(...Array.from(parsed.children, (child) => document.importNode(child, true)));
  drawn.set(name, made);
  return made;
}

/** Foldbook's mark: a folded sheet. */
export function logo() {
  return s(
    "svg",
    { class: "logo", viewBox: "0 0 22 18", "aria-hidden": "true", focusable: "false" },
    s("path", { d: "M1 2.6 7.4 0v15.4L1 18z", fill: "currentColor" }),
    s("path", { d: "M8.2 1.1 13.8 3.4v13.2L8.2 14.3z", fill: "none", stroke: "currentColor", "stroke-width": "1.6" }),
    s("path", { d: "M14.6 2.6 21 0v15.4L14.6 18z", fill: "currentColor" }),
  );
}
