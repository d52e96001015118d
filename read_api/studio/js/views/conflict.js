/** Asking what is to become of two versions of one block. */

import { h } from "../dom.js";
import { wordsOf } from "../blocks/catalogue.js";
import { linesOf } from "../blocks/bullets.js";
import { confirm, dialog } from "../ui/dialog.js";

/** A field's value as text to compare. @param {string} field @param {any} value */
export function told(field, value) {
  if (typeof value === "string") return value;
  if (field === "items" && Array.isArray(value)) return linesOf(value);
  if (field === "rows" && Array.isArray(value)) return value.map((row) => row.cells.join(" | ")).join("\n");
  if (field === "columns" && Array.isArray(value)) return value.map((column) => column.text).join(" | ");
  if (field === "series" && Array.isArray(value)) return value.map((s) => `${s.name}: ${s.values.map((/** @type {any} */ v) => v ?? "–").join(", ")}`).join("\n");
  return Array.isArray(value) ? value.join(", ") : String(value ?? "–");
}

/** @param {string} title @param {Record<string, any>} content @param {string[]} fields @param {string} testid */
const side = (title, content, fields, testid) => h("section", { class: "version", "data-testid": testid },
  h("h3", null, title),
  fields.map((field) => [
    fields.length > 1 ? h("h4", null, field) : null,
    h("pre", null, told(field, content[field]) || "(empty)"),
  ]));

/**
 * @param {import("../editing.js").Conflict} conflict
 * @param {string | null} who  the other person, if known
 * @returns {Promise<"mine" | "theirs">}
 */
export async function askConflict({ current, mine }, who) {
  const name = who ?? "Someone else";
  if (current.deleted) {
    const keep = await confirm({
      title: `${name} deleted this block`, confirm: "Restore with my text", cancel: "Let it go", testid: "conflict-dialog",
      text: "You were editing it at the same time. Your text is still here: bring the block back with it, or let both go.",
    });
    return keep ? "mine" : "theirs";
  }
  const fields = Object.keys(mine);
  const choice = await dialog({
    title: `${name} changed this block`, wide: true, final: true, testid: "conflict-dialog",
    body: (close) => [
      h("p", { class: "dialog-text" }, "It changed while you were editing. Which version should stay? The other one remains in the history."),
      h("div", { class: "versions" }, side("Theirs", current.content, fields, "conflict-theirs"), side("Yours", mine, fields, "conflict-mine")),
      h("footer", null,
        h("button", { type: "button", class: "button", "data-testid": "keep-theirs", on: { click: () => close("theirs") } }, "Keep theirs"),
        h("button", { type: "button", class: "button primary", "data-testid": "keep-mine", "data-autofocus": true, on: { click: () => close("mine") } }, "Keep mine")),
    ],
  });
  return choice === "theirs" ? "theirs" : "mine";
}

/**
 * The block that somebody is editing was deleted by somebody else.
 * @param {import("../state.js").Block} block
 * @param {string} who
 */
export function askVanished(block, who) {
  const words = wordsOf(block.type, block.content).slice(0, 60);
  return confirm({
    title: `${who} deleted this block`, confirm: "Restore with my text", cancel: "Let it go", testid: "conflict-dialog",
    text: `You were editing ${words ? `“${words}”` : "it"} at the same time. Your text is still here: bring the block back with it, or let both go.`,
  });
}
