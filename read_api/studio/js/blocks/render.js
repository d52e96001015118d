/** Showing a block's content by its type. Knows nothing of editing. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { drawChart } from "./chart.js";
import { highlighted } from "./highlight.js";
import { inline, paragraphs } from "./inline.js";
import { TONES } from "./catalogue.js";

/**
 * @typedef {import("../state.js").Block} Block
 * @typedef {{assetUrl: (id: string) => Promise<string>, hints: boolean}} RenderContext  `hints`: say what is missing
 */

/** @param {RenderContext} context @param {string} text */
const placeholder = (context, text) => (context.hints ? h("p", { class: "placeholder" }, text) : h("p", { class: "placeholder" }, "\u00a0"));

/** @type {Record<string, (content: Record<string, any>, context: RenderContext) => HTMLElement>} */
const RENDERERS = {
  slide: (c, context) => h("h2", { class: "slide-title" }, c.title ? c.title : placeholder(context, "Add a title")),
  heading: (c, context) => h("div", {
    class: `heading heading-${c.level ?? 2}`, role: "heading", "aria-level": Math.min((c.level ?? 2) + 2, 6),
  }, c.text ? inline(c.text) : placeholder(context, "Heading")),
  text: (c, context) => h("div", { class: "text" }, c.text?.trim() ? paragraphs(c.text) : placeholder(context, "Write something")),
  bullets: (c, context) => bullets(c.items ?? [], context),
  image: (c, context) => image(c, context),
  table: (c) => table(c.columns ?? [], c.rows ?? []),
  chart: (c) => drawChart(c),
  code: (c, context) => h("figure", { class: "code" },
    c.language ? h("figcaption", null, c.language) : null,
    c.text ? h("pre", null, h("code", null, highlighted(c.text))) : placeholder(context, "Paste some code")),
  quote: (c, context) => h("figure", { class: "quote" },
    h("blockquote", null, c.text ? paragraphs(c.text) : placeholder(context, "What was said")),
    c.by ? h("figcaption", null, c.by) : null),
  callout: (c, context) => {
    const tone = TONES.includes(c.tone) ? c.tone : "info";
    return h("div", { class: `callout tone-${tone}`, role: "note", "aria-label": tone },
      icon(tone), h("div", { class: "callout-text" }, c.text ? paragraphs(c.text) : placeholder(context, "Worth noticing")));
  },
  divider: () => h("hr"),
};

/**
 * @param {Block} block
 * @param {RenderContext} context
 * @returns {HTMLElement}
 */
export function renderContent(block, context) {
  const render = RENDERERS[block.type];
  return render ? render(block.content, context) : h("p", { class: "placeholder" }, `A block of a kind this page does not know: ${block.type}`);
}

/** @param {string} cell */
const isNumber = (cell) => /^[\s$€£+-]*[\d.,]+\s*%?$/.test(cell);

/** @param {any[]} columns @param {any[]} rows */
function table(columns, rows) {
  // Where all cells are numbers, they and their heading stand at the right.
  const numbers = columns.map((_, i) => rows.some((row) => row.cells[i]) && rows.every((row) => !row.cells[i] || isNumber(row.cells[i])));
  const look = (/** @type {number} */ i) => (numbers[i] ? "number" : null);
  return h("table", { class: "table" },
    h("thead", null, h("tr", null, columns.map((column, i) => h("th", { scope: "col", class: look(i) }, inline(column.text ?? ""))))),
    h("tbody", null, rows.map((row) => h("tr", null, (row.cells ?? []).map((/** @type {string} */ cell, /** @type {number} */ i) => h("td", { class: look(i) }, inline(cell)))))));
}

/** Nested lists from flat items: the levels say how deep. @param {any[]} items @param {RenderContext} context */
function bullets(items, context) {
  const root = h("ul", { class: "bullets" });
  /** @type {HTMLElement[]} */
  const open = [root];
  for (const item of items) {
    const level = Math.max(0, item.level ?? 0);
    while (open.length > level + 1) open.pop();
    while (open.length < level + 1) {
      const inner = h("ul");
      const last = open[open.length - 1];
      (last.lastElementChild ?? last.appendChild(h("li", { class: "bare" }))).appendChild(inner);
      open.push(inner);
    }
    open[open.length - 1].appendChild(h("li", null, h("span", null, item.text ? inline(item.text) : placeholder(context, "A point"))));
  }
  if (!items.length) root.append(h("li", null, placeholder(context, "A point")));
  return root;
}

/** @param {string | null | undefined} url @returns {string | null} */
function loadable(url) {
  if (!url) return null;
  try {
    const resolved = new URL(url, location.origin);
    return resolved.protocol === "http:" || resolved.protocol === "https:" ? resolved.href : null;
  } catch {
    return null;
  }
}

/** @param {Record<string, any>} c @param {RenderContext} context */
function image(c, context) {
  const frame = h("div", { class: "image-frame" });
  const missing = (/** @type {string} */ why) => frame.replaceChildren(
    h("div", { class: "image-missing" }, icon("image"), h("span", null, c.alt || (context.hints ? why : ""))));
  const show = (/** @type {string} */ src) => {
    const img = h("img", {
      alt: c.alt ?? "", loading: "lazy", decoding: "async", referrerpolicy: "no-referrer", draggable: "false",
      class: `fit-${c.fit ?? "contain"}`, on: { error: () => missing("The image could not be loaded") },
    });
    img.src = src;
    frame.replaceChildren(img);
  };
  const url = loadable(c.url);
  if (c.asset_id) {
    missing("Loading…");
    context.assetUrl(c.asset_id).then(show, () => missing("The image could not be loaded"));
  } else if (url) show(url);
  else missing("An image goes here");
  return h("figure", { class: "image" }, frame, c.caption ? h("figcaption", null, inline(c.caption)) : null);
}
