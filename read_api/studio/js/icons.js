/** The icons: strokes on a 24-pixel grid, drawn in the colour of the text around them. */

import { svg } from "./dom.js";

/** @type {Record<string, string>} */
const PATHS = {
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  search: "M11 4a7 7 0 1 0 0 14a7 7 0 0 0 0-14M20 20l-4-4",
  close: "M6 6l12 12M18 6L6 18",
  back: "M15 5l-7 7l7 7",
  up: "M12 19V5M6 11l6-6l6 6",
  down: "M12 5v14M6 13l6 6l6-6",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  grip: "M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01",
  pencil: "M4 20l1-4L16.5 4.500l3 3L8 19zM14 7l3 3",
  history: "M4 5v5h5M4.6 10a8 8 0 1 1-.4 4M12 8v4.500l3 2",
  share: "M9 11a4 4 0 1 0 0-8a4 4 0 0 0 0 8M2.5 20c.6-3.6 3.2-5.5 6.5-5.500s5.9 1.9 6.5 5.500M18.5 8v6M15.5 11h6",
  download: "M12 5v11M7 11.500L12 16.500l5-5M4 20h16",
  upload: "M12 16V5M7 9.500L12 4.500l5 5M4 16v4h16v-4",
  logout: "M10 4H5v16h5M15 8l4 4l-4 4M19 12H9",
  archive: "M3 5h18v4H3zM5 9v11h14V9M10 13h4",
  check: "M5 12.500l4.5 4.500L19 7",
  warning: "M12 4L2.5 20h19zM12 10v4.500M12 17.300v.01",
  info: "M12 3.500a8.5 8.5 0 1 0 0 17a8.5 8.5 0 0 0 0-17M12 11v5M12 7.800v.01",
  success: "M12 3.500a8.5 8.5 0 1 0 0 17a8.5 8.5 0 0 0 0-17M8.5 12.200l2.5 2.500l4.7-5",
  danger: "M8 3.500h8l4.5 4.500v8l-4.5 4.500H8L3.5 16V8zM12 8v5M12 16v.01",
  tip: "M9 18h6M10 21h4M8.5 15c-1.7-1.2-2.7-3-2.7-5a6.2 6.2 0 0 1 12.4 0c0 2-1 3.8-2.7 5z",
  eye: "M2.5 12C5 7.5 8.2 5.5 12 5.500s7 2 9.5 6.500c-2.5 4.5-5.7 6.5-9.5 6.500S5 16.5 2.5 12M12 9.300a2.7 2.7 0 1 0 0 5.400a2.7 2.7 0 0 0 0-5.4",
  machine: "M5 8h14v11H5zM12 8V4M9 13v.01M15 13v.01M9.5 16h5",
  slide: "M3 5h18v12H3zM9 21h6M12 17v4",
  heading: "M6 5v14M18 5v14M6 12h12",
  text: "M4 6h16M4 11h16M4 16h10",
  bullets: "M9 6h11M9 12h11M9 18h11M4.5 6h.01M4.5 12h.01M4.5 18h.01",
  image: "M4 5h16v14H4zM4 16l5-5l4 4l2.5-2.500L20 17M15.5 9h.01",
  table: "M4 5h16v14H4zM4 10h16M4 14.500h16M10 10v9",
  chart: "M4 4v16h16M8.5 16v-5M13 16V7M17.5 16v-3",
  code: "M9 7l-5 5l5 5M15 7l5 5l-5 5",
  quote: "M5 15c2.5 0 4-1.5 4-4.500V7H4v5h4.500M15 15c2.5 0 4-1.5 4-4.500V7h-5v5h4.5",
  callout: "M4 5h16v11h-9l-4 4v-4H4zM8 9h8M8 12h5",
  divider: "M3 12h18M8 6h8M8 18h8",
  group: "M4 5h7v14H4zM13 5h7v14h-7z",
};

/**
 * Draw an icon. It is decoration: the control around it carries the name.
 * @param {string} name
 */
export function icon(name) {
  const el = svg("svg", {
    class: "icon", viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": 1.75,
    "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", focusable: "false",
  }, svg("path", { d: PATHS[name] ?? PATHS.text }));
  if (name === "more" || name === "grip") el.setAttribute("stroke-width", "2.75");
  return el;
}

/** Draw the product's mark. */
export function mark() {
  return svg("svg", { class: "mark", viewBox: "0 0 32 32", fill: "none", "aria-hidden": "true", focusable: "false" },
    svg("rect", { class: "mark-back", x: 7, y: 3, width: 22, height: 14, rx: 3 }),
    svg("rect", { class: "mark-front", x: 3, y: 8, width: 22, height: 14, rx: 3 }),
    svg("path", { class: "mark-lines", d: "M7.5 13h9M7.5 17h5.5" }),
    svg("path", { class: "mark-log", d: "M4 27h3M10.5 27h3M17 27h3M23.5 27h3" }));
}
