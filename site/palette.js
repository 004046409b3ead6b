/** The palette: everything that can be done, by name. And the sheet of keys. */

import { ACTIONS, keyWords } from "./actions.js";
import { openDialog } from "./dialogs.js";
import { attr, fill, h, isApple, setText } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/** @typedef {import("./actions.js").Action} Action */

const GROUPS = /** @type {const} */ (["Run", "Cells", "Edit", "Move", "Notebook", "Page"]);

/** What the keys do while one types, and no action of the notebook is. */
const TYPING = [
  ["Complete", "Tab"], ["Documentation", "Shift+Tab"], ["Comment", "Mod+/"], ["Undo typing", "Mod+Z"],
  ["Select the next occurrence too", "Mod+D"], ["Select all occurrences", "Mod+Shift+L"],
  ["One more caret", isApple ? "⌘ click" : "Ctrl click"], ["Move the line", "Alt+ArrowUp"],
  ["Delete the line", "Mod+Shift+K"], ["Fold code", "Ctrl+Shift+["], ["Unfold code", "Ctrl+Shift+]"],
];

/** @param {Page} page */
export function openPalette(page) {
  const opener = /** @type {HTMLElement | null} */ (document.activeElement);
  const input = h("input", {
    role: "combobox", "aria-label": "Command", "aria-expanded": "true", "aria-controls": "palette-list",
    placeholder: "Type what you want to do", spellcheck: "false", autocomplete: "off",
  });
  const list = h("ul", { role: "listbox", id: "palette-list", "aria-label": "Commands" });
  const none = h("p", { class: "none", role: "status" });
  const element = h(
    "dialog",
    { class: "dlg palette", "aria-label": "Commands" },
    h(
      "div",
      { class: "ask-line" },
      icon("search"),
      input,
      h("kbd", null, "Esc"),
      h("button", { class: "btn sq shut", type: "button", "aria-label": "Close", onclick: () => element.close() }, icon("x")),
    ),
    list,
    none,
  );
  /** @type {Action[]} */
  let found = [];
  let at = 0;
  const choose = (/** @type {Action | undefined} */ wanted) => {
    if (!wanted || page.rights.whyNotAct(wanted)) return;
    element.close();
    opener?.focus({ preventScroll: true });
    page.act(wanted);
  };
  const mark = () => {
    for (const [index, item] of list.querySelectorAll("[role=option]").entries()) {
      attr(item, "aria-selected", String(index === at));
      if (index === at) {
        attr(input, "aria-activedescendant", item.id);
        item.scrollIntoView({ block: "nearest" });
      }
    }
  };
  const search = () => {
    found = findActions(input.value);
    at = 0;
    drawList(list, found, input.value === "", page, choose);
    list.hidden = found.length === 0;
    setText(none, found.length ? "" : "No command has these words.");
    attr(input, "aria-activedescendant", null);
    mark();
  };
  input.addEventListener("input", search);
  element.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by) {
      event.preventDefault();
      at = (at + by + found.length) % Math.max(1, found.length);
      mark();
    }
    if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      choose(found[at]);
    }
  });
  element.addEventListener("mousedown", (event) => {
    if (event.target === element) element.close();
  });
  element.addEventListener("close", () => {
    element.remove();
    if (document.activeElement === document.body) opener?.focus({ preventScroll: true });
  });
  document.body.append(element);
  element.showModal();
  search();
  input.focus();
}

/**
 * @param {HTMLElement} list
 * @param {Action[]} found
 * @param {boolean} inGroups
 * @param {Page} page
 * @param {(action: Action) => void} choose
 */
function drawList(list, found, inGroups, page, choose) {
  let group = "";
  const items = found.flatMap((each, index) => {
    const why = page.rights.whyNotAct(each);
    const locked = why !== "";
    const item = h(
      "li",
      { class: "item", role: "option", id: `palette-${index}`, title: why || null, "aria-disabled": locked ? "true" : null, onclick: () => choose(each) },
      h("span", null, each.label),
      locked ? h("span", { class: "why" }, page.isReadOnly ? "read-only" : "not with this link") : null,
      h("span", { class: "keys" }, (each.keys ?? []).slice(0, 2).map((keys) => h("kbd", null, keyWords(keys)))),
    );
    if (!inGroups || each.group === group) return [item];
    group = each.group;
    return [h("li", { class: "group", role: "presentation" }, group), item];
  });
  fill(list, items);
}

/** Every word must begin a word of the label, or stand in it. @param {string} text */
export function findActions(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const open = ACTIONS.filter((each) => !each.silent).sort((a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group));
  const rank = (/** @type {Action} */ each) => {
    const label = each.label.toLowerCase();
    if (!words.every((word) => label.includes(word))) return -1;
    return words.reduce((sum, word) => sum + (label.startsWith(word) ? 3 : label.includes(` ${word}`) ? 2 : 1), 0);
  };
  if (words.length === 0) return open;
  return open
    .map((each) => ({ each, score: rank(each) }))
    .filter(({ score }) => score >= 0)
    .sort((a, b) => b.score - a.score)
    .map(({ each }) => each);
}

/** All keys on one sheet. */
export function openShortcuts() {
  openDialog({
    title: "Keyboard shortcuts",
    class: "keys-sheet",
    body: h(
      "div",
      { class: "keys-grid" },
      GROUPS.map((group) => {
        const rows = ACTIONS.filter((each) => each.group === group && each.keys?.length);
        return h("section", null, h("h3", null, group), rows.map((each) => h("div", { class: "row" }, h("span", null, each.label), (each.keys ?? []).map((keys) => h("kbd", null, keyWords(keys))))));
      }),
      h(
        "section",
        null,
        h("h3", null, "While typing"),
        TYPING.map(([label, keys]) =>
          h("div", { class: "row" }, h("span", null, label), h("kbd", null, keyWords(keys ?? ""))),
        ),
      ),
    ),
  });
}
