/** The stage: the current slide with its blocks, and what can be done to them. */

import { explain } from "../api.js";
import { arrange, fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { BLOCK_TYPES, IN_GROUP, LAYOUTS, ON_SLIDE, nounOf } from "../blocks/catalogue.js";
import { canEdit, childrenOf, slideOf } from "../state.js";
import { openMenu } from "../ui/menu.js";
import { toast } from "../ui/toasts.js";
import { BlockView } from "./blockview.js";
import { askConflict, askVanished } from "./conflict.js";
import { Pointers } from "./pointers.js";
import { beginDrag, endDrag, gapOnStage, takeDrops } from "./drag.js";
import { dressSlide, fitSlide } from "./slide.js";

const BACKGROUNDS = [
  { label: "Paper", value: null }, { label: "Sand", value: "#f3ead9" }, { label: "Mist", value: "#e3ebf3" },
  { label: "Sage", value: "#dfe9df" }, { label: "Ink", value: "#16181d" }, { label: "Cobalt", value: "#23399a" },
  { label: "Pine", value: "#12463b" }, { label: "Wine", value: "#571e2f" },
];

/** Letters of somebody's selection that are shown. */
const QUOTED = 24;

/**
 * @typedef {object} CanvasHost
 * @property {import("../blocks/render.js").RenderContext} context
 * @property {(status: import("../editing.js").SaveStatus) => void} onStatus
 * @property {() => void} addSlide
 */

/** Shows one slide at a time. */
export class Canvas {
  /** @type {string | null} */ #slideId = null;
  /** @type {Map<string, BlockView>} */ #views = new Map();
  /** Who changed a block last, to be named in a conflict. @type {Map<string, string>} */ #changedBy = new Map();
  #title = h("div", { class: "slide-head" });
  #blocks = h("div", { class: "blocks" });
  #pointers = new Pointers();
  #slide = h("div", { class: "slide" }, this.#title, this.#blocks, this.#pointers.el);
  #stage = h("div", { class: "stage", role: "region", "aria-label": "Slide" }, this.#slide);
  #empty = h("div", { class: "stage-empty" });
  #add = h("button", {
    type: "button", class: "button primary", "data-testid": "add-block", "aria-haspopup": "menu", "aria-expanded": "false",
    on: { click: () => this.#openAdd(this.#add, null) },
  }, icon("plus"), "Add block");
  #layout = h("button", {
    type: "button", class: "button quiet", "aria-haspopup": "menu", "aria-expanded": "false", "data-testid": "slide-layout", on: { click: () => this.#openLayout() },
  });
  #background = h("button", {
    type: "button", class: "button quiet", "aria-haspopup": "menu", "aria-expanded": "false", "data-testid": "slide-background", on: { click: () => this.#openBackground() },
  });
  #hint = h("span", { class: "stage-hint" });
  #bar = h("div", { class: "stage-bar", role: "toolbar", "aria-label": "Slide tools" }, this.#add, this.#hint, h("span", { class: "spacer" }), this.#layout, this.#background);
  #fitting = 0;
  #resize = new ResizeObserver(() => this.#fitSoon());
  el = h("section", { class: "canvas", "aria-label": "Slide editor" }, h("div", { class: "stage-room" }, this.#stage, this.#empty), this.#bar);

  /** @param {import("../project.js").ProjectSession} project @param {CanvasHost} host */
  constructor(project, host) {
    this.project = project;
    this.host = host;
    this.#resize.observe(this.#stage);
    takeDrops(this.#stage, (event, what) => (this.#slideId ? gapOnStage(event, what, this.#slideId, this.#blocks) : null),
      (what, place) => void this.#try(() => project.move(what.id, place)));
    this.#stage.addEventListener("keydown", (e) => this.#walk(e));
    this.#pointers.follow(this.#slide, (x, y) => {
      if (this.#slideId) project.here("cursor", x === null ? { block_id: this.#slideId } : { block_id: this.#slideId, x, y });
    });
  }

  close() {
    this.#resize.disconnect();
    this.#pointers.close();
  }

  get #editable() {
    return canEdit(this.project.state.project);
  }

  /** @type {import("./blockview.js").BlockHost} */
  #blockHost = {
    project: /** @type {any} */ (undefined),
    context: /** @type {any} */ (undefined),
    editable: () => this.#editable,
    onStatus: (status) => this.host.onStatus(status),
    resolve: (id, conflict) => askConflict(conflict, this.#changedBy.get(id) ?? null),
    shift: (id, step) => void this.#shift(id, step),
    remove: (id) => void this.#remove(id),
    addInto: (anchor, groupId) => this.#openAdd(anchor, groupId),
    turn: (id) => void this.#turn(id),
    edits: (hint, id) => {
      this.project.here("selection", { block_id: hint === null ? null : id });
      this.#hint.textContent = hint;
      if (!hint) this.#fitSoon();
    },
    selects: (id, field, start, end) => this.project.here("selection", { block_id: id, field, start, end }),
    dragStart: (id, event) => {
      const view = this.#views.get(id);
      if (!view) return;
      beginDrag(event, { id, type: view.type }, view.el);
      view.el.classList.add("dragged");
    },
    dragEnd: () => {
      endDrag();
      this.#stage.querySelector(".dragged")?.classList.remove("dragged");
    },
  };

  /**
   * Bring the stage up to date.
   * @param {string | null} slideId
   */
  update(slideId) {
    const { state } = this.project;
    const slide = slideId ? state.blocks.get(slideId) : undefined;
    const changedSlide = slideId !== this.#slideId;
    this.#slideId = slide && !slide.deleted ? slide.id : null;
    this.#stage.hidden = !this.#slideId;
    this.#bar.hidden = !this.#slideId || !this.#editable;
    this.#empty.hidden = this.#slideId !== null;
    if (!slide || !this.#slideId) {
      this.#drop(new Set());
      this.#drawEmpty();
      return;
    }
    this.#stage.dataset.aspect = state.project.aspect ?? "16:9";
    this.#slide.classList.toggle("read-only", !this.#editable);
    dressSlide(this.#slide, slide.content, this.host.context);
    fill(this.#layout, icon("slide"), h("span", null, slide.content.layout ?? "content"));
    this.#layout.setAttribute("aria-label", `Layout: ${slide.content.layout ?? "content"}`);
    fill(this.#background, h("span", { class: "swatch", style: swatch(slide.content.background) }), h("span", null, "Background"));

    const wanted = new Set([slide.id]);
    arrange(this.#title, [this.#view(slide).el]);
    arrange(this.#blocks, childrenOf(state, slide.id).map((block) => {
      wanted.add(block.id);
      const view = this.#view(block);
      if (block.type === "group") {
        arrange(view.children, childrenOf(state, block.id).map((child) => {
          wanted.add(child.id);
          return this.#view(child).el;
        }));
      }
      return view.el;
    }));
    this.#drop(wanted);
    this.#drawOthers();
    if (changedSlide) {
      this.#slide.scrollTop = 0;
      this.project.here("cursor", { block_id: this.#slideId });
    }
    this.#fitSoon();
  }

  /** Show who writes in which block, where the others point, and what waits to be settled. */
  #drawOthers() {
    const { presence, me, conflicts } = this.project;
    const clashing = new Set(conflicts.map((c) => c.block_id));
    for (const [id, view] of this.#views) {
      const block = this.project.block(id);
      view.others(presence.at(id).map((one) => (one.user === me ? "You, in another window" : one.user) + quoted(one.selection, block)));
      view.el.classList.toggle("has-conflict", clashing.has(id));
    }
    this.#pointers.draw(presence.others.filter((one) => one.cursor?.block_id === this.#slideId));
  }

  /** @param {import("../state.js").Block} block */
  #view(block) {
    let view = this.#views.get(block.id);
    if (!view) {
      this.#blockHost.project = this.project;
      this.#blockHost.context = this.host.context;
      view = new BlockView(block, this.#blockHost);
      this.#views.set(block.id, view);
    }
    view.update(block);
    return view;
  }

  /** Forget the views that are not wanted any more. @param {Set<string>} wanted */
  #drop(wanted) {
    for (const [id, view] of this.#views) {
      if (wanted.has(id)) continue;
      this.#views.delete(id);
      view.el.remove();
      const unsaved = this.project.isShown(id) ? null : view.vanish();
      if (unsaved) void this.#rescue(id, unsaved);
    }
  }

  /** A block went away with unsaved text in it. @param {string} id @param {Record<string, any>} unsaved */
  async #rescue(id, unsaved) {
    const { blocks } = this.project.state;
    const block = blocks.get(id);
    if (!block || !(await askVanished(block, this.#changedBy.get(id) ?? "Someone else"))) return;
    await this.#try(async () => {
      // What was deleted may also be the group or the slide around it.
      for (let at = blocks.get(id); at; at = at.parent_id ? blocks.get(at.parent_id) : undefined) {
        if (this.project.block(at.id)?.deleted) await this.project.restore(at.id);
      }
      await this.project.edit(id, unsaved);
    });
  }

  #drawEmpty() {
    const mode = this.#editable ? "editable" : "read-only";
    if (this.#empty.dataset.mode === mode) return;
    this.#empty.dataset.mode = mode;
    fill(this.#empty, icon("slide"), h("h2", null, "No slides yet"),
      this.#editable
        ? [h("p", null, "Every change you make is kept in the project’s log, from the first slide on."),
          h("button", { type: "button", class: "button primary", "data-testid": "first-slide", on: { click: () => this.host.addSlide() } }, icon("plus"), "Add the first slide")]
        : h("p", null, "Slides appear here as soon as somebody adds one."));
  }

  /** Shrinking waits until nobody types: letters must not change size under the caret. */
  #fitSoon() {
    if (this.#fitting) return;
    this.#fitting = requestAnimationFrame(() => {
      this.#fitting = 0;
      if (![...this.#views.values()].some((view) => view.editing)) fitSlide(this.#slide);
    });
  }

  /** Save what is being edited. @returns {Promise<boolean>} false: some of it could not be saved */
  async settle() {
    const done = await Promise.all([...this.#views.values()].map((view) => view.finish()));
    return done.every(Boolean);
  }

  /**
   * Show what an event did, if somebody else caused it.
   * @param {import("../state.js").DeckEvent} event
   * @param {string} who
   */
  remote(event, who) {
    const id = event.stream.id;
    this.#changedBy.set(id, who);
    const view = this.#views.get(id);
    const block = this.project.block(id);
    if (!view || !block) return;
    if (view.editing) view.noteRemote(block, who);
    view.flash(who);
  }

  /** @param {string} id */
  editBlock(id) {
    this.#views.get(id)?.edit();
  }

  /** @param {string} id */
  reveal(id) {
    const el = this.#views.get(id)?.el;
    el?.scrollIntoView({ block: "nearest" });
    el?.focus();
  }

  /** Up and down go from block to block. @param {KeyboardEvent} e */
  #walk(e) {
    if (e.altKey || e.ctrlKey || e.metaKey || !(e.target instanceof HTMLElement) || !e.target.matches(".block:not(.editing)")) return;
    const step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
    if (!step) return;
    const all = /** @type {HTMLElement[]} */ ([...this.#slide.querySelectorAll(".block")]);
    all[all.indexOf(e.target) + step]?.focus();
    e.preventDefault();
  }

  /** @param {() => Promise<any>} run */
  async #try(run) {
    try {
      return await run();
    } catch (error) {
      toast(explain(error), { tone: "problem" });
      return null;
    }
  }

  /** @param {HTMLElement} anchor @param {string | null} groupId */
  #openAdd(anchor, groupId) {
    const types = groupId ? IN_GROUP : ON_SLIDE;
    openMenu(anchor, types.map((type) => ({
      label: BLOCK_TYPES[type].label, hint: BLOCK_TYPES[type].hint, icon: type, testid: `add-${type}`, run: () => void this.#addBlock(type, groupId),
    })), { label: "Add a block", columns: 2 });
  }

  /** @param {string} type @param {string | null} groupId */
  async #addBlock(type, groupId) {
    const parent = groupId ?? this.#slideId;
    if (!parent) return;
    const id = await this.#try(() => this.project.add(type, BLOCK_TYPES[type].fresh(), { parent_id: parent }));
    if (!id) return;
    // The view is drawn with the next frame.
    requestAnimationFrame(() => {
      this.reveal(id);
      this.editBlock(id);
    });
  }

  /** @param {string} id @param {-1 | 1} step */
  async #shift(id, step) {
    const { state } = this.project;
    const block = state.blocks.get(id);
    if (!block?.parent_id) return;
    const siblings = childrenOf(state, block.parent_id);
    const neighbour = siblings[siblings.indexOf(block) + step];
    if (!neighbour) return;
    const held = this.#views.get(id)?.el.contains(document.activeElement) ?? false;
    await this.#try(() => this.project.move(id, { parent_id: block.parent_id ?? undefined, ...(step < 0 ? { before_id: neighbour.id } : { after_id: neighbour.id }) }));
    if (held) requestAnimationFrame(() => this.reveal(id));
  }

  /** @param {string} id */
  async #remove(id) {
    const { state } = this.project;
    const block = state.blocks.get(id);
    const view = this.#views.get(id);
    if (!block || !view) return;
    const siblings = childrenOf(state, block.parent_id);
    const at = siblings.indexOf(block);
    const next = siblings[at + 1] ?? siblings[at - 1] ?? null;
    await view.finish(); // so that undo brings back the words just typed, too
    const done = await this.#try(async () => {
      await this.project.remove(id);
      return true;
    });
    if (!done) return;
    requestAnimationFrame(() => (next ? this.reveal(next.id) : this.#add.focus()));
    const noun = nounOf(block.type);
    toast(`${noun[0].toUpperCase()}${noun.slice(1)} deleted`, { action: { label: "Undo", run: () => void this.#try(() => this.project.restore(id)) } });
  }

  /** @param {string} id */
  async #turn(id) {
    const block = this.project.block(id);
    if (!block) return;
    const direction = block.content.direction === "column" ? "row" : "column";
    await this.#save(id, { direction });
  }

  /** @param {string} id @param {Record<string, any>} changes */
  async #save(id, changes) {
    this.host.onStatus({ kind: "saving" });
    const answer = await this.#try(() => this.project.edit(id, changes));
    this.host.onStatus(answer ? { kind: "saved", position: answer.position } : { kind: "clean" });
  }

  #openLayout() {
    const id = this.#slideId;
    if (!id) return;
    const now = this.project.block(id)?.content.layout ?? "content";
    openMenu(this.#layout, LAYOUTS.map((layout) => ({
      label: layout[0].toUpperCase() + layout.slice(1), checked: layout === now, run: () => void this.#save(id, { layout }),
    })), { label: "Layout", align: "end" });
  }

  #openBackground() {
    const id = this.#slideId;
    if (!id) return;
    const now = this.project.block(id)?.content.background ?? null;
    openMenu(this.#background, BACKGROUNDS.map(({ label, value }) => ({
      label, swatch: value ?? "#ffffff", checked: value === now, run: () => void this.#save(id, { background: value }),
    })), { label: "Background", align: "end" });
  }

  /** @param {string} id @returns {string | null} the slide that a block is on */
  slideOf(id) {
    return slideOf(this.project.state, id)?.id ?? null;
  }
}

/**
 * The words that somebody has marked, to be shown after the name; nothing where none are.
 * @param {import("../presence.js").Selection | undefined} selection
 * @param {import("../state.js").Block | undefined} block
 */
function quoted(selection, block) {
  const text = selection?.field ? block?.content[selection.field] : null;
  const words = typeof text === "string" ? text.slice(selection?.start ?? 0, selection?.end ?? 0).trim() : "";
  if (!words) return "";
  const letters = [...words];
  return `: “${letters.length > QUOTED ? `${letters.slice(0, QUOTED).join("")}…` : words}”`;
}

/** @param {string | null | undefined} background */
function swatch(background) {
  return { "background-color": background && CSS.supports("color", background) ? background : "#ffffff" };
}
