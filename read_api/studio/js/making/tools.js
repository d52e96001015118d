/** The editor's buttons for what machines do, and the panel that goes with them. */

import { explain } from "../api.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { canEdit } from "../state.js";
import { announce } from "../ui/announce.js";
import { openMenu } from "../ui/menu.js";
import { toast } from "../ui/toasts.js";
import { isOver, Making } from "./making.js";
import { reviewOutline } from "./outline.js";
import { MakingPanel } from "./panel.js";
import { askPicture } from "./picture.js";
import { askSource, generationOf } from "./source.js";
import { FORMATS, stateOf } from "./words.js";

const HINTS = {
  pptx: "Editable, with notes", pdf: "To print and send", html: "One file for any browser", markdown: "Imports back as it is", png: "A picture a slide", json: "Everything, for programs",
};

/** @typedef {{reveal: (blockId: string) => void, opened: () => void, slide: () => string | null}} ToolsHost */

/** Buttons and panel of one open project. */
export class MakingTools {
  #badge = h("span", { class: "count", hidden: true });
  #toggle = h("button", {
    type: "button", class: "button quiet", "aria-expanded": "false", "data-testid": "making-toggle", "aria-label": "Assistant",
    on: { click: () => this.open(!this.panel.isOpen) },
  }, icon("machine"), h("span", { class: "wide-only" }, "Assistant"), this.#badge);
  #make = h("button", {
    type: "button", class: "button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": "Make", "data-testid": "make-open",
    on: { click: () => this.#openMake() },
  }, icon("plus"), h("span", { class: "wide-only" }, "Make"));
  #export = h("button", {
    type: "button", class: "button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": "Export", "data-testid": "export-open",
    on: { click: () => this.#openExport() },
  }, icon("download"), h("span", { class: "wide-only" }, "Export"));
  /** For the bar above. */
  buttons = [this.#make, this.#export, this.#toggle];

  /** @param {import("../project.js").ProjectSession} project @param {ToolsHost} host */
  constructor(project, host) {
    this.project = project;
    this.host = host;
    this.making = new Making(project);
    this.panel = new MakingPanel(this.making, {
      reveal: host.reveal, close: () => this.open(false), generate: () => void this.#generate(), think: () => void this.#think(),
    });
    this.making.addEventListener("change", () => this.#drawBadge());
    this.making.addEventListener("outlined", (e) => {
      if (!document.querySelector("dialog[open]")) void reviewOutline(this.making, /** @type {CustomEvent} */ (e).detail);
    });
  }

  /** @param {string | null} job  one to look out for: the project was made for it */
  start(job) {
    if (job) this.open(true);
    void this.making.load().then(() => job && this.making.expect(job));
  }

  close() {
    this.making.close();
  }

  update() {
    this.#make.hidden = !canEdit(this.project.state.project);
  }

  /** @param {boolean} open */
  open(open) {
    this.#toggle.setAttribute("aria-expanded", String(open));
    if (open) this.host.opened();
    else if (this.panel.el.contains(document.activeElement)) this.#toggle.focus();
    this.panel.show(open);
  }

  #drawBadge() {
    const waiting = this.making.suggestions.length + this.making.active.length;
    this.#badge.hidden = !waiting;
    this.#badge.textContent = String(waiting);
  }

  #openMake() {
    openMenu(this.#make, [
      { label: "Slides from a document", hint: "Or from a text or a request", icon: "slide", testid: "make-slides", run: () => void this.#generate() },
      { label: "Suggestions", hint: "Have this deck read critically", icon: "tip", testid: "make-suggestions", run: () => void this.#think() },
      { label: "A picture", hint: "Uploaded or made, on this slide", icon: "image", testid: "make-picture", run: () => void askPicture(this.making, this.host.slide()).then((asked) => asked && this.open(true)) },
    ], { label: "Make", align: "end" });
  }

  #openExport() {
    openMenu(this.#export, Object.entries(FORMATS).map(([format, label]) => ({
      label, hint: HINTS[/** @type {keyof typeof HINTS} */ (format)], testid: `export-${format}`, run: () => void this.#exportTo(format),
    })), { label: "Export", align: "end" });
  }

  async #generate() {
    const asked = await askSource({
      title: "Make slides", submit: "Propose an outline",
      run: async (wish) => {
        const asset = wish.file ? (await this.making.upload(wish.file)).asset_id : null;
        return this.making.request("request-generation", generationOf(wish, asset));
      },
    });
    if (asked) this.open(true);
  }

  async #think() {
    if (!(await this.#try(() => this.making.request("request-thinking")))) return;
    this.open(true);
    announce("The deck is being read");
  }

  /** @param {string} format */
  async #exportTo(format) {
    const id = await this.#try(() => this.making.request("request-export", { format }));
    if (!id) return;
    this.open(true);
    const job = await this.making.ended(id);
    if (job.state !== "succeeded") return void (isOver(job) && toast(stateOf(job), { tone: "problem" }));
    await this.#try(() => this.making.download(job));
    const warnings = job.result?.warnings?.length ?? 0;
    toast(`${job.result?.name ?? "The file"} is saved${warnings ? `; see the assistant for ${warnings} remark${warnings === 1 ? "" : "s"}` : ""}`);
  }

  /** @template T @param {() => Promise<T>} run @returns {Promise<T | null>} */
  async #try(run) {
    try {
      return await run();
    } catch (error) {
      toast(explain(error), { tone: "problem" });
      return null;
    }
  }
}
