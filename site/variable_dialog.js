/** One variable at length: the first rows and columns of a table, or the beginning of a value. */

import { openDialog } from "./dialogs.js";
import { h } from "./dom.js";
import { shapeWords, whyWords } from "./variables.js";
import { countWords } from "./words.js";

/** @typedef {import("./notebook.js").NotebookPage} Page */
/**
 * @typedef {object} Look
 * @property {string} type
 * @property {number[] | null} shape
 * @property {string} [text]
 * @property {string[] | null} [columns] null: they have no names
 * @property {string[]} [index]
 * @property {string[][]} [rows]
 */

/** @param {Page} page @param {string} name */
export async function openVariable(page, name) {
  const isBusy = page.model.view.runtime?.status === "busy";
  const found = isBusy ? "Python is running code. It is shown when that is done." : await page.link.call("variable", { name }).catch(whyWords);
  openDialog({ title: name, class: "variable", body: typeof found === "string" ? h("p", null, found) : bodyOf(name, found), acts: [{ label: "Close", first: true }] });
}

/** @param {string} name @param {Look} look */
function bodyOf(name, look) {
  if (!look.type) return h("p", null, "There is no variable of this name any more.");
  const kind = h("p", { class: "q" }, `${look.type} ${look.shape ? shapeWords(look.shape) : ""}`.trim());
  if (!look.rows) return [kind, look.text ? h("pre", { class: "m", tabindex: 0, "aria-label": name }, look.text) : h("p", null, "Values of this type are not shown: their own code would have to run for it.")];
  return [kind, h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `The first values of ${name}` }, tableOf(look)), h("p", { class: "q" }, partWords(look))];
}

/** @param {Look} look */
function tableOf({ columns, index = [], rows = [] }) {
  const names = columns ?? (rows[0] ?? []).map((_, at) => String(at));
  return h(
    "table",
    null,
    h("thead", null, h("tr", null, h("td", null), names.map((each, at) => h("th", { scope: "col", class: isNumber(rows[0]?.[at] ?? "") ? "num" : null }, each)))),
    h("tbody", null, rows.map((row, at) => h("tr", null, h("th", { scope: "row" }, index[at] ?? ""), row.map((each) => h("td", { class: isNumber(each) ? "num" : null }, each))))),
  );
}

/** @param {string} text */
function isNumber(text) {
  return /^-?(?:\d|nan|inf)/.test(text);
}

/** Which part of it that is. @param {Look} look */
function partWords({ shape, columns, rows = [] }) {
  const sizes = shape ?? [];
  const hasColumns = sizes.length > 1;
  const [all, wide] = hasColumns ? sizes.slice(-2) : [sizes[0], 1];
  const part = [partOf(rows.length, all, "row"), partOf(rows[0]?.length ?? 0, rows.length ? wide : 0, "column")].filter(Boolean);
  const tables = columns === null ? sizes.slice(0, -2).reduce((product, each) => product * each, 1) : 1;
  const first = tables > 1 ? `The first of ${countWords(tables)} tables. ` : "";
  return `${first}${part.length ? `The first ${part.join(" and ")}.` : "All of it."}`;
}

/** "50 of 145 rows"; empty where that is all. @param {number} shown @param {number | undefined} all @param {string} noun */
function partOf(shown, all, noun) {
  return all !== undefined && shown < all ? `${countWords(shown)} of ${countWords(all)} ${noun}s` : "";
}
