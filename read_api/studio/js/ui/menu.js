/** Menus that open from a button. */

import { h } from "../dom.js";
import { icon } from "../icons.js";

/**
 * @typedef {{label: string, hint?: string, icon?: string, swatch?: string, run: () => void, danger?: boolean, disabled?: boolean,
 *   checked?: boolean, testid?: string}} MenuItem
 */

/** @type {(() => void) | null} */
let closeOpen = null;

/**
 * @param {HTMLElement} anchor  the button
 * @param {MenuItem[]} items
 * @param {{label: string, columns?: number, align?: "start" | "end"}} options
 */
export function openMenu(anchor, items, options) {
  const again = anchor.getAttribute("aria-expanded") === "true";
  closeOpen?.();
  if (again) return;

  const buttons = items.map((item) => h("button", {
    type: "button", role: item.checked === undefined ? "menuitem" : "menuitemradio", class: `menu-item ${item.danger ? "danger" : ""}`, tabindex: -1,
    "aria-checked": item.checked === undefined ? null : String(item.checked), disabled: item.disabled ?? false, "data-testid": item.testid,
    on: { click: () => { close(true); item.run(); } },
  }, item.icon ? icon(item.icon) : null,
  item.swatch ? h("span", { class: "swatch", style: { "background-color": item.swatch } }) : null,
  h("span", { class: "menu-words" }, h("span", null, item.label), item.hint ? h("small", null, item.hint) : null),
  item.checked ? icon("check") : null));
  const el = h("div", { class: `menu ${options.columns === 2 ? "two" : ""}`, role: "menu", "aria-label": options.label, on: { keydown: keys } }, buttons);

  const host = anchor.closest("dialog") ?? document.body; // above a modal dialog nothing else is shown
  host.append(el);
  anchor.setAttribute("aria-expanded", "true");
  place(anchor, el, options.align ?? "start");
  const able = buttons.filter((b) => !b.disabled);
  (able.find((b) => b.getAttribute("aria-checked") === "true") ?? able[0])?.focus();
  addEventListener("pointerdown", outside, true);
  addEventListener("resize", away);
  closeOpen = away;

  function away() {
    close(false);
  }

  /** @param {boolean} giveBack */
  function close(giveBack) {
    removeEventListener("pointerdown", outside, true);
    removeEventListener("resize", away);
    anchor.setAttribute("aria-expanded", "false");
    el.remove();
    if (closeOpen === away) closeOpen = null;
    if (giveBack) anchor.focus();
  }

  /** @param {Event} e */
  function outside(e) {
    const target = /** @type {Node} */ (e.target);
    // The anchor's own click comes next and closes by itself.
    if (!el.contains(target) && !anchor.contains(target)) close(false);
  }

  /** @param {KeyboardEvent} e */
  function keys(e) {
    const at = able.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const step = { ArrowDown: options.columns ?? 1, ArrowUp: -(options.columns ?? 1), ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (step !== undefined) able[(at + step + able.length) % able.length]?.focus();
    else if (e.key === "Home") able[0]?.focus();
    else if (e.key === "End") able[able.length - 1]?.focus();
    else if (e.key === "Escape") close(true);
    else if (e.key === "Tab") return close(false);
    else {
      const typed = e.key.length === 1 && able.find((b) => b.textContent?.toLowerCase().startsWith(e.key.toLowerCase()));
      if (!typed || e.key === " ") return;
      typed.focus();
    }
    e.preventDefault();
    e.stopPropagation();
  }
}

/** @param {HTMLElement} anchor @param {HTMLElement} el @param {"start" | "end"} align */
function place(anchor, el, align) {
  const a = anchor.getBoundingClientRect();
  const m = el.getBoundingClientRect();
  const left = align === "end" ? a.right - m.width : a.left;
  const below = a.bottom + 6 + m.height <= innerHeight;
  el.style.left = `${Math.max(8, Math.min(left, innerWidth - m.width - 8))}px`;
  el.style.top = `${Math.max(8, below ? a.bottom + 6 : a.top - m.height - 6)}px`;
}
