/** One block on the stage: shown, or being edited in place. */

import { explain } from "../api.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { EditSession } from "../editing.js";
import { BLOCK_TYPES, isEditable } from "../blocks/catalogue.js";
import { editorFor } from "../blocks/editors.js";
import { renderContent } from "../blocks/render.js";
import { hueOf } from "../people.js";
import { toast } from "../ui/toasts.js";

const FLASH_MS = 2_600;
const HINT = "Ctrl+Enter to finish · Esc to cancel";

/**
 * @typedef {object} BlockHost  what a block asks of the canvas around it
 * @property {import("../project.js").ProjectSession} project
 * @property {import("../blocks/render.js").RenderContext} context
 * @property {() => boolean} editable
 * @property {(status: import("../editing.js").SaveStatus) => void} onStatus
 * @property {(id: string, conflict: import("../editing.js").Conflict) => Promise<"mine" | "theirs">} resolve
 * @property {(id: string, step: -1 | 1) => void} shift
 * @property {(id: string) => void} remove
 * @property {(anchor: HTMLElement, groupId: string) => void} addInto
 * @property {(id: string) => void} turn  a row into a column and back
 * @property {(hint: string | null, id: string) => void} edits  an editor opened, with what to know of its keys, or closed
 * @property {(id: string, field: string, start: number, end: number) => void} selects  words of a field were marked
 * @property {(id: string, event: DragEvent) => void} dragStart
 * @property {() => void} dragEnd
 */

/** @param {string} label @param {string} name @param {(button: HTMLElement) => void} run @param {string} [testid] */
const tool = (label, name, run, testid) => {
  const button = h("button", {
    type: "button", class: "icon-button tiny", "aria-label": label, title: label, "data-testid": testid, on: { click: () => run(button) },
  }, icon(name));
  return button;
};

/** Keeps its element over all changes of the block. */
export class BlockView {
  /** @type {import("../state.js").Block | null} */ #shown = null;
  /** @type {EditSession | null} */ #session = null;
  /** @type {Promise<boolean> | null} */ #closing = null;
  /** Leave as soon as the save, which failed at first, succeeds. */
  #leaveWhenSaved = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #flashing;
  #others = h("span", { class: "occupants", "data-testid": "occupants" });
  #note = h("span", { class: "edit-note", role: "status" });
  #body = h("div", { class: "block-body" });
  #tools = h("div", { class: "block-tools", role: "toolbar", "aria-label": "Block" });
  /** Where the blocks of a group stand. */
  children = h("div", { class: "block-children" });

  /** @param {import("../state.js").Block} block @param {BlockHost} host */
  constructor(block, host) {
    this.id = block.id;
    this.type = block.type;
    this.host = host;
    const group = block.type === "group";
    this.el = h("div", {
      class: "block", "data-testid": "block", "data-block-id": block.id, "data-type": block.type, role: "group",
      on: {
        click: (/** @type {MouseEvent} */ e) => this.#click(e),
        keydown: (/** @type {KeyboardEvent} */ e) => this.#key(e),
        focusout: () => setTimeout(() => this.#blurred()),
        input: () => this.#session?.input(),
        change: () => this.#session?.input(),
        selectionchange: (/** @type {Event} */ e) => this.#selected(e),
        select: (/** @type {Event} */ e) => this.#selected(e),
      },
    }, this.#tools, group ? this.children : this.#body);
    if (group) this.children.setAttribute("data-group", block.id);
  }

  get editing() {
    return this.#session !== null;
  }

  /** @param {import("../state.js").Block} block */
  update(block) {
    const editable = this.host.editable();
    this.#drawTools(editable);
    if (editable) this.el.tabIndex = 0;
    else this.el.removeAttribute("tabindex");
    this.el.setAttribute("aria-keyshortcuts", editable ? "Enter Alt+ArrowUp Alt+ArrowDown Delete" : "");
    this.el.classList.toggle("is-editable", editable && isEditable(this.type));
    if (block === this.#shown) return;
    this.#shown = block;
    this.el.setAttribute("aria-label", BLOCK_TYPES[this.type]?.label ?? this.type);
    this.el.dataset.version = String(block.version);
    if (this.type === "group") this.children.className = `block-children group-${block.content.direction ?? "row"}`;
    else if (!this.editing) this.#draw();
  }

  #draw() {
    if (this.#shown) fill(this.#body, renderContent(this.#shown, this.host.context));
  }

  /** @param {boolean} editable */
  #drawTools(editable) {
    if (this.type === "slide" || this.#tools.hasChildNodes() === editable) return;
    fill(this.#tools);
    if (!editable) return;
    const grip = h("span", {
      class: "grip", draggable: "true", title: "Drag to move", "data-testid": "grip",
      on: { dragstart: (/** @type {DragEvent} */ e) => this.host.dragStart(this.id, e), dragend: () => this.host.dragEnd() },
    }, icon("grip"));
    const { host, id } = this;
    this.#tools.append(...[
      grip,
      tool("Move up", "up", () => host.shift(id, -1), "move-up"),
      tool("Move down", "down", () => host.shift(id, 1), "move-down"),
      this.type === "group" ? tool("Row or column", "group", () => host.turn(id)) : null,
      this.type === "group" ? tool("Add a block to the group", "plus", (button) => host.addInto(button, id), "add-into-group") : null,
      isEditable(this.type) ? tool("Edit", "pencil", () => this.edit(), "edit-block") : null,
      tool("Delete", "trash", () => host.remove(id), "delete-block"),
    ].filter((x) => x !== null));
  }

  /** @param {MouseEvent} e */
  #click(e) {
    const target = /** @type {Element} */ (e.target);
    if (target.closest(".block") !== this.el || this.editing || !this.host.editable()) return;
    if (target.closest("a, button, .block-tools")) return;
    if (!getSelection()?.isCollapsed) return; // words were marked, to be copied
    this.edit();
  }

  /** @param {KeyboardEvent} e */
  #key(e) {
    if (e.isComposing || /** @type {Element} */ (e.target).closest(".block") !== this.el) return;
    if (this.editing) {
      if (e.key === "Escape") void this.cancel();
      else if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) void this.finish().then((done) => done && this.el.focus());
      else return;
      e.preventDefault();
      e.stopPropagation();
      return;
    }
    if (e.target !== this.el || !this.host.editable()) return;
    if (e.altKey && e.key === "ArrowUp") this.host.shift(this.id, -1);
    else if (e.altKey && e.key === "ArrowDown") this.host.shift(this.id, 1);
    else if (e.key === "Enter" || e.key === "F2") this.edit();
    else if ((e.key === "Delete" || e.key === "Backspace") && this.type !== "slide") this.host.remove(this.id);
    else return;
    e.preventDefault();
    e.stopPropagation();
  }

  /** @param {Event} e */
  #selected(e) {
    const area = e.target;
    if (!this.editing || !(area instanceof HTMLTextAreaElement) || !area.dataset.field) return;
    this.host.selects(this.id, area.dataset.field, area.selectionStart, area.selectionEnd);
  }

  /** Open the editor in place of the content. */
  edit() {
    const block = this.#shown;
    if (this.editing || !block || !this.host.editable()) return;
    const editor = editorFor(this.type, block.content);
    if (!editor) return;
    this.#leaveWhenSaved = false;
    this.#session = new EditSession(this.host.project, block, editor, {
      onStatus: (status) => this.#status(status),
      resolve: (conflict) => this.host.resolve(this.id, conflict),
    });
    this.el.classList.add("editing");
    this.#note.textContent = "";
    this.#note.className = "edit-note";
    fill(this.#body, editor.el, h("div", { class: "edit-bar" }, editor.controls, this.#note));
    this.host.edits(editor.hint ?? HINT, this.id);
    editor.focus();
  }

  /** @param {import("../editing.js").SaveStatus} status */
  #status(status) {
    this.host.onStatus(status);
    if (status.kind === "failed") this.#say(`Not saved: ${status.message}`, "problem");
    else if (status.kind === "saved") {
      this.#say("", "");
      if (this.#leaveWhenSaved && !this.el.contains(document.activeElement)) void this.finish();
    }
  }

  /** @param {string} text @param {string} tone */
  #say(text, tone) {
    this.#note.textContent = text;
    this.#note.className = `edit-note ${tone}`;
  }

  #blurred() {
    // A modal dialog takes the focus for a moment; another window may take it for longer.
    if (!this.editing || document.querySelector("dialog[open]")) return;
    if (this.el.contains(document.activeElement)) {
      if (!document.hasFocus()) void this.#session?.flush();
      return;
    }
    void this.finish();
  }

  /** Save and close the editor. @returns {Promise<boolean>} false: it stays open, the text is not saved */
  finish() {
    if (!this.#session) return Promise.resolve(true);
    this.#closing ??= this.#session.close().then((saved) => {
      this.#leaveWhenSaved = !saved;
      if (saved) this.#leave();
      return saved;
    }).finally(() => void (this.#closing = null));
    return this.#closing;
  }

  async cancel() {
    const session = this.#session;
    if (!session) return;
    this.#leave();
    this.el.focus();
    try {
      await session.cancel();
    } catch (error) {
      toast(`What was saved before could not be taken back. ${explain(error)}`, { tone: "problem" });
    }
  }

  #leave() {
    const held = this.el.contains(document.activeElement) && document.activeElement !== this.el;
    this.#session = null;
    this.el.classList.remove("editing");
    this.#draw();
    if (held) this.el.focus();
    this.host.edits(null, this.id);
  }

  /**
   * Somebody else changed the block while it is being edited here.
   * @param {import("../state.js").Block} block
   * @param {string} who
   */
  noteRemote(block, who) {
    if (this.#session && !this.#session.noteRemote(block)) this.#say(`${who} is changing this too. Saving will ask which version stays.`, "remote");
  }

  /**
   * The block is no longer shown. Give up the editor.
   * @returns {Record<string, any> | null} what was unsaved
   */
  vanish() {
    const session = this.#session;
    this.#session = null;
    if (session?.busy) {
      void session.close(); // the save under way will meet the deletion, and ask
      return null;
    }
    const unsaved = session?.unsaved() ?? {};
    session?.abandon();
    return Object.keys(unsaved).length ? unsaved : null;
  }

  /** Show who else has opened it. @param {string[]} names */
  others(names) {
    const key = names.join("\n");
    if (key === (this.#others.dataset.key ?? "")) return;
    this.#others.dataset.key = key;
    this.el.classList.toggle("occupied", names.length > 0);
    if (names.length) this.el.style.setProperty("--hue", String(hueOf(names[0])));
    fill(this.#others, names.length ? `${names.slice(0, 2).join(", ")}${names.length > 2 ? ` and ${names.length - 2} more` : ""}` : null);
    if (names.length) this.el.append(this.#others);
    else this.#others.remove();
  }

  /** Show that somebody else has just changed it. @param {string} who */
  flash(who) {
    clearTimeout(this.#flashing);
    this.el.querySelector(":scope > .by")?.remove();
    this.el.classList.remove("flash");
    void this.el.offsetWidth; // lets the animation start anew
    this.el.classList.add("flash");
    this.el.append(h("span", { class: "by", "data-testid": "changed-by" }, who));
    this.#flashing = setTimeout(() => {
      this.el.classList.remove("flash");
      this.el.querySelector(":scope > .by")?.remove();
    }, FLASH_MS);
  }
}
