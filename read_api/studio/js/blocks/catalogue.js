/** The block types: what they are called, what a new one holds, what they say in one line. */

import { newId } from "../ids.js";

/**
 * @typedef {object} BlockType
 * @property {string} label
 * @property {string} noun  as in "edited a bullet list"
 * @property {string} hint
 * @property {() => Record<string, any>} fresh
 */

/** @type {Record<string, BlockType>} */
export const BLOCK_TYPES = {
  slide: { label: "Slide", noun: "slide", hint: "A new page", fresh: () => ({ title: "" }) },
  heading: { label: "Heading", noun: "heading", hint: "A line that leads", fresh: () => ({ text: "", level: 2 }) },
  text: { label: "Text", noun: "text block", hint: "A paragraph", fresh: () => ({ text: "" }) },
  bullets: {
    label: "Bullets", noun: "bullet list", hint: "Points, nested", fresh: () => ({ items: [{ id: newId(), text: "", level: 0 }] }),
  },
  image: { label: "Image", noun: "image", hint: "From an address", fresh: () => ({ alt: "" }) },
  table: {
    label: "Table", noun: "table", hint: "Rows and columns",
    fresh: () => ({
      columns: ["Column A", "Column B", "Column C"].map((text) => ({ id: newId(), text })),
      rows: [0, 1].map(() => ({ id: newId(), cells: ["", "", ""] })),
    }),
  },
  chart: {
    label: "Chart", noun: "chart", hint: "Numbers, drawn",
    fresh: () => ({
      kind: "column",
      categories: ["Q1", "Q2", "Q3", "Q4"],
      series: [{ id: newId(), name: "Series 1", values: [4, 6, 5, 8] }],
    }),
  },
  code: { label: "Code", noun: "code block", hint: "To the letter", fresh: () => ({ language: "", text: "" }) },
  quote: { label: "Quote", noun: "quote", hint: "What somebody said", fresh: () => ({ text: "", by: "" }) },
  callout: { label: "Callout", noun: "callout", hint: "Set apart", fresh: () => ({ tone: "info", text: "" }) },
  divider: { label: "Divider", noun: "divider", hint: "A line between", fresh: () => ({}) },
  group: { label: "Group", noun: "group", hint: "Blocks side by side", fresh: () => ({ direction: "row" }) },
};

/** What may stand on a slide, in the order of the menu. */
export const ON_SLIDE = ["heading", "text", "bullets", "image", "table", "chart", "code", "quote", "callout", "divider", "group"];
/** What may stand in a group. */
export const IN_GROUP = ON_SLIDE.filter((type) => type !== "group");

export const LAYOUTS = ["title", "section", "content", "two-column", "image", "quote", "closing", "blank"];
export const TONES = ["info", "tip", "success", "warning", "danger"];
export const CHART_KINDS = ["column", "bar", "line", "area", "pie", "doughnut"];
export const FITS = ["contain", "cover", "fill", "none"];

/** @param {string} type */
export function nounOf(type) {
  return BLOCK_TYPES[type]?.noun ?? type;
}

/** Whether a click opens an editor: there is nothing to say about a line. @param {string} type */
export function isEditable(type) {
  return type !== "divider" && type !== "group" && type in BLOCK_TYPES;
}

/**
 * A block's words, as one line.
 * @param {string} type
 * @param {Record<string, any>} content
 * @returns {string}
 */
export function wordsOf(type, content) {
  switch (type) {
    case "slide":
      return content.title ?? "";
    case "bullets":
      return (content.items ?? []).map((/** @type {any} */ i) => i.text).join(" · ");
    case "image":
      return content.caption || content.alt || "";
    case "table":
      return (content.columns ?? []).map((/** @type {any} */ c) => c.text).join(" · ");
    case "chart":
      return (content.series ?? []).map((/** @type {any} */ s) => s.name).join(" · ");
    default:
      return content.text ?? "";
  }
}
