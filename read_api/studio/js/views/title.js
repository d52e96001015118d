/** The project's title: a click makes it a field. */

import { explain } from "../api.js";
import { fill, h } from "../dom.js";
import { canEdit } from "../state.js";
import { toast } from "../ui/toasts.js";

/** Shows and renames. */
export class TitleField {
  /** @type {HTMLInputElement | null} */ #input = null;
  /** What is on its way to the server. @type {string | null} */ #pending = null;
  /** What is shown. Drawn again only when that changes, or the focus would be lost. */
  #shown = "";
  el = h("h1", { class: "title" });

  /** @param {import("../project.js").ProjectSession} project */
  constructor(project) {
    this.project = project;
  }

  update() {
    if (this.#input) return;
    const { project } = this.project.state;
    const title = this.#pending ?? project.title;
    const editable = canEdit(project);
    const shown = `${editable} ${title}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    fill(this.el, editable
      ? h("button", { type: "button", class: "title-button", title: "Rename", "data-testid": "title", on: { click: () => this.#edit() } }, title)
      : h("span", { class: "title-button", "data-testid": "title" }, title));
  }

  #edit() {
    const input = h("input", {
      type: "text", class: "field title-field", value: this.project.state.project.title, "aria-label": "Title of the project", maxlength: 200,
      autocomplete: "off", "data-testid": "title-input",
      on: {
        blur: () => void this.#save(),
        keydown: (/** @type {KeyboardEvent} */ e) => {
          if (e.isComposing || (e.key !== "Enter" && e.key !== "Escape")) return;
          e.preventDefault();
          if (e.key === "Escape") input.value = this.project.state.project.title;
          void this.#save();
          /** @type {HTMLElement | null} */ (this.el.firstElementChild)?.focus();
        },
      },
    });
    this.#input = input;
    this.#shown = "";
    fill(this.el, input);
    input.focus();
    input.select();
  }

  async #save() {
    const title = this.#input?.value.trim() ?? "";
    if (!this.#input) return; // Enter has saved; the blur that follows has nothing to do
    this.#input = null;
    if (title && title !== this.project.state.project.title) this.#pending = title;
    this.update();
    if (!this.#pending) return;
    try {
      await this.project.run("rename-project", { title });
    } catch (error) {
      toast(`The title was not changed. ${explain(error)}`, { tone: "problem" });
    } finally {
      this.#pending = null;
      this.update();
    }
  }
}
