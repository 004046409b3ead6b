/** Pictures of outputs and attachments: always as `<img>`, in which no script ever runs. */

import { h } from "./dom.js";

/**
 * @typedef {string | {$blob: string, size?: number}} Value a bundle's value
 * @typedef {(digest: string) => Promise<Blob>} GetBlob
 * @typedef {object} Picture
 * @property {string} mime
 * @property {Value} value
 * @property {string} alt
 * @property {Record<string, any>} [metadata] Jupyter's: width, height, needs_background
 * @property {GetBlob} [blob]
 */

const SVG = "image/svg+xml";
export const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp", SVG];
const LARGEST_SIDE = 20_000;

/** @type {FinalizationRegistry<string>} */
const addresses = new FinalizationRegistry((address) => URL.revokeObjectURL(address));

/**
 * @param {Picture} picture
 * @returns {HTMLElement}
 */
export function drawPicture(picture) {
  const img = h("img", { alt: picture.alt, draggable: "false" });
  for (const side of /** @type {const} */ (["width", "height"])) {
    const size = Number(picture.metadata?.[side]);
    if (size > 0 && size <= LARGEST_SIDE) img.setAttribute(side, String(Math.round(size)));
  }
  const plate = h("div", { class: "picture" }, img);
  void show(plate, img, picture);
  return plate;
}

/**
 * @param {HTMLElement} plate
 * @param {HTMLImageElement} img
 * @param {Picture} picture
 */
async function show(plate, img, picture) {
  plate.classList.add("arriving");
  try {
    await load(img, picture);
    plate.classList.toggle("plated", needsPlate(img, picture));
  } catch {
    plate.replaceChildren(drawMissing(plate, picture));
  }
  plate.classList.remove("arriving");
}

/**
 * @param {HTMLImageElement} img
 * @param {Picture} picture
 */
export async function load(img, { mime, value, blob }) {
  const address = URL.createObjectURL(await toBlob(mime, value, blob));
  addresses.register(img, address);
  img.src = address;
  await img.decode();
}

/**
 * @param {HTMLElement} plate
 * @param {Picture} picture
 */
function drawMissing(plate, picture) {
  const again = h("button", { class: "lnk", type: "button" }, "Try again");
  again.addEventListener("click", () => plate.replaceWith(drawPicture(picture)));
  const isBlob = typeof picture.value !== "string";
  const what = isBlob ? "This picture is not here yet." : "This picture cannot be read.";
  return h("div", { class: "notice" }, `${what} ${picture.alt} `, isBlob && again);
}

/**
 * The bytes of a bundle's value.
 * @param {string} mime
 * @param {Value} value
 * @param {GetBlob} [blob]
 * @returns {Promise<Blob>}
 */
export async function toBlob(mime, value, blob) {
  if (typeof value === "string") {
    const bytes = mime === SVG ? new TextEncoder().encode(mendSvg(value)) : decodeBase64(value);
    return new Blob([bytes], { type: mime });
  }
  if (!blob) throw new Error(`Expected a way to get blob ${value.$blob}; there is none.`);
  const stored = await blob(value.$blob);
  if (mime === SVG) return new Blob([mendSvg(await stored.text())], { type: mime });
  const start = new Uint8Array(await stored.slice(0, 1).arrayBuffer())[0] ?? 0;
  // A stored value may be the bytes, or their base64 as it stood in the bundle.
  const isBase64 = start !== 0x47 && start !== 0x52 && start < 0x80;
  const isText = isBase64 || /^(?:R0lG|UklG)/.test(await stored.slice(0, 4).text());
  if (!isText) return new Blob([stored], { type: mime });
  return new Blob([decodeBase64(await stored.text())], { type: mime });
}

/** @param {string} text */
function decodeBase64(text) {
  const binary = atob(text.replace(/\s+/g, ""));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/**
 * SVG as it stands in HTML may lack its namespace, which a file needs.
 * @param {string} text
 */
function mendSvg(text) {
  const parsed = new DOMParser().parseFromString(text, SVG);
  const isSound = !parsed.querySelector("parsererror");
  if (isSound && parsed.documentElement.namespaceURI === "http://www.w3.org/2000/svg") return text;
  const found = new DOMParser().parseFromString(text, "text/html").querySelector("svg");
  return found ? new XMLSerializer().serializeToString(found) : text;
}

/**
 * Whether the picture needs a white ground in the dark: it has no transparency, or what it shows
 * on its transparent ground is dark.
 * @param {HTMLImageElement} img
 * @param {Picture} picture
 */
function needsPlate(img, { metadata, mime }) {
  if (metadata?.needs_background === "dark") return false;
  if (metadata?.needs_background === "light" || mime === "image/jpeg") return true;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 48;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return true;
  const data = pixelsOf(context, img);
  if (!data) return true;
  let clear = 0;
  let weight = 0;
  let light = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [red = 0, green = 0, blue = 0, alpha = 0] = data.slice(i, i + 4);
    if (alpha < 250) clear += 1;
    weight += alpha;
    light += (alpha * (0.3 * red + 0.6 * green + 0.1 * blue)) / 255;
  }
  if (clear < 12) return true;
  return weight > 0 && light / weight < 0.55;
}

/**
 * The picture's pixels, as small as the canvas; null where the browser lets nobody read them, as
 * with an SVG that has HTML in it: the picture itself can be seen all the same.
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLImageElement} img
 */
function pixelsOf(context, img) {
  const { width, height } = context.canvas;
  try {
    context.drawImage(img, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    return null;
  }
}

/**
 * What to say of a picture that cannot be seen: its text form, without Python's brackets.
 * @param {unknown} plain
 */
export function altOf(plain) {
  const text = typeof plain === "string" ? plain.trim().slice(0, 300) : "";
  const figure = /^<Figure size (\d+)x(\d+) with (\d+) Axes>$/.exec(text);
  if (figure) return `Figure, ${figure[3] === "1" ? "1 plot" : `${figure[3]} plots`}`;
  return /^<.* at 0x[0-9a-f]+>$/i.test(text) || !text ? "Picture" : text.replace(/^<(.*)>$/s, "$1");
}
