/** The panel at the right for what machines do: suggestions to decide on, jobs under way, jobs that are over. */

import { explain } from "../api.js";
import { nounOf } from "../blocks/catalogue.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { canEdit, slideOf, slidesOf } from "../state.js";
import { ago } from "../time.js";
import { announce } from "../ui/announce.js";
import { confirm } from "../ui/dialog.js";
import { toast } from "../ui/toasts.js";
import { isOver } from "./making.js";
import { reviewOutline } from "./outline.js";
import { count, stateOf, titleOf, told } from "./words.js";

const ICONS = { generation: "slide", thinking: "tip", image: "image", export: "download" };
const WARNINGS = 5;

/**
 * @typedef {import("./making.js").Job} Job
 * @typedef {{reveal: (blockId: string) => void, close: () => void, generate: () => void, think: () => void}} PanelHost
 */

/** The panel. */
export class MakingPanel {
  #suggestions = h("section", { "data-testid": "suggestions" });
  #jobs = h("section", { "data-testid": "jobs" });
  #message = h("div", { class: "panel-message", role: "status" });
  #drawing = 0;
  /** What is being decided, so that nobody decides twice. @type {Set<string>} */ #busy = new Set();
  el = h("aside", { class: "panel making", "aria-label": "Assistant", "data-testid": "making-panel", hidden: true },
    h("header", null, h("h2", null, "Assistant"),
      h("button", { type: "button", class: "icon-button", "aria-label": "Close assistant", on: { click: () => this.host.close() } }, icon("close"))),
    h("div", { class: "panel-scroll", tabindex: 0, role: "region", "aria-label": "Suggestions and jobs" }, this.#message, this.#suggestions, this.#jobs));

  /** @param {import("./making.js").Making} making @param {PanelHost} host */
  constructor(making, host) {
    this.making = making;
    this.host = host;
    making.addEventListener("change", () => this.#soon());
  }

  get isOpen() {
    return !this.el.hidden;
  }

  /** @param {boolean} open */
  show(open) {
    this.el.hidden = !open;
    if (open) this.#draw();
  }

  #soon() {
    if (this.el.hidden || this.#drawing) return;
    this.#drawing = requestAnimationFrame(() => {
      this.#drawing = 0;
      this.#draw();
    });
  }

  #draw() {
    const { making } = this;
    const focused = this.el.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.key : undefined;
    const jobs = making.jobs;
    const empty = making.loaded && !jobs.length && !making.suggestions.length;
    fill(this.#message,
      making.problem && !making.loaded ? [h("p", null, explain(making.problem)), h("button", { type: "button", class: "button small", on: { click: () => void making.load() } }, "Try again")] : null,
      !making.loaded && !making.problem ? "Loading…" : null,
      empty ? this.#empty() : null);
    this.#message.hidden = making.loaded && !empty;
    fill(this.#suggestions, making.suggestions.length ? [this.#suggestionsHead(), this.#bySlide()] : null);
    const active = jobs.filter((job) => !isOver(job));
    const over = jobs.filter(isOver);
    fill(this.#jobs,
      active.length ? [h("h3", null, "Under way"), h("ul", null, active.map((job) => this.#job(job)))] : null,
      over.length ? [h("h3", null, "Done"), h("ul", null, over.map((job) => this.#job(job)))] : null);
    if (focused) /** @type {HTMLElement | null} */ (this.el.querySelector(`[data-key="${focused}"]`))?.focus({ preventScroll: true });
  }

  #empty() {
    const may = canEdit(this.making.project.state.project);
    return h("div", { class: "empty" }, icon("machine"), h("h2", null, "Nothing has been asked for yet"),
      h("p", null, may ? "Have slides made of a document, or have this deck read critically. You decide about every suggestion." : "When an editor asks for slides or suggestions, you see them here."),
      may ? h("div", { class: "empty-actions" },
        h("button", { type: "button", class: "button small primary", on: { click: () => this.host.generate() } }, "Make slides"),
        h("button", { type: "button", class: "button small", on: { click: () => this.host.think() } }, "Get suggestions")) : null);
  }

  #suggestionsHead() {
    const { suggestions, project } = this.making;
    const several = suggestions.length > 1 && canEdit(project.state.project);
    return h("div", { class: "making-head" }, h("h3", null, `${count(suggestions.length, "suggestion")} to decide on`), h("span", { class: "spacer" }),
      several ? [this.#forAll("reject-suggestion", "Refuse all", "Refuse"), this.#forAll("accept-suggestion", "Accept all", "Accept")] : null);
  }

  /** @param {"accept-suggestion" | "reject-suggestion"} name @param {string} label @param {string} verb */
  #forAll(name, label, verb) {
    return h("button", {
      type: "button", class: "button small quiet", "data-testid": `${name}-all`, "data-key": `${name}-all`, disabled: this.#busy.size > 0,
      on: {
        click: async () => {
          const some = [...this.making.suggestions];
          const sure = await confirm({ title: `${verb} ${count(some.length, "suggestion")}?`, confirm: label, text: name === "accept-suggestion" ? "Each becomes an edit of yours; what people changed since stays." : "They are not suggested again." });
          if (!sure) return;
          for (const s of some) {
            this.#busy.add(s.id);
            const done = await this.#try(() => this.making.settle(name, s.id));
            this.#busy.delete(s.id);
            if (!done) return void this.making.load();
          }
          this.#draw();
        },
      },
    }, label);
  }

  #bySlide() {
    const { state } = this.making.project;
    const order = new Map(slidesOf(state).map((slide, i) => [slide.id, i]));
    /** @type {Map<number, import("./making.js").Suggestion[]>} */
    const groups = new Map();
    for (const s of this.making.suggestions) {
      const at = order.get(slideOf(state, s.block_id)?.id ?? "") ?? Infinity;
      groups.set(at, [...(groups.get(at) ?? []), s]);
    }
    return [...groups].sort(([a], [b]) => a - b).map(([at, some]) => h("div", { class: "suggested-slide" },
      h("h4", null, at === Infinity ? "On what is not there any more" : `Slide ${at + 1}`),
      h("ul", null, some.map((s) => this.#suggestion(s)))));
  }

  /** @param {import("./making.js").Suggestion} s */
  #suggestion(s) {
    const block = this.making.project.block(s.block_id);
    const may = canEdit(this.making.project.state.project);
    const fields = Object.keys(s.changes);
    const noun = block ? (block.type === "slide" ? fields.join(", ") : nounOf(block.type)) : "block";
    return h("li", { class: "suggestion", "data-testid": "suggestion", "data-suggestion-id": s.id },
      h("button", { type: "button", class: "suggestion-what", title: "Show this block", "data-key": `show-${s.id}`, on: { click: () => this.host.reveal(s.block_id) } },
        h("strong", null, noun.charAt(0).toUpperCase() + noun.slice(1)), h("span", null, s.reason)),
      fields.map((field) => {
        const before = told(field, block?.content[field]);
        return h("div", { class: "suggestion-sides" },
          before ? h("del", null, clipped(before)) : null, h("ins", null, clipped(told(field, s.changes[field]))));
      }),
      may ? h("div", { class: "suggestion-actions" },
        this.#decision(s, "reject-suggestion", "Refuse", "close", "suggestion-reject"),
        this.#decision(s, "accept-suggestion", "Accept", "check", "suggestion-accept")) : null);
  }

  /** @param {import("./making.js").Suggestion} s @param {"accept-suggestion" | "reject-suggestion"} name @param {string} label @param {string} image @param {string} testid */
  #decision(s, name, label, image, testid) {
    return h("button", {
      type: "button", class: `button small ${name === "accept-suggestion" ? "primary" : ""}`, disabled: this.#busy.has(s.id), "data-testid": testid, "data-key": `${name}-${s.id}`,
      on: {
        click: async () => {
          this.#busy.add(s.id);
          this.#draw();
          const answer = await this.#try(() => this.making.settle(name, s.id));
          this.#busy.delete(s.id);
          this.#draw();
          if (!answer) return void this.making.load(); // somebody else was first, perhaps
          announce(name === "accept-suggestion" ? "Accepted" : "Refused");
        },
      },
    }, icon(image), label);
  }

  /** @param {Job} job */
  #job(job) {
    const { progress } = job;
    const known = job.state === "running" && progress && progress.total > 0;
    const warnings = /** @type {string[]} */ (job.result?.warnings ?? []);
    return h("li", { class: `job is-${job.state}`, "data-testid": "job", "data-job-id": job.id, "data-kind": job.kind, "data-state": job.state },
      icon(ICONS[job.kind] ?? "machine"),
      h("div", { class: "job-words" },
        h("strong", null, titleOf(job)),
        h("p", null, stateOf(job)),
        known || job.state === "running" ? h("progress", { max: known ? progress.total : null, value: known ? progress.done : undefined, "aria-label": `Progress of ${titleOf(job)}` }) : null,
        warnings.length ? h("details", null, h("summary", null, count(warnings.length, "remark")),
          h("ul", { class: "remarks" }, warnings.slice(0, WARNINGS).map((w) => h("li", null, w)), warnings.length > WARNINGS ? h("li", null, `and ${warnings.length - WARNINGS} more`) : null)) : null,
        this.#findings(job),
        h("div", { class: "job-foot" }, h("small", null, `${job.requested_by} · ${ago(job.created_at)}`), h("span", { class: "spacer" }), this.#actions(job))));
  }

  /** @param {Job} job */
  #findings(job) {
    const findings = /** @type {{slide: number, block_id: string, message: string}[]} */ (job.result?.findings ?? []);
    if (!findings.length) return null;
    return h("details", null, h("summary", null, count(findings.length, "finding")),
      h("ul", { class: "remarks" }, findings.map((f) => h("li", null,
        h("button", { type: "button", class: "link-button", on: { click: () => this.host.reveal(f.block_id) } }, `Slide ${f.slide}`), `: ${f.message}`))));
  }

  /** @param {Job} job */
  #actions(job) {
    const may = canEdit(this.making.project.state.project);
    /** @type {Node[]} */
    const found = [];
    const add = (/** @type {string} */ label, /** @type {string} */ testid, /** @type {() => void} */ run, primary = false) => found.push(h("button", {
      type: "button", class: `button small ${primary ? "primary" : ""}`, "data-testid": testid, "data-key": `${testid}-${job.id}`, on: { click: run },
    }, label));
    if (!isOver(job) && (may || job.requested_by === this.making.project.me)) add("Cancel", "job-cancel", () => void this.#try(() => this.making.decide("cancel-job", job.id)));
    if (job.state === "awaiting-approval" && may) add("Review", "outline-open", () => void reviewOutline(this.making, job), true);
    if (job.state === "succeeded" && job.kind === "export") add("Download", "job-download", () => void this.#try(() => this.making.download(job)), true);
    if (may && isOver(job) && job.kind === "generation" && (job.state === "succeeded" || job.outline)) add("Undo", "job-undo", () => void this.#undo(job));
    return found;
  }

  /** @param {Job} job */
  async #undo(job) {
    const answer = await this.#try(() => this.making.undo(job.id));
    if (!answer) return;
    if (answer.outcome === "unchanged") toast("Nothing of it is left to take back.");
    else toast(answer.outcome === "merged" ? "Taken back, but for what people have changed since." : "The slides of this run are gone.", {
      action: { label: "Redo", run: () => void this.#try(() => this.making.project.api.command("redo", { project_id: this.making.project.id })) },
    });
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

/** @param {string} text */
function clipped(text) {
  return text.length > 600 ? `${text.slice(0, 600)} …` : text;
}
