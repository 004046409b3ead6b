/** What can be done with a picture: copy it, save it. By its own button, so with keys too. */

import { dataAddress } from "./data_address.js";
import { h } from "./dom.js";
import { saveAs } from "./files.js";
import { icon } from "./icons.js";
import { openMenu } from "./menus.js";
import { announce } from "./toast.js";

/**
 * @typedef {object} Source
 * @property {(type: string) => Promise<Blob>} picture
 * @property {boolean} [isDrawing] whether it can be had as PNG and as SVG
 */

const PNG = "image/png";
const SVG = "image/svg+xml";
const SCALE = 2; // of a drawing that is copied, so that it is sharp where it is pasted
const LABEL = "Copy or save this picture";

/** @param {HTMLElement} place around the picture @param {Source} source */
export function addTools(place, source) {
  place.querySelector(":scope > .picture-tools")?.remove();
  const problem = h("span", { class: "picture-problem", role: "status" });
  const act = (/** @type {() => Promise<void>} */ does) => () => {
    problem.textContent = "";
    does().catch((error) => (problem.textContent = `${error.message ?? error}. `));
  };
  const save = (/** @type {string} */ label, /** @type {string} */ type) =>
    /** @type {const} */ ({ label, icon: "download", run: act(() => savePicture(source, type)) });
  const button = h(
    "button",
    { class: "btn s sq", type: "button", "aria-label": LABEL, title: LABEL, "aria-haspopup": "menu" },
    icon("ellipsis"),
  );
  button.addEventListener("click", () =>
    openMenu(
      button,
      [
        { label: "Copy picture", icon: "copy", run: act(() => copyPicture(source)) },
        ...(source.isDrawing ? [save("Save as PNG", PNG), save("Save as SVG", SVG)] : [save("Save picture", "")]),
      ],
      { label: "Picture", align: "end" },
    ),
  );
  place.append(h("div", { class: "picture-tools" }, problem, button));
}

/** @param {Source} source @param {string} type */
async function savePicture(source, type) {
  const blob = await source.picture(type);
  const ending = /^image\/([a-z]+)/.exec(blob.type)?.[1] ?? "png";
  saveAs(`picture.${ending === "jpeg" ? "jpg" : ending}`, blob);
}

/** @param {Source} source */
async function copyPicture(source) {
  if (!navigator.clipboard?.write) throw new Error("This browser lets no page copy pictures");
  // The clipboard is asked within the click; the bytes may take longer.
  const png = source.picture(PNG).then(asPng);
  await navigator.clipboard.write([new ClipboardItem({ [PNG]: png })]);
  announce("Picture copied.");
}

/**
 * As PNG, which is all that the clipboard takes.
 * @param {Blob} blob
 * @returns {Promise<Blob>}
 */
export async function asPng(blob) {
  if (blob.type === PNG) return blob;
  try {
    // Of an SVG with HTML in it a canvas gives no pixels where it came by the address of a blob.
    const img = h("img", { src: await dataAddress(blob) });
    await img.decode();
    const scale = blob.type === SVG ? SCALE : 1;
    const canvas = h("canvas", { width: img.naturalWidth * scale, height: img.naturalHeight * scale });
    canvas.getContext("2d")?.drawImage(img, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) =>
      canvas.toBlob((made) => (made ? resolve(made) : reject(new Error("It is too large to copy; save it")))),
    );
  } catch (error) {
    // In some browsers an SVG with HTML in it may be seen and not be read.
    const isRefused = error instanceof DOMException && error.name === "SecurityError";
    throw isRefused ? new Error("This picture can be saved as SVG, but not copied") : error;
  }
}
