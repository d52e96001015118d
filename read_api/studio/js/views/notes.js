/** The speaker notes of the current slide. */

import { h } from "../dom.js";
import { EditSession } from "../editing.js";
import { notesEditor } from "../blocks/editors.js";
import { canEdit } from "../state.js";
import { askConflict } from "./conflict.js";

/** A field that is always there; a session runs while it has the focus. */
export class Notes {
  /** @type {string | null} */ #slideId = null;
  /** @type {EditSession | null} */ #session = null;
  #editor = notesEditor({});
  #area = /** @type {HTMLTextAreaElement} */ (this.#editor.el);
  #note = h("span", { class: "edit-note", role: "status" });
  el = h("section", { class: "notes", "aria-label": "Speaker notes" },
    h("header", null, h("h2", null, "Speaker notes"), this.#note), this.#area);

  /** @param {import("../project.js").ProjectSession} project @param {(status: import("../editing.js").SaveStatus) => void} onStatus */
  constructor(project, onStatus) {
    this.project = project;
    this.onStatus = onStatus;
    this.#area.addEventListener("focus", () => this.#begin());
    this.#area.addEventListener("input", () => this.#session?.input());
    this.#area.addEventListener("blur", () => {
      // A modal dialog takes the focus for a moment and gives it back.
      setTimeout(() => document.activeElement !== this.#area && !document.querySelector("dialog[open]") && void this.settle());
    });
    this.#area.addEventListener("keydown", (e) => {
      if (e.isComposing) return;
      if (e.key === "Escape") void this.#cancel();
      else if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) void this.settle();
      else return;
      e.preventDefault();
    });
  }

  /** @param {string | null} slideId */
  update(slideId) {
    const slide = slideId ? this.project.block(slideId) : null;
    this.el.hidden = !slide;
    if (!slide) return;
    const editable = canEdit(this.project.state.project);
    this.#area.readOnly = !editable;
    this.#area.placeholder = editable ? "What only the presenter sees" : "No notes";
    this.#slideId = slide.id;
    if (!this.#session) this.#editor.set(slide.content);
  }

  #begin() {
    const slide = this.#slideId ? this.project.block(this.#slideId) : null;
    if (this.#session || !slide || this.#area.readOnly) return;
    this.#session = new EditSession(this.project, slide, this.#editor, {
      onStatus: (status) => {
        this.onStatus(status);
        this.#note.textContent = status.kind === "failed" ? `Not saved: ${status.message}` : "";
        this.#note.className = "edit-note problem";
      },
      resolve: (conflict) => askConflict(conflict, null),
    });
  }

  /** @param {import("../state.js").DeckEvent} event @param {string} who */
  remote(event, who) {
    const block = this.project.block(event.stream.id);
    if (!this.#session || event.stream.id !== this.#slideId || !block || this.#session.noteRemote(block)) return;
    if (!event.data.changes || !("notes" in event.data.changes)) return;
    this.#note.textContent = `${who} is changing these notes too`;
    this.#note.className = "edit-note remote";
  }

  /** @returns {Promise<boolean>} */
  async settle() {
    const session = this.#session;
    if (!session || !(await session.close())) return !session;
    if (this.#session === session) this.#session = null;
    if (document.activeElement === this.#area) this.#begin();
    this.update(this.#slideId);
    return true;
  }

  async #cancel() {
    const session = this.#session;
    this.#session = null;
    this.update(this.#slideId);
    this.#area.blur();
    await session?.cancel().catch(() => {});
  }
}
