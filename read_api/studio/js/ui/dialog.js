/** Modal dialogs on the platform's own element: it keeps the focus inside and gives it back. */

import { h } from "../dom.js";
import { icon } from "../icons.js";

let count = 0;

/**
 * Show a dialog until something closes it.
 * @template T
 * @param {{title: string, body: (close: (result: T | null) => void) => (Node | string | null | false)[], wide?: boolean,
 *   testid?: string, final?: boolean}} options  `final`: only its own buttons close it
 * @returns {Promise<T | null>} null when it was dismissed
 */
export function dialog(options) {
  return new Promise((resolve) => {
    /** @type {T | null} */
    let result = null;
    const close = (/** @type {T | null} */ value) => {
      result = value;
      el.close();
    };
    count += 1;
    const titleId = `dialog-title-${count}`;
    const el = h("dialog", {
      class: `dialog ${options.wide ? "wide" : ""}`, "aria-labelledby": titleId, "data-testid": options.testid,
      on: {
        close: () => {
          el.remove();
          resolve(result);
        },
        cancel: (/** @type {Event} */ e) => options.final && e.preventDefault(),
        mousedown: (/** @type {Event} */ e) => e.target === el && !options.final && close(null),
      },
    }, h("div", { class: "dialog-inner" },
      h("header", null, h("h2", { id: titleId }, options.title),
        options.final ? null : h("button", { type: "button", class: "icon-button", "aria-label": "Close", on: { click: () => close(null) } }, icon("close"))),
      ...options.body(close)));
    document.body.append(el);
    el.showModal();
    /** @type {HTMLElement | null} */ (el.querySelector("[data-autofocus]"))?.focus();
  });
}

/**
 * Ask before something that is hard to take back.
 * @param {{title: string, text: string, confirm: string, cancel?: string, danger?: boolean, testid?: string}} options
 * @returns {Promise<boolean>}
 */
export async function confirm(options) {
  const answer = await dialog({
    title: options.title,
    testid: options.testid,
    body: (close) => [
      h("p", { class: "dialog-text" }, options.text),
      h("footer", null,
        h("button", { type: "button", class: "button", on: { click: () => close(false) } }, options.cancel ?? "Cancel"),
        h("button", { type: "button", class: `button ${options.danger ? "danger" : "primary"}`, "data-autofocus": true, on: { click: () => close(true) } }, options.confirm)),
    ],
  });
  return answer === true;
}
