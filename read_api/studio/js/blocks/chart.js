/** Charts as small SVG drawings. */

import { h, svg } from "../dom.js";

const WIDTH = 720;
const HEIGHT = 360;
/** Round charts are as wide as high; the legend stands beside them. */
const ROUND = 372;
const COLOURS = 8;
const LABEL = 15;

/**
 * @typedef {{id: string, name: string, values: (number | null)[]}} Series
 * @typedef {{kind?: string, categories?: string[], series?: Series[]}} Chart
 */

/** @param {number} i */
const colour = (i) => `series-${i % COLOURS}`;
/** @param {number} n */
const short = (n) => Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 }).format(n);
/** @param {string} text @param {number} most */
const cut = (text, most) => (text.length > most ? `${text.slice(0, Math.max(1, most - 1))}…` : text);

/**
 * Draw a chart.
 * @param {Chart} chart
 * @returns {HTMLElement}
 */
export function drawChart(chart) {
  const kind = chart.kind ?? "column";
  const categories = chart.categories ?? [];
  const series = chart.series ?? [];
  if (!categories.length || !series.length) return h("p", { class: "placeholder" }, "A chart without numbers yet");
  const round = kind === "pie" || kind === "doughnut";
  const drawing = svg("svg", {
    class: "chart-drawing", viewBox: `0 0 ${round ? ROUND : WIDTH} ${HEIGHT}`, role: "img", "aria-label": describe(kind, categories, series),
  }, round ? pie(kind, categories, series[0]) : axes(kind, categories, series));
  const names = round ? categories : series.map((s) => s.name);
  const legend = names.length > 1 || round
    ? h("ul", { class: "chart-legend", "aria-hidden": "true" }, names.slice(0, 12).map((name, i) => h("li", { class: colour(i) }, cut(name || "–", 28))))
    : null;
  return h("div", { class: `chart ${round ? "round" : ""}` }, drawing, legend);
}

/** @param {string} kind @param {string[]} categories @param {Series[]} series */
function describe(kind, categories, series) {
  const told = series.slice(0, 4).map((s) => {
    const values = s.values.slice(0, 12).map((v, i) => `${categories[i] ?? i + 1} ${v ?? "no value"}`).join(", ");
    return `${s.name || "unnamed"}: ${values}`;
  });
  return `${kind} chart. ${told.join(". ")}`;
}

/** Round marks of an axis that spans the values. @param {number} low @param {number} high @returns {number[]} */
function ticks(low, high) {
  if (low === high) high = low + 1;
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? rough;
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** @param {string} kind @param {string[]} categories @param {Series[]} series */
function axes(kind, categories, series) {
  const values = series.flatMap((s) => s.values).filter((v) => typeof v === "number");
  const marks = ticks(Math.min(0, ...values), Math.max(0, ...values));
  const [low, high] = [marks[0], marks[marks.length - 1]];
  const lying = kind === "bar";
  const longest = Math.max(...categories.map((c) => Math.min(c.length, 16)), 1);
  const gutter = Math.max(...marks.map((m) => short(m).length), 2) * 9 + 14;
  const box = lying
    ? { left: longest * 8.5 + 14, top: 6, right: WIDTH - 18, bottom: HEIGHT - 28 }
    : { left: gutter, top: 12, right: WIDTH - 10, bottom: HEIGHT - 30 };
  const along = (/** @type {number} */ v) => {
    const share = (v - low) / (high - low);
    return lying ? box.left + share * (box.right - box.left) : box.bottom - share * (box.bottom - box.top);
  };
  const slot = (lying ? box.bottom - box.top : box.right - box.left) / categories.length;
  const at = (/** @type {number} */ i) => (lying ? box.top : box.left) + slot * (i + 0.5);

  const grid = marks.map((m) => {
    const p = along(m);
    const line = lying ? { x1: p, x2: p, y1: box.top, y2: box.bottom } : { x1: box.left, x2: box.right, y1: p, y2: p };
    const label = lying ? { x: p, y: HEIGHT - 8, "text-anchor": "middle" } : { x: box.left - 8, y: p + 5, "text-anchor": "end" };
    return [
      svg("line", { class: m === 0 ? "chart-zero" : "chart-grid", ...line }),
      svg("text", { class: "chart-label", "font-size": LABEL, ...label }, short(m)),
    ];
  });
  // So many labels as fit; the others' places stay empty.
  const every = lying ? Math.ceil(18 / slot) : Math.ceil((Math.min(longest, 12) * 8.5) / slot / 1.6);
  const room = lying ? 16 : Math.max(3, Math.floor((slot * every) / 8.5));
  const labels = categories.map((c, i) => i % every === 0 && svg("text", {
    class: "chart-label", "font-size": LABEL,
    ...(lying ? { x: box.left - 8, y: at(i) + 5, "text-anchor": "end" } : { x: at(i), y: HEIGHT - 8, "text-anchor": "middle" }),
  }, cut(c, room)));
  const drawn = kind === "line" || kind === "area" ? lines(kind, series, at, along) : bars(lying, series, slot, at, along);
  return [grid, labels, drawn];
}

/**
 * @param {boolean} lying @param {Series[]} series @param {number} slot
 * @param {(i: number) => number} at @param {(v: number) => number} along
 */
function bars(lying, series, slot, at, along) {
  const thick = Math.min((slot * 0.72) / series.length, 64);
  return series.map((s, n) => s.values.map((v, i) => {
    if (typeof v !== "number") return null;
    const across = at(i) + (n - series.length / 2) * thick + thick * 0.06;
    const [from, to] = [along(0), along(v)];
    const [start, length] = [Math.min(from, to), Math.max(Math.abs(to - from), 1)];
    const width = Math.max(thick * 0.88, 1);
    const place = lying ? { x: start, y: across, width: length, height: width } : { x: across, y: start, width, height: length };
    return svg("rect", { class: `chart-fill ${colour(n)}`, rx: Math.min(3, width / 3), ...place }, svg("title", null, `${s.name} ${v}`));
  }));
}

/** @param {string} kind @param {Series[]} series @param {(i: number) => number} at @param {(v: number) => number} along */
function lines(kind, series, at, along) {
  return series.map((s, n) => {
    /** Runs of values between gaps. @type {[number, number][][]} */
    const runs = [[]];
    s.values.forEach((v, i) => {
      if (typeof v === "number") runs[runs.length - 1].push([at(i), along(v)]);
      else if (runs[runs.length - 1].length) runs.push([]);
    });
    return runs.filter((run) => run.length).map((run) => {
      const path = `M${run.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
      const [first, last] = [run[0], run[run.length - 1]];
      return [
        kind === "area" && svg("path", { class: `chart-area ${colour(n)}`, d: `${path}L${last[0]} ${along(0)}L${first[0]} ${along(0)}Z` }),
        svg("path", { class: `chart-line ${colour(n)}`, d: path }),
        (s.values.length <= 40) && run.map(([x, y]) => svg("circle", { class: `chart-fill ${colour(n)}`, cx: x, cy: y, r: 4.5 })),
      ];
    });
  });
}

/** @param {string} kind @param {string[]} categories @param {Series} series */
function pie(kind, categories, series) {
  const values = categories.map((_, i) => Math.max(0, series.values[i] ?? 0));
  const total = values.reduce((a, b) => a + b, 0);
  const [x, y, outer] = [ROUND / 2, HEIGHT / 2, HEIGHT / 2 - 8];
  const inner = kind === "doughnut" ? outer * 0.58 : 0;
  if (!total) return [svg("circle", { class: "chart-grid", cx: x, cy: y, r: outer, fill: "none" })];
  const point = (/** @type {number} */ r, /** @type {number} */ turn) => {
    const a = turn * 2 * Math.PI - Math.PI / 2;
    return `${(x + r * Math.cos(a)).toFixed(2)} ${(y + r * Math.sin(a)).toFixed(2)}`;
  };
  let turn = 0;
  return values.map((v, i) => {
    // A full circle has no two ends to draw an arc between.
    const share = Math.min(v / total, 0.9999);
    if (!share) return null;
    const [from, to] = [turn, turn + share];
    turn += v / total;
    const large = share > 0.5 ? 1 : 0;
    const back = inner ? `L${point(inner, to)}A${inner} ${inner} 0 ${large} 0 ${point(inner, from)}` : `L${x} ${y}`;
    const d = `M${point(outer, from)}A${outer} ${outer} 0 ${large} 1 ${point(outer, to)}${back}Z`;
    const r = inner ? (inner + outer) / 2 : outer * 0.66;
    const [lx, ly] = point(r, from + share / 2).split(" ");
    return [
      svg("path", { class: `chart-slice ${colour(i)}`, d }, svg("title", null, `${categories[i]} ${v}`)),
      share > 0.05 && svg("text", { class: "chart-share", "font-size": LABEL, x: lx, y: Number(ly) + 5, "text-anchor": "middle" }, `${Math.round(share * 100)}%`),
    ];
  });
}
