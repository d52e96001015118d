/** A slide as a surface: its layout, its background, and its content shrunk to fit. */

import { h } from "../dom.js";
import { renderContent } from "../blocks/render.js";
import { childrenOf } from "../state.js";

const STEPS = [1, 0.92, 0.84, 0.76, 0.68, 0.6, 0.52];

/** @typedef {import("../blocks/render.js").RenderContext} RenderContext */

/** Reads any colour the browser knows. @type {CanvasRenderingContext2D | null} */
let brush = null;

/** @param {string} value @returns {boolean | null} whether it is a dark colour; null: it is none */
function isDark(value) {
  if (!CSS.supports("color", value)) return null;
  brush ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!brush) return false;
  brush.clearRect(0, 0, 1, 1);
  brush.fillStyle = value;
  brush.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
  return a > 100 && 0.2126 * r + 0.7152 * g + 0.0722 * b < 128;
}

/** @param {HTMLElement} el @param {string} src */
function paint(el, src) {
  // The veil keeps words readable on any picture.
  el.style.backgroundImage = `linear-gradient(rgb(0 0 0 / 45%), rgb(0 0 0 / 45%)), url("${src.replace(/["\\\n]/g, encodeURIComponent)}")`;
  el.classList.add("on-dark");
}

/**
 * Dress a surface for its slide.
 * @param {HTMLElement} el
 * @param {Record<string, any>} content
 * @param {RenderContext} context
 */
export function dressSlide(el, content, context) {
  el.dataset.layout = content.layout ?? "content";
  const background = content.background ?? "";
  if (el.dataset.background === background) return;
  el.dataset.background = background;
  el.style.background = "";
  el.classList.remove("on-dark");
  if (!background) return;
  const asset = /^asset:(.+)$/.exec(background);
  if (asset) {
    context.assetUrl(asset[1]).then((src) => el.dataset.background === background && paint(el, src), () => {});
  } else if (/^https?:/i.test(background)) paint(el, background);
  else {
    const dark = isDark(background);
    if (dark === null) return;
    el.style.background = background;
    el.classList.toggle("on-dark", dark);
  }
}

/**
 * Shrink what is on a slide until it fits, down to where it would be unreadable; then it scrolls.
 * @param {HTMLElement} el
 */
export function fitSlide(el) {
  for (const step of STEPS) {
    el.style.setProperty("--fit", String(step));
    if (el.scrollHeight <= el.clientHeight + 1 && el.scrollWidth <= el.clientWidth + 1) return;
  }
}

/**
 * A slide to look at only, as in the rail.
 * @param {import("../state.js").State} state
 * @param {import("../state.js").Block} slide
 * @param {RenderContext} context
 * @returns {HTMLElement}
 */
export function stillSlide(state, slide, context) {
  /** @param {import("../state.js").Block} block @returns {HTMLElement} */
  const still = (block) => h("div", { class: "block", "data-type": block.type },
    block.type === "group"
      ? h("div", { class: `block-children group-${block.content.direction ?? "row"}` }, childrenOf(state, block.id).map(still))
      : renderContent(block, context));
  const el = h("div", { class: "slide" },
    slide.content.title ? h("div", { class: "block", "data-type": "slide" }, renderContent(slide, context)) : null,
    h("div", { class: "blocks" }, childrenOf(state, slide.id).map(still)));
  dressSlide(el, slide.content, context);
  return el;
}
