/** An editor for each block type. It knows fields and their values; when to save is another's business. */

import { fill, h } from "../dom.js";
import { CHART_KINDS, FITS, TONES } from "./catalogue.js";
import { drawChart } from "./chart.js";
import { itemsOf, linesOf } from "./bullets.js";
import { choice, line, textArea } from "./fields.js";
import { grid } from "./grid.js";

/**
 * @typedef {Record<string, any>} Content
 * @typedef {object} Editor
 * @property {HTMLElement} el  the fields, in the place of the content
 * @property {HTMLElement[]} controls  small settings, shown below the fields
 * @property {() => Content} value  the fields that it edits
 * @property {(content: Content) => void} set  take over what somebody else wrote
 * @property {() => void} focus
 * @property {string} [hint]
 */

/** @param {HTMLTextAreaElement | HTMLInputElement} el */
function focusEnd(el) {
  el.focus();
  el.setSelectionRange(el.value.length, el.value.length);
}

/**
 * A text and nothing but its settings.
 * @param {Content} content
 * @param {{class: string, label: string, placeholder: string, field?: string, mono?: boolean}} look
 * @param {Record<string, {el: HTMLElement, value: () => any, set: (v: any) => void}>} [settings]
 * @returns {Editor & {area: ReturnType<typeof textArea>}}
 */
function textEditor(content, look, settings = {}) {
  const field = look.field ?? "text";
  const area = textArea({
    value: content[field] ?? "", label: look.label, placeholder: look.placeholder, class: look.class, testid: "block-editor", mono: look.mono,
  });
  // Places in this element are places in the field.
  area.el.dataset.field = field;
  return {
    area,
    el: area.el,
    controls: Object.values(settings).map((s) => s.el),
    value: () => ({ [field]: area.value(), ...Object.fromEntries(Object.entries(settings).map(([k, s]) => [k, s.value()])) }),
    set(next) {
      area.set(next[field] ?? "");
      for (const [k, s] of Object.entries(settings)) s.set(next[k]);
    },
    focus() {
      area.grow();
      focusEnd(area.el);
    },
  };
}

/** @param {ReturnType<typeof choice>} select number behind a select */
const numeric = (select) => ({ el: select.el, value: () => Number(select.value()), set: (/** @type {number} */ n) => select.set(String(n ?? 2)) });

/** @type {Record<string, (content: Content) => Editor>} */
const EDITORS = {
  slide(content) {
    const editor = textEditor(content, { class: "slide-title", label: "Slide title", placeholder: "Add a title", field: "title" });
    // A title is one line: Enter is not for it.
    editor.area.el.addEventListener("keydown", (e) => {
      if (e.key === "Enter" && !e.ctrlKey && !e.metaKey && !e.isComposing) e.preventDefault();
    });
    return { ...editor, value: () => ({ title: editor.area.value().replaceAll("\n", " ") }) };
  },

  heading: (content) => textEditor(content, { class: `heading heading-${content.level ?? 2}`, label: "Heading", placeholder: "Heading" }, {
    level: numeric(choice({ value: String(content.level ?? 2), label: "Level of the heading", options: ["1", "2", "3", "4", "5", "6"] })),
  }),

  text: (content) => textEditor(content, { class: "text", label: "Text, inline Markdown", placeholder: "Write something" }),

  callout: (content) => textEditor(content, { class: `text callout-field tone-${content.tone ?? "info"}`, label: "Callout", placeholder: "Worth noticing" }, {
    tone: choice({ value: content.tone ?? "info", label: "Tone", options: TONES }),
  }),

  code(content) {
    const language = line({ value: content.language ?? "", label: "Language", placeholder: "language", class: "small-line", maxlength: 100 });
    const editor = textEditor(content, { class: "code-field", label: "Code", placeholder: "Paste some code", mono: true }, { language });
    return editor;
  },

  quote(content) {
    const editor = textEditor(content, { class: "text quote-field", label: "Quote", placeholder: "What was said" });
    const by = line({ value: content.by ?? "", label: "Who said it", placeholder: "Who said it", class: "caption" });
    return {
      ...editor,
      el: h("div", { class: "stack quote" }, editor.el, by.el),
      value: () => ({ ...editor.value(), by: by.value() }),
      set(next) {
        editor.set(next);
        by.set(next.by ?? "");
      },
    };
  },

  bullets(content) {
    let items = content.items ?? [];
    const area = textArea({ value: linesOf(items), label: "Points, one a line, indented by two spaces", placeholder: "One point a line", class: "text bullets-field", testid: "block-editor" });
    // What the text was last read as: read anew, new lines would get new ids each time.
    let read = area.value();
    area.el.addEventListener("keydown", (e) => indent(area.el, e));
    return {
      el: area.el,
      controls: [],
      hint: "Tab to indent · Ctrl+Enter to finish · Esc to cancel",
      value() {
        if (area.value() !== read) {
          read = area.value();
          items = itemsOf(read, items);
        }
        return { items };
      },
      set(next) {
        items = next.items ?? [];
        area.set(linesOf(items));
        read = area.value();
      },
      focus() {
        area.grow();
        focusEnd(area.el);
      },
    };
  },

  image(content) {
    const url = line({ value: content.url ?? "", label: "Address of the image", placeholder: "https://…", testid: "block-editor", maxlength: 2048, type: "url" });
    const alt = line({ value: content.alt ?? "", label: "What the image shows", placeholder: "What it shows, for those who do not see it" });
    const caption = line({ value: content.caption ?? "", label: "Caption", placeholder: "Caption" });
    const fit = choice({ value: content.fit ?? "contain", label: "How the image fits its frame", options: FITS });
    const row = (/** @type {string} */ label, /** @type {HTMLElement} */ el) => h("label", { class: "labelled" }, h("span", null, label), el);
    return {
      el: h("div", { class: "stack form-fields" }, row("Address", url.el), row("Alt text", alt.el), row("Caption", caption.el)),
      controls: [fit.el],
      value: () => ({ url: url.value().trim() || null, alt: alt.value(), caption: caption.value(), fit: fit.value() }),
      set(next) {
        url.set(next.url ?? "");
        alt.set(next.alt ?? "");
        caption.set(next.caption ?? "");
        fit.set(next.fit ?? "contain");
      },
      focus: () => url.el.focus(),
    };
  },

  table(content) {
    const cells = grid({
      columns: content.columns ?? [], rows: content.rows ?? [], named: false, most: { columns: 20, rows: 50 }, columnNoun: "column", rowNoun: "row",
    });
    return {
      el: cells.el,
      controls: [],
      value() {
        const { columns, rows } = cells.value();
        return { columns, rows: rows.map(({ id, cells: c }) => ({ id, cells: c })) };
      },
      set: (next) => cells.set(next.columns ?? [], next.rows ?? []),
      focus: cells.focus,
    };
  },

  chart(content) {
    const kind = choice({ value: content.kind ?? "column", label: "Kind of chart", options: CHART_KINDS });
    const cells = grid({ ...sheetOf(content), named: true, most: { columns: 20, rows: 200 }, columnNoun: "series", rowNoun: "category", numbers: true });
    const preview = h("div", { class: "chart-preview", "aria-hidden": "true" });
    const value = () => ({ kind: kind.value(), ...chartOf(cells.value()) });
    const draw = () => fill(preview, drawChart(value()));
    cells.el.addEventListener("input", draw);
    kind.el.addEventListener("change", draw);
    draw();
    return {
      el: h("div", { class: "chart-edit" }, cells.el, preview),
      controls: [kind.el],
      value,
      set(next) {
        kind.set(next.kind ?? "column");
        const sheet = sheetOf(next);
        cells.set(sheet.columns, sheet.rows);
        draw();
      },
      focus: cells.focus,
    };
  },
};

/** A chart as a sheet: a column for each series, a row for each category. @param {Content} chart */
function sheetOf(chart) {
  const series = chart.series ?? [];
  return {
    columns: series.map((/** @type {any} */ s) => ({ id: s.id, text: s.name ?? "" })),
    rows: (chart.categories ?? []).map((/** @type {string} */ text, /** @type {number} */ i) => ({
      id: String(i), text, cells: series.map((/** @type {any} */ s) => (s.values[i] ?? null) === null ? "" : String(s.values[i])),
    })),
  };
}

/** @param {{columns: import("./grid.js").Head[], rows: import("./grid.js").Row[]}} sheet */
function chartOf({ columns, rows }) {
  /** Half-typed numbers ("-", "1e") are gaps until they are whole. @param {string} text */
  const number = (text) => {
    const n = Number(text.trim().replace(",", "."));
    return text.trim() && Number.isFinite(n) ? n : null;
  };
  return {
    categories: rows.map((row) => row.text ?? ""),
    series: columns.map((column, c) => ({ id: column.id, name: column.text, values: rows.map((row) => number(row.cells[c] ?? "")) })),
  };
}

/** Tab and Shift+Tab change the level of the lines selected; Enter keeps it. @param {HTMLTextAreaElement} area @param {KeyboardEvent} e */
function indent(area, e) {
  if (e.isComposing || e.ctrlKey || e.metaKey || e.altKey) return;
  const start = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  if (e.key === "Enter" && !e.shiftKey) {
    const lead = /^ */.exec(area.value.slice(start, area.selectionStart))?.[0] ?? "";
    e.preventDefault();
    area.setRangeText(`\n${lead}`, area.selectionStart, area.selectionEnd, "end");
  } else if (e.key === "Tab") {
    e.preventDefault();
    const end = area.selectionEnd;
    const lines = area.value.slice(start, end);
    const shifted = e.shiftKey ? lines.replace(/^ {1,2}/gm, "") : lines.replace(/^/gm, "  ");
    const caret = area.selectionStart === end;
    area.setRangeText(shifted, start, end, caret ? "end" : "select");
  } else return;
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

/** @param {string} type @param {Content} content @returns {Editor | null} null where there is nothing to edit */
export function editorFor(type, content) {
  return EDITORS[type]?.(content) ?? null;
}

/** Only the speaker notes of a slide, in a field that stands below it. @param {Content} content @returns {Editor} */
export function notesEditor(content) {
  const area = textArea({ value: content.notes ?? "", label: "Speaker notes", placeholder: "What only the presenter sees", class: "notes-field", testid: "notes" });
  return {
    el: area.el,
    controls: [],
    value: () => ({ notes: area.value() }),
    set: (next) => area.set(next.notes ?? ""),
    focus: () => area.el.focus(),
  };
}
