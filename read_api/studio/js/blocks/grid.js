/** A small spreadsheet: what tables and charts are edited in. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { newId } from "../ids.js";

/**
 * @typedef {{id: string, text: string}} Head
 * @typedef {{id: string, text?: string, cells: string[]}} Row
 * @typedef {object} GridOptions
 * @property {Head[]} columns
 * @property {Row[]} rows
 * @property {boolean} named  rows have a name of their own, in the first column
 * @property {{columns: number, rows: number}} most
 * @property {string} columnNoun
 * @property {string} rowNoun
 * @property {boolean} [numbers]
 */

/**
 * @param {GridOptions} options
 */
export function grid(options) {
  let columns = options.columns.map((c) => ({ ...c }));
  let rows = options.rows.map((r) => ({ ...r, cells: [...r.cells] }));
  const el = h("div", { class: "grid" });
  // Structural changes are input too: whoever listens saves them.
  const changed = () => el.dispatchEvent(new Event("input", { bubbles: true }));

  /** @param {string} label @param {string} value @param {(text: string) => void} write @param {boolean} [first] @param {string} [kind] */
  const cell = (label, value, write, first = false, kind = "") => h("input", {
    class: `cell ${kind}`, value, "aria-label": label, "data-testid": first ? "block-editor" : null, autocomplete: "off",
    inputmode: kind === "number" ? "decimal" : null,
    on: { input: (/** @type {Event} */ e) => write(/** @type {HTMLInputElement} */ (e.target).value.replaceAll("\0", "")), keydown: walk, paste },
  });

  /** @param {string} label @param {string} name @param {boolean} able @param {() => void} run */
  const button = (label, name, able, run) => h("button", {
    type: "button", class: "icon-button tiny", "aria-label": label, title: label, disabled: !able, on: { click: () => { run(); draw(); changed(); } },
  }, icon(name));

  function draw() {
    const table = h("table", null,
      h("thead", null, h("tr", null,
        options.named ? h("td", { class: "corner" }) : null,
        columns.map((column, c) => h("th", { scope: "col" },
          cell(`${options.columnNoun} ${c + 1}, name`, column.text, (t) => void (column.text = t), c === 0, "head"),
          columns.length > 1 && button(`Remove ${options.columnNoun} ${c + 1}`, "close", true, () => {
            columns = columns.filter((x) => x !== column);
            rows.forEach((row) => row.cells.splice(c, 1));
          }))),
        h("td", { class: "edge" }, button(`Add ${options.columnNoun}`, "plus", columns.length < options.most.columns, () => {
          columns.push({ id: newId(), text: "" });
          rows.forEach((row) => row.cells.push(""));
        })))),
      h("tbody", null, rows.map((row, r) => h("tr", null,
        options.named ? h("th", { scope: "row" }, cell(`${options.rowNoun} ${r + 1}, name`, row.text ?? "", (t) => void (row.text = t), false, "head")) : null,
        row.cells.map((value, c) => h("td", null, cell(
          `${options.rowNoun} ${r + 1}, ${columns[c]?.text || `${options.columnNoun} ${c + 1}`}`, value,
          (t) => void (row.cells[c] = t), false, options.numbers ? "number" : ""))),
        h("td", { class: "edge" }, button(`Remove ${options.rowNoun} ${r + 1}`, "close", rows.length > 1, () => void (rows = rows.filter((x) => x !== row))))))));
    el.replaceChildren(table, h("button", {
      type: "button", class: "button quiet small", disabled: rows.length >= options.most.rows,
      on: { click: () => {
        rows.push({ id: newId(), text: "", cells: columns.map(() => "") });
        draw();
        changed();
        /** @type {HTMLInputElement | null} */ (el.querySelector("tbody tr:last-child input"))?.focus();
      } },
    }, icon("plus"), `Add ${options.rowNoun}`));
  }

  /** Up and down go through a column, as in a spreadsheet. @param {KeyboardEvent} e */
  function walk(e) {
    const step = e.key === "ArrowDown" || (e.key === "Enter" && !e.ctrlKey && !e.metaKey) ? 1 : e.key === "ArrowUp" ? -1 : 0;
    if (!step || e.isComposing) return;
    const here = /** @type {HTMLElement} */ (e.target);
    const own = here.closest("tr");
    const all = [...el.querySelectorAll("tr")];
    const next = all[all.indexOf(/** @type {HTMLTableRowElement} */ (own)) + step];
    const place = [...(own?.querySelectorAll("input") ?? [])].indexOf(/** @type {HTMLInputElement} */ (here));
    const inputs = [...(next?.querySelectorAll("input") ?? [])];
    // The heading of a named grid has no cell above the names.
    const offset = options.named ? (own?.parentElement?.tagName === "THEAD" ? 1 : next?.parentElement?.tagName === "THEAD" ? -1 : 0) : 0;
    inputs[Math.max(0, place + offset)]?.focus();
    e.preventDefault();
  }

  /** Paste a range of a spreadsheet into the cells from here on. @param {ClipboardEvent} e */
  function paste(e) {
    const lines = (e.clipboardData?.getData("text/plain") ?? "").replace(/\r?\n$/, "").split(/\r?\n/).map((l) => l.split("\t"));
    if (lines.length === 1 && lines[0].length === 1) return;
    const own = /** @type {HTMLElement} */ (e.target).closest("tr");
    const r = [...el.querySelectorAll("tbody tr")].indexOf(/** @type {HTMLTableRowElement} */ (own));
    if (r < 0) return;
    const c = [...(own?.querySelectorAll("td input") ?? [])].indexOf(/** @type {HTMLInputElement} */ (e.target));
    if (c < 0) return;
    e.preventDefault();
    lines.forEach((cells, i) => {
      if (r + i >= options.most.rows) return;
      if (!rows[r + i]) rows.push({ id: newId(), text: "", cells: columns.map(() => "") });
      cells.forEach((text, j) => {
        if (c + j < columns.length) rows[r + i].cells[c + j] = text.replaceAll("\0", "");
      });
    });
    draw();
    changed();
  }

  draw();
  return {
    el,
    value: () => ({ columns: columns.map((c) => ({ ...c })), rows: rows.map((r) => ({ ...r, cells: [...r.cells] })) }),
    /** @param {Head[]} newColumns @param {Row[]} newRows */
    set(newColumns, newRows) {
      columns = newColumns.map((c) => ({ ...c }));
      rows = newRows.map((r) => ({ ...r, cells: [...r.cells] }));
      draw();
    },
    focus: () => /** @type {HTMLElement | null} */ (el.querySelector("[data-testid=block-editor]"))?.focus(),
  };
}
