/** The fields that block editors are made of. */

import { h } from "../dom.js";

/** What no text of the contract may hold. @param {string} text */
const clean = (text) => text.replaceAll("\0", "");

/** @param {HTMLTextAreaElement} area */
function grow(area) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

/**
 * A text of several lines, as tall as what is in it.
 * @param {{value: string, label: string, placeholder?: string, class?: string, testid?: string, mono?: boolean}} options
 */
export function textArea(options) {
  const el = h("textarea", {
    class: `field ${options.class ?? ""}`, rows: 1, value: options.value, placeholder: options.placeholder,
    "aria-label": options.label, "data-testid": options.testid, maxlength: 10_000,
    spellcheck: options.mono ? "false" : "true", autocapitalize: options.mono ? "off" : null,
    on: { input: () => grow(el) },
  });
  return {
    el,
    value: () => clean(el.value),
    /** Put in another text and leave the caret at the same words as far as they are still there. @param {string} text */
    set(text) {
      if (el.value === text) return;
      const [start, end, tail] = [el.selectionStart, el.selectionEnd, el.value.slice(el.selectionEnd)];
      el.value = text;
      const shift = text.endsWith(tail) ? text.length - tail.length - end : 0;
      el.setSelectionRange(Math.max(0, start + shift), Math.max(0, end + shift));
      grow(el);
    },
    grow: () => grow(el),
  };
}

/** @param {{value: string, label: string, placeholder?: string, class?: string, testid?: string, maxlength?: number, type?: string}} options */
export function line(options) {
  const el = h("input", {
    type: options.type ?? "text", class: `field ${options.class ?? ""}`, value: options.value, placeholder: options.placeholder,
    "aria-label": options.label, "data-testid": options.testid, maxlength: options.maxlength ?? 10_000, autocomplete: "off",
  });
  return { el, value: () => clean(el.value), set: (/** @type {string} */ text) => void (el.value = text) };
}

/** @param {{value: string, label: string, options: string[]}} options */
export function choice(options) {
  const el = h("select", { class: "choice", "aria-label": options.label },
    options.options.map((o) => h("option", { value: o, selected: o === options.value }, o)));
  return { el, value: () => el.value, set: (/** @type {string} */ text) => void (el.value = text) };
}
