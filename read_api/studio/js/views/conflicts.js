/** What two people made of one thing, side by side, and what is to become of it. */

import { explain } from "../api.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { BLOCK_TYPES } from "../blocks/catalogue.js";
import { avatar } from "../people.js";
import { canEdit, slideOf, slidesOf } from "../state.js";
import { ago } from "../time.js";
import { dialog } from "../ui/dialog.js";
import { toast } from "../ui/toasts.js";
import { told } from "./conflict.js";

/** Fields that stand for the whole block. */
const WHOLE = new Map([["deleted", "the block itself"], ["place", "where it stands"]]);
const EXCERPT = 160;

/** @typedef {import("../project.js").Clash} Clash */

/** A side as text. @param {Clash} clash @param {any} value */
function words(clash, value) {
  if (clash.field === "deleted") return value === null ? "deleted it" : Object.entries(value).map(([f, v]) => told(f, v)).join("\n");
  if (clash.field === "place") return value === null ? "–" : "moved it there";
  return told(clash.field, value) || "(empty)";
}

/** @param {string} text */
const excerpt = (text) => (text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text);

/** The panel at the right. */
export class ConflictsPanel {
  #list = h("ul", { class: "conflict-list" });
  el = h("aside", { class: "panel", "aria-label": "Conflicts", "data-testid": "conflicts-panel", hidden: true },
    h("header", null, h("h2", null, "Conflicts"),
      h("button", { type: "button", class: "icon-button", "aria-label": "Close conflicts", on: { click: () => this.host.close() } }, icon("close"))),
    h("div", { class: "panel-scroll", tabindex: 0, role: "region", "aria-label": "Conflicts, the oldest first" }, this.#list));

  /** @param {import("../project.js").ProjectSession} project @param {{reveal: (blockId: string) => void, close: () => void}} host */
  constructor(project, host) {
    this.project = project;
    this.host = host;
  }

  /** @param {boolean} open */
  show(open) {
    this.el.hidden = !open;
    this.update();
  }

  update() {
    if (this.el.hidden) return;
    const { conflicts, state } = this.project;
    const editable = canEdit(state.project);
    const key = JSON.stringify([conflicts.map((c) => [c.id, this.#where(c)]), editable]);
    if (this.#list.dataset.key === key) return; // one of its buttons may have the focus
    this.#list.dataset.key = key;
    fill(this.#list, conflicts.length ? conflicts.map((clash) => this.#item(clash, editable)) : h("li", { class: "conflicts-none", "data-testid": "conflicts-none" },
      icon("success"), h("strong", null, "Nothing to settle"),
      h("p", null, "When two people change the same words at the same time, the later text stands and the other is kept here, until somebody chooses.")));
  }

  /** @param {Clash} clash */
  #where(clash) {
    const block = this.project.block(clash.block_id);
    const slide = slideOf(this.project.state, clash.block_id);
    const label = block ? BLOCK_TYPES[block.type]?.label ?? block.type : "Block";
    return slide ? `${label}, slide ${slidesOf(this.project.state).indexOf(slide) + 1}` : `${label}, deleted`;
  }

  /** @param {Clash} clash @param {boolean} editable */
  #item(clash, editable) {
    const side = (/** @type {"theirs" | "mine"} */ which) => h("div", { class: `conflict-side ${clash.winner === which ? "stands" : ""}` },
      avatar(clash.actors[which]),
      h("div", null, h("strong", null, clash.actors[which]), clash.winner === which ? h("span", { class: "badge" }, "stands") : null,
        h("p", null, excerpt(words(clash, clash[which])))));
    return h("li", { class: "conflict-item", "data-testid": "conflict-item", "data-conflict-id": clash.id },
      h("button", { type: "button", class: "conflict-where", on: { click: () => this.host.reveal(clash.block_id) } },
        h("span", null, this.#where(clash)), h("small", null, `${WHOLE.get(clash.field) ?? clash.field} · ${ago(clash.created_at)}`)),
      side("theirs"), side("mine"),
      editable ? h("button", { type: "button", class: "button small", "data-testid": "conflict-settle", on: { click: () => void settle(this.project, clash, this.#where(clash)) } }, "Settle…") : null);
  }
}

/**
 * Ask what is to stand, and have it so.
 * @param {import("../project.js").ProjectSession} project
 * @param {Clash} clash
 * @param {string} where
 */
export async function settle(project, clash, where) {
  const writable = !WHOLE.has(clash.field) && typeof clash.theirs === "string" && typeof clash.mine === "string";
  const now = clash[clash.winner];
  const field = h("textarea", { class: "field conflict-value", rows: 4, "aria-label": "Another text", "data-testid": "settle-value", value: writable ? now : "" });
  const version = (/** @type {"theirs" | "mine"} */ which, /** @type {(choice: any) => void} */ close) => h("section", { class: "version", "data-testid": `settle-${which}-side` },
    h("h3", null, `${clash.actors[which]}${clash.winner === which ? " · stands now" : ""}`),
    h("pre", null, words(clash, clash[which])),
    h("button", { type: "button", class: "button small", "data-testid": `settle-${which}`, on: { click: () => close(which) } }, `Keep ${clash.actors[which] === project.me ? "yours" : `${clash.actors[which]}’s`}`));
  /** @type {"mine" | "theirs" | "value" | null} */
  const choice = await dialog({
    title: "Two versions of one thing", wide: true, testid: "settle-dialog",
    body: (close) => [
      h("p", { class: "dialog-text" }, `${where}: ${WHOLE.get(clash.field) ?? clash.field}. Both changed it at the same time. Choose what stands; nothing is lost either way.`),
      h("div", { class: "versions" }, version("theirs", close), version("mine", close)),
      writable && [h("h3", { class: "conflict-or" }, "Or write what both can live with"), field,
        h("footer", null, h("button", { type: "button", class: "button primary", "data-testid": "settle-edited", on: { click: () => close("value") } }, "Use this text"))],
    ].flat(),
  });
  if (!choice) return;
  try {
    await project.settle(clash, choice, choice === "value" ? field.value : undefined);
    toast("Settled");
  } catch (error) {
    toast(explain(error), { tone: "problem" });
  }
}
