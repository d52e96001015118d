/** Short messages at the edge of the page, with at most one thing to do about them. */

import { h } from "../dom.js";
import { icon } from "../icons.js";

const SHOWN_MS = 7_000;
const MOST = 4;

/**
 * @param {string} message
 * @param {{tone?: "plain" | "problem", action?: {label: string, run: () => void}}} [options]
 */
export function toast(message, options = {}) {
  const region = document.getElementById("toasts");
  if (!region) return;
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const close = () => {
    clearTimeout(timer);
    el.remove();
  };
  const wait = () => void (timer = setTimeout(close, SHOWN_MS));
  const el = h("div", {
    class: `toast ${options.tone ?? "plain"}`, role: options.tone === "problem" ? "alert" : "status", "data-testid": "toast",
    // It stays while somebody is at it.
    on: { mouseenter: () => clearTimeout(timer), mouseleave: wait, focusin: () => clearTimeout(timer), focusout: wait },
  },
  options.tone === "problem" ? icon("warning") : null,
  h("span", null, message),
  options.action ? h("button", {
    type: "button", class: "toast-action", on: { click: () => { close(); options.action?.run(); } },
  }, options.action.label) : null,
  h("button", { type: "button", class: "icon-button tiny", "aria-label": "Dismiss", on: { click: close } }, icon("close")));
  region.append(el);
  while (region.children.length > MOST) region.firstElementChild?.remove();
  wait();
}
