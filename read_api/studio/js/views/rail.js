/** The slides of the deck, small, at the left. */

import { arrange, fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { avatar } from "../people.js";
import { canEdit, childrenOf, slideOf, slidesOf, subtreeOf } from "../state.js";
import { openMenu } from "../ui/menu.js";
import { beginDrag, endDrag, takeDrops } from "./drag.js";
import { fitSlide, stillSlide } from "./slide.js";

/**
 * @typedef {object} RailHost
 * @property {import("../blocks/render.js").RenderContext} context
 * @property {(id: string) => void} select
 * @property {() => void} addSlide
 * @property {(id: string) => void} removeSlide
 * @property {(id: string, place: import("./drag.js").Place) => void} move
 */

/** One thumbnail, drawn again only when something on its slide changed. */
class Thumb {
  /** The documents that were drawn. @type {import("../state.js").Block[]} */ #drawn = [];
  #number = h("span", { class: "thumb-number" });
  #frame = h("span", { class: "stage thumb-stage", "aria-hidden": "true", inert: true });
  #here = h("span", { class: "thumb-here avatars" });
  #more;
  #button;
  el;

  /** @param {string} id @param {RailHost} host @param {(anchor: HTMLElement, id: string) => void} openMore */
  constructor(id, host, openMore) {
    this.id = id;
    this.host = host;
    this.#button = h("button", {
      type: "button", class: "thumb-button", "data-slide-id": id, draggable: "true",
      on: {
        click: () => host.select(id),
        dragstart: (/** @type {DragEvent} */ e) => beginDrag(e, { id, type: "slide" }, this.el),
        dragend: endDrag,
      },
    }, this.#number, this.#frame);
    this.#more = h("button", {
      type: "button", class: "icon-button tiny thumb-more", "aria-haspopup": "menu", "aria-expanded": "false", on: { click: () => openMore(this.#more, id) },
    }, icon("more"));
    this.el = h("li", { class: "thumb", "data-testid": "slide-thumb", "data-slide-id": id }, this.#button, this.#here, this.#more);
  }

  focus() {
    this.#button.focus();
    this.el.scrollIntoView({ block: "nearest" });
  }

  /**
   * @param {import("../state.js").State} state @param {import("../state.js").Block} slide
   * @param {number} index @param {boolean} current @param {boolean} editable
   */
  update(state, slide, index, current, editable) {
    this.#number.textContent = String(index + 1);
    this.#frame.dataset.aspect = state.project.aspect ?? "16:9";
    this.#button.setAttribute("aria-label", `Slide ${index + 1}${slide.content.title ? `: ${slide.content.title}` : ""}`);
    this.#button.setAttribute("aria-current", String(current));
    this.#button.tabIndex = current ? 0 : -1;
    this.#button.draggable = editable;
    this.#more.hidden = !editable;
    this.#more.tabIndex = current ? 0 : -1;
    this.#more.setAttribute("aria-label", `Slide ${index + 1}: more`);
    if (current) this.el.classList.remove("touched");
    const now = subtreeOf(state, slide);
    if (now.length === this.#drawn.length && now.every((block, i) => block === this.#drawn[i])) return;
    this.#drawn = now;
    const still = stillSlide(state, slide, this.host.context);
    fill(this.#frame, still);
    requestAnimationFrame(() => fitSlide(still));
  }

  /** Show who else is on this slide. @param {string[]} users */
  here(users) {
    const key = users.join("\n");
    if (this.#here.dataset.key === key) return;
    this.#here.dataset.key = key;
    fill(this.#here, users.slice(0, 3).map((user) => avatar(user, `${user} is here`)));
  }

  /** Somebody else changed something on this slide. */
  touch() {
    if (this.#button.getAttribute("aria-current") !== "true") this.el.classList.add("touched");
  }
}

/** The list of thumbnails. */
export class Rail {
  /** @type {Map<string, Thumb>} */ #thumbs = new Map();
  #list = h("ol", { class: "thumbs", "aria-label": "Slides" });
  #add = h("button", { type: "button", class: "button quiet rail-add", "data-testid": "add-slide", on: { click: () => this.host.addSlide() } }, icon("plus"), "New slide");
  el = h("nav", { class: "rail", "aria-label": "Slides" }, this.#list, this.#add);

  /** @param {import("../project.js").ProjectSession} project @param {RailHost} host */
  constructor(project, host) {
    this.project = project;
    this.host = host;
    this.#list.addEventListener("keydown", (e) => this.#key(e));
    takeDrops(this.#list, (event, what) => this.#gap(event, what), (what, place) => host.move(what.id, place));
  }

  /** @param {string | null} currentId */
  update(currentId) {
    const { state } = this.project;
    const editable = canEdit(state.project);
    this.#add.hidden = !editable;
    const slides = slidesOf(state);
    const ids = new Set(slides.map((s) => s.id));
    for (const id of this.#thumbs.keys()) if (!ids.has(id)) this.#thumbs.delete(id);
    arrange(this.#list, slides.map((slide, i) => {
      let thumb = this.#thumbs.get(slide.id);
      if (!thumb) {
        thumb = new Thumb(slide.id, this.host, (anchor, id) => this.#openMore(anchor, id));
        this.#thumbs.set(slide.id, thumb);
      }
      thumb.update(state, slide, i, slide.id === currentId, editable);
      return thumb.el;
    }));
  }

  /** @param {string} id */
  touch(id) {
    this.#thumbs.get(id)?.touch();
  }

  /** Show who else is on which slide. @param {[string | null, string][]} places blocks and users */
  here(places) {
    /** @type {Map<string, Set<string>>} */
    const bySlide = new Map();
    for (const [block, user] of places) {
      const slide = block && slideOf(this.project.state, block)?.id;
      if (slide) bySlide.set(slide, (bySlide.get(slide) ?? new Set()).add(user));
    }
    for (const [id, thumb] of this.#thumbs) thumb.here([...(bySlide.get(id) ?? [])]);
  }

  /** @param {string} id */
  reveal(id) {
    this.#thumbs.get(id)?.el.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} id */
  focus(id) {
    this.#thumbs.get(id)?.focus();
  }

  /** @param {string} id @param {-1 | 1} step */
  #shift(id, step) {
    const slides = slidesOf(this.project.state);
    const neighbour = slides[slides.findIndex((s) => s.id === id) + step];
    if (neighbour) this.host.move(id, step < 0 ? { before_id: neighbour.id } : { after_id: neighbour.id });
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    const button = /** @type {Element} */ (e.target).closest(".thumb-button");
    if (!(button instanceof HTMLElement)) return;
    const id = button.dataset.slideId ?? "";
    const slides = slidesOf(this.project.state);
    const at = slides.findIndex((s) => s.id === id);
    const step = ["ArrowDown", "ArrowRight", "PageDown"].includes(e.key) ? 1 : ["ArrowUp", "ArrowLeft", "PageUp"].includes(e.key) ? -1 : 0;
    const editable = canEdit(this.project.state.project);
    if (step && e.altKey && editable) this.#shift(id, /** @type {-1 | 1} */ (step));
    else if (step || e.key === "Home" || e.key === "End") {
      const next = e.key === "Home" ? slides[0] : e.key === "End" ? slides[slides.length - 1] : slides[at + step];
      if (next) {
        this.host.select(next.id);
        this.#thumbs.get(next.id)?.focus();
      }
    } else if ((e.key === "Delete" || e.key === "Backspace") && editable) this.host.removeSlide(id);
    else return;
    e.preventDefault();
  }

  /** @param {HTMLElement} anchor @param {string} id */
  #openMore(anchor, id) {
    const slides = slidesOf(this.project.state);
    const at = slides.findIndex((s) => s.id === id);
    openMenu(anchor, [
      { label: "Move up", icon: "up", disabled: at === 0, run: () => this.#shift(id, -1) },
      { label: "Move down", icon: "down", disabled: at === slides.length - 1, run: () => this.#shift(id, 1) },
      { label: "Delete slide", icon: "trash", danger: true, testid: "delete-slide", run: () => this.host.removeSlide(id) },
    ], { label: "Slide" });
  }

  /** Slides go between slides; a block dropped on a slide moves to its end. @param {DragEvent} event @param {import("./drag.js").Dragged} what */
  #gap(event, what) {
    const over = /** @type {Element} */ (event.target).closest(".thumb");
    if (!(over instanceof HTMLElement)) return null;
    const id = over.dataset.slideId ?? "";
    if (what.type !== "slide") {
      const here = childrenOf(this.project.state, id).some((b) => b.id === what.id);
      return here ? null : { el: over, mark: /** @type {const} */ ("drop-into"), place: { parent_id: id } };
    }
    if (id === what.id) return null;
    const box = over.getBoundingClientRect();
    const before = event.clientY < box.top + box.height / 2;
    return {
      el: over, mark: before ? /** @type {const} */ ("drop-before") : /** @type {const} */ ("drop-after"),
      place: before ? { before_id: id } : { after_id: id },
    };
  }
}
