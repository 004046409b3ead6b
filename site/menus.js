/** Menus and other small surfaces that float beside the control that opened them. */

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** @typedef {import("./icons.js").IconName} IconName */

/**
 * @typedef {object} Item
 * @property {string} label
 * @property {() => void} [run]
 * @property {Item[]} [items] a menu of its own, which takes the place of this one
 * @property {IconName} [icon]
 * @property {string} [keys] the shortcut as it is written
 * @property {boolean} [danger]
 * @property {boolean} [disabled]
 * @property {string} [why] why it cannot be chosen; empty where it can
 * @property {boolean} [checked]
 */

const GAP = 4;
const EDGE = 8;

/**
 * Show an element beside `anchor` until it is left; the focus goes back to the anchor.
 * @param {HTMLElement} anchor
 * @param {HTMLElement} surface
 * @param {{align?: "start" | "end", onClose?: () => void}} [how]
 * @returns {() => void} closes it
 */
export function float(anchor, surface, how = {}) {
  surface.setAttribute("popover", "auto");
  document.body.append(surface);
  let returns = true;
  surface.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "closed") return;
    anchor.setAttribute("aria-expanded", "false");
    if (returns && (document.activeElement === document.body || surface.contains(document.activeElement)))
      anchor.focus({ preventScroll: true });
    surface.remove();
    how.onClose?.();
  });
  surface.showPopover();
  anchor.setAttribute("aria-expanded", "true");
  place(anchor, surface, how.align ?? "start");
  return () => {
    returns = surface.contains(document.activeElement);
    anchor.setAttribute("aria-expanded", "false"); // at once: the next key may open it again
    surface.hidePopover();
  };
}

/**
 * @param {HTMLElement} anchor
 * @param {HTMLElement} surface
 * @param {"start" | "end"} align
 */
function place(anchor, surface, align) {
  const from = anchor.getBoundingClientRect();
  const size = surface.getBoundingClientRect();
  const wanted = align === "end" ? from.right - size.width : from.left;
  const left = Math.max(EDGE, Math.min(wanted, innerWidth - size.width - EDGE));
  const below = from.bottom + GAP;
  const fits = below + size.height + EDGE <= innerHeight;
  const top = fits ? below : Math.max(EDGE, from.top - GAP - size.height);
  surface.style.left = `${left}px`;
  surface.style.top = `${top}px`;
}

/**
 * A menu beside its button. `null` among the items draws a line.
 * @param {HTMLElement} anchor
 * @param {Array<Item | null>} items
 * @param {{label: string, align?: "start" | "end"}} how
 */
export function openMenu(anchor, items, how) {
  if (anchor.getAttribute("aria-expanded") === "true") return;
  const menu = h("div", { class: "menu", role: "menu", "aria-label": how.label });
  const close = float(anchor, menu, { align: how.align });
  const show = (/** @type {Array<Item | null>} */ shown, /** @type {string} */ label) => {
    menu.setAttribute("aria-label", label);
    menu.replaceChildren(...shown.map((item) => (item ? drawItem(item, choose) : h("hr", { role: "separator" }))));
    place(anchor, menu, how.align ?? "start");
    /** @type {HTMLElement | null} */ (menu.querySelector(".item:not(:disabled)"))?.focus();
  };
  const choose = (/** @type {Item} */ item) => {
    if (item.items) return show(item.items, item.label);
    close();
    item.run?.();
    return undefined;
  };
  menu.addEventListener("keydown", walkItems);
  show(items, how.label);
}

/** @param {Item} item @param {(item: Item) => void} choose */
function drawItem(item, choose) {
  return h(
    "button",
    {
      class: `item${item.danger ? " dan" : ""}`,
      role: item.checked === undefined ? "menuitem" : "menuitemradio",
      "aria-checked": item.checked === undefined ? null : String(item.checked),
      type: "button",
      tabindex: -1,
      disabled: item.disabled || Boolean(item.why),
      title: item.why || null,
      "aria-haspopup": item.items ? "menu" : null,
      onclick: () => choose(item),
    },
    item.checked === undefined ? null : h("span", { class: "tick" }, item.checked ? icon("check") : null),
    item.icon ? icon(item.icon) : null,
    h("span", null, item.label),
    item.keys ? h("kbd", null, item.keys) : null,
    item.items ? h("span", { class: "further" }, icon("chevron-right")) : null,
  );
}

/** Arrow keys, Home, End and first letters go through a menu. @param {KeyboardEvent} event */
function walkItems(event) {
  const menu = /** @type {HTMLElement} */ (event.currentTarget);
  const items = /** @type {HTMLElement[]} */ ([...menu.querySelectorAll(".item:not(:disabled)")]);
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const next = nextItem(event, items, at);
  if (event.key === "ArrowRight" && items[at]?.getAttribute("aria-haspopup")) items[at]?.click();
  if (event.key === "Tab") menu.hidePopover();
  if (!next) return;
  event.preventDefault();
  event.stopPropagation();
  next.focus();
}

/** @param {KeyboardEvent} event @param {HTMLElement[]} items @param {number} at */
function nextItem(event, items, at) {
  switch (event.key) {
    case "ArrowDown":
      return items[(at + 1) % items.length];
    case "ArrowUp":
      return items[(at - 1 + items.length) % items.length];
    case "Home":
      return items[0];
    case "End":
      return items.at(-1);
    default: {
      if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return undefined;
      const wanted = event.key.toLowerCase();
      const turned = [...items.slice(at + 1), ...items.slice(0, at + 1)];
      return turned.find((item) => item.textContent?.trim().toLowerCase().startsWith(wanted));
    }
  }
}
