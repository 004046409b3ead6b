/** Dialogs: they hold the focus while they stand and give it back when they go. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { reachByKeys } from "./scrollers.js";

/**
 * @typedef {object} Act
 * @property {string} label the act by its name, never "OK"
 * @property {"pri" | "dan" | "line"} [look]
 * @property {boolean} [first] takes the focus when the dialog opens
 * @property {() => void | boolean | Promise<void | boolean>} [run] false: the dialog stays
 */

/**
 * @param {{title: string, body: import("./dom.js").Child, acts?: Act[], class?: string, onClose?: () => void}} what
 * @returns {{element: HTMLDialogElement, close: () => void}}
 */
export function openDialog(what) {
  const opener = /** @type {HTMLElement | null} */ (document.activeElement);
  const titleId = `dialog-${Math.random().toString(36).slice(2)}`;
  const close = () => element.close();
  const body = h("div", { class: "dlg-body" }, what.body);
  const element = h(
    "dialog",
    { class: `dlg ${what.class ?? ""}`, "aria-labelledby": titleId },
    h(
      "div",
      { class: "dlg-hd" },
      h("h2", { id: titleId }, what.title),
      h("button", { class: "btn sq", type: "button", "aria-label": "Close", title: "Close", onclick: close }, icon("x")),
    ),
    body,
    what.acts?.length ? h("div", { class: "dlg-foot" }, what.acts.map((act) => drawAct(act, close))) : null,
  );
  element.addEventListener("close", () => {
    element.remove();
    // The browser gave it back already, and this comes later: a key may have moved it on.
    if (document.activeElement === document.body) opener?.focus({ preventScroll: true });
    what.onClose?.();
  });
  // A click on the backdrop is a click on the dialog itself.
  element.addEventListener("mousedown", (event) => {
    if (event.target === element) close();
  });
  element.addEventListener("keydown", (event) => event.stopPropagation());
  document.body.append(element);
  element.showModal();
  reachByKeys(body);
  /** @type {HTMLElement | null} */ (element.querySelector("[data-first]"))?.focus();
  return { element, close };
}

/** @param {Act} act @param {() => void} close */
function drawAct(act, close) {
  return h(
    "button",
    {
      class: `btn ${act.look ?? "line"}`,
      type: "button",
      "data-first": act.first,
      onclick: async () => {
        if ((await act.run?.()) !== false) close();
      },
    },
    act.label,
  );
}

/**
 * Ask before something that cannot be undone.
 * @param {{title: string, body: import("./dom.js").Child, act: string, keep?: string}} question
 * @returns {Promise<boolean>}
 */
export function confirmAct(question) {
  return new Promise((resolve) => {
    let answer = false;
    openDialog({
      title: question.title,
      body: question.body,
      acts: [
        { label: question.keep ?? "Cancel", first: true },
        {
          label: question.act,
          look: "dan",
          run: () => {
            answer = true;
          },
        },
      ],
      onClose: () => resolve(answer),
    });
  });
}

/**
 * Ask for one line of text.
 * @param {{title: string, label: string, value: string, act: string}} question
 * @returns {Promise<string | null>}
 */
export function askLine(question) {
  return new Promise((resolve) => {
    /** @type {string | null} */
    let answer = null;
    const input = h("input", { ".value": question.value, "aria-label": question.label, "data-first": true });
    const take = () => {
      answer = input.value.trim() || null;
    };
    const { close } = openDialog({
      title: question.title,
      body: h("div", { class: "inp" }, input),
      acts: [{ label: "Cancel" }, { label: question.act, look: "pri", run: take }],
      onClose: () => resolve(answer),
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault(); // else it presses the button that gets the focus back
      take();
      close();
    });
    input.select();
  });
}
