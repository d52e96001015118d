/** How people look on the page: initials on a colour of their own. */

import { h } from "./dom.js";

/** @param {string} id @returns {number} a hue that is always the same for this id */
export function hueOf(id) {
  let sum = 7;
  for (const c of id) sum = (sum * 31 + (c.codePointAt(0) ?? 0)) % 100_003;
  return (sum * 137) % 360;
}

/** @param {string} id */
function initials(id) {
  const words = id.split(/[\s._@-]+/).filter(Boolean);
  const letters = words.length > 1 ? words[0][0] + words[1][0] : [...(words[0] ?? "?")].slice(0, 2).join("");
  return letters.toUpperCase();
}

/** @param {string} id @param {string} [title] */
export function avatar(id, title = id) {
  return h("span", { class: "avatar", title, "aria-hidden": "true", style: { "--hue": String(hueOf(id)) } }, initials(id));
}
