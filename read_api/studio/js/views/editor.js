/** An open project: puts rail, stage, notes and panels together and tells them what happened. */

import { explain } from "../api.js";
import { fill, h } from "../dom.js";
import { icon, mark } from "../icons.js";
import { MakingTools } from "../making/tools.js";
import { avatar } from "../people.js";
import { Presence } from "../presence.js";
import { sentence } from "../sentences.js";
import { canEdit, slideOf, slidesOf } from "../state.js";
import { announce } from "../ui/announce.js";
import { openMenu } from "../ui/menu.js";
import { toast } from "../ui/toasts.js";
import { Canvas } from "./canvas.js";
import { ConflictsPanel, settle } from "./conflicts.js";
import { HereStrip } from "./here.js";
import { HistoryPanel } from "./history.js";
import { Notes } from "./notes.js";
import { Rail } from "./rail.js";
import { openShare } from "./share.js";
import { TitleField } from "./title.js";

/** Events of a block that change nothing to be seen on it. */
const SILENT = new Set(["block-edit-suggested", "suggestion-decided"]);
const LIVE_WORDS = { live: "Live", connecting: "Reconnecting…", offline: "Offline" };

/**
 * @typedef {object} EditorHost
 * @property {() => void} back
 * @property {() => void} logout
 * @property {(why: import("../live.js").End) => void} lost
 * @property {(slideId: string | null) => void} slideShown
 */

/** The editor of one project. */
export class EditorView {
  /** @type {string | null} */ #slideId;
  /** Where the current slide stands, to stay near when it goes. */
  #slideIndex = 0;
  #drawing = 0;
  #closed = false;
  #everLive = false;
  #saved = h("span", { class: "saved", "data-testid": "saved" });
  #live = h("span", { class: "live", "data-testid": "live-status", role: "status" }, h("i"), h("span"));
  #role = h("span", { class: "badge" });
  #banner = h("div", { class: "banner", role: "status" });
  #historyToggle = h("button", {
    type: "button", class: "button quiet", "aria-expanded": "false", "data-testid": "history-toggle", "aria-label": "History",
    on: { click: () => this.#showHistory(this.#historyToggle.getAttribute("aria-expanded") !== "true") },
  }, icon("history"), h("span", { class: "wide-only" }, "History"));
  #conflictsToggle = h("button", {
    type: "button", class: "button quiet", "aria-expanded": "false", "data-testid": "conflicts-toggle",
    on: { click: () => this.#showConflicts(this.#conflictsToggle.getAttribute("aria-expanded") !== "true") },
  });
  #leaving = (/** @type {BeforeUnloadEvent} */ e) => {
    if (this.project.unsaved.size) e.preventDefault();
  };

  /**
   * @param {import("../project.js").ProjectSession} project
   * @param {import("../session.js").Me} me
   * @param {string | null} slideId
   * @param {EditorHost} host
   * @param {string | null} [job]  the job that the project was made for
   */
  constructor(project, me, slideId, host, job = null) {
    this.project = project;
    this.host = host;
    this.#slideId = slideId;
    const context = { assetUrl: (/** @type {string} */ id) => project.assetUrl(id), hints: true };
    const onStatus = (/** @type {import("../editing.js").SaveStatus} */ status) => this.#status(status);
    this.title = new TitleField(project);
    this.rail = new Rail(project, {
      context: { ...context, hints: false },
      select: (id) => void this.#select(id),
      addSlide: () => void this.#addSlide(),
      removeSlide: (id) => void this.#removeSlide(id),
      move: (id, place) => void this.#try(() => project.move(id, place)),
    });
    this.canvas = new Canvas(project, { context, onStatus, addSlide: () => void this.#addSlide() });
    this.notes = new Notes(project, onStatus);
    this.tools = new MakingTools(project, {
      reveal: (id) => void this.#reveal(id), slide: () => this.#slideId,
      opened: () => {
        this.#showHistory(false);
        this.#showConflicts(false);
      },
    });
    this.here = new HereStrip(project, { goTo: (id) => void this.#reveal(id) });
    this.conflicts = new ConflictsPanel(project, { reveal: (id) => void this.#reveal(id), close: () => this.#showConflicts(false) });
    this.history = new HistoryPanel(project, { reveal: (id) => void this.#reveal(id), close: () => this.#showHistory(false) });

    this.el = h("div", { class: "editor" },
      h("header", { class: "topbar" },
        h("button", { type: "button", class: "icon-button", "aria-label": "All projects", title: "All projects", "data-testid": "back", on: { click: () => void this.#back() } }, icon("back")),
        mark(), this.title.el, this.#role, this.#saved, h("span", { class: "spacer" }),
        this.#live, this.here.el, this.#conflictsToggle,
        h("button", { type: "button", class: "button", "data-testid": "share-open", "aria-label": "Share", on: { click: () => void openShare(project) } }, icon("share"), h("span", { class: "wide-only" }, "Share")),
        this.tools.buttons, this.#historyToggle,
        h("button", {
          type: "button", class: "me", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": `Logged in as ${me.sub}`,
          on: { click: (/** @type {Event} */ e) => this.#openMe(/** @type {HTMLElement} */ (e.currentTarget)) },
        }, avatar(me.sub))),
      this.#banner,
      h("div", { class: "workspace" }, this.rail.el, h("main", { class: "centre" }, this.canvas.el, this.notes.el), this.conflicts.el, this.history.el, this.tools.panel.el));

    project.addEventListener("change", () => this.#soon());
    project.addEventListener("deck-event", (e) => this.#happened(/** @type {CustomEvent} */ (e).detail));
    project.addEventListener("written", (e) => {
      if (!project.unsaved.size) this.#status({ kind: "saved", position: /** @type {CustomEvent} */ (e).detail });
    });
    project.addEventListener("live", (e) => this.#liveIs(/** @type {CustomEvent} */ (e).detail));
    project.addEventListener("started-over", () => this.history.reset());
    project.addEventListener("presence", () => this.#soon());
    project.addEventListener("conflicts", () => this.#soon());
    project.addEventListener("clash", (e) => this.#clashed(/** @type {CustomEvent} */ (e).detail));
    project.addEventListener("end", (e) => host.lost(/** @type {CustomEvent} */ (e).detail));
    addEventListener("beforeunload", this.#leaving);
    this.#liveIs("connecting");
    this.#status({ kind: "clean" });
    this.#draw();
    this.tools.start(job);
  }

  close() {
    void this.canvas.settle(); // left by the browser's back button: what was typed last is still to be saved
    void this.notes.settle();
    this.#closed = true;
    cancelAnimationFrame(this.#drawing);
    removeEventListener("beforeunload", this.#leaving);
    this.canvas.close();
    this.tools.close();
    this.project.close();
  }

  #soon() {
    // Many events may come at once; a picture of the last state is enough.
    if (!this.#drawing) this.#drawing = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#drawing = 0;
    if (this.#closed) return;
    const { state } = this.project;
    const slides = slidesOf(state);
    const at = slides.findIndex((s) => s.id === this.#slideId);
    if (at < 0) {
      this.#slideId = slides[Math.min(this.#slideIndex, slides.length - 1)]?.id ?? null;
      this.host.slideShown(this.#slideId);
    } else this.#slideIndex = at;
    this.el.classList.toggle("read-only", !canEdit(state.project));
    this.title.update();
    this.rail.update(this.#slideId);
    this.canvas.update(this.#slideId);
    this.rail.here(this.project.presence.others.map((one) => [Presence.blockOf(one), one.user]));
    this.notes.update(this.#slideId);
    this.tools.update();
    this.#drawHead();
  }

  #drawHead() {
    const { project } = this.project.state;
    document.title = `${project.title} · Decklog`;
    this.#role.textContent = project.role;
    this.#role.className = `badge role-${project.role}`;
    if (this.#saved.classList.contains("clean")) this.#status({ kind: "clean" });
    this.here.update();
    this.#drawConflicts();
    this.#banner.hidden = canEdit(project);
    const mode = `${project.archived} ${project.role}`;
    if (this.#banner.dataset.mode === mode) return; // its button may have the focus
    this.#banner.dataset.mode = mode;
    fill(this.#banner, icon(project.archived ? "archive" : "eye"),
      project.archived ? "This project is archived: it can be read, not changed." : `You are a ${project.role} here: you see every change as it happens, and cannot edit.`,
      project.archived && project.role === "owner"
        ? h("button", { type: "button", class: "button small", on: { click: () => void this.#try(() => this.project.run("unarchive-project")) } }, "Bring it back")
        : null);
  }

  /** @param {import("../live.js").LiveState} state */
  #liveIs(state) {
    if (state === "live") this.#everLive = true;
    this.#live.dataset.state = state;
    const words = this.#live.querySelector("span");
    if (words) words.textContent = state === "connecting" && !this.#everLive ? "Connecting…" : LIVE_WORDS[state];
  }

  /** @param {import("../editing.js").SaveStatus} status */
  #status(status) {
    if (status.kind === "clean" && this.#saved.classList.contains("saved-now")) return;
    this.#saved.className = `saved ${status.kind === "saved" ? "saved-now" : status.kind}`;
    if (status.kind === "typing") this.#saved.textContent = "Editing…";
    else if (status.kind === "saving") this.#saved.textContent = "Saving…";
    else if (status.kind === "failed") {
      this.#saved.textContent = "Not saved";
      announce(`Not saved: ${status.message}`);
    } else if (status.kind === "saved") this.#saved.textContent = `Saved · #${status.position}`;
    else this.#saved.textContent = `Up to date · #${this.project.state.position}`;
  }

  /** @param {{event: import("../state.js").DeckEvent, own: boolean}} detail */
  #happened({ event, own }) {
    this.history.add(event);
    if (own) return;
    const who = event.actor.id;
    const { state } = this.project;
    const { what } = sentence(event, (id) => this.project.block(id));
    announce(`${who} ${what}`);
    if (event.stream.kind !== "block" || SILENT.has(event.event)) return;
    // The change is drawn with the next frame, and only then is there something to flash.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (this.#closed) return;
      this.canvas.remote(event, who);
      this.notes.remote(event, who);
      const slide = slideOf(state, event.stream.id);
      if (slide) this.rail.touch(slide.id);
    }));
  }

  /** @returns {Promise<boolean>} false: some text could not be saved, so nothing may close */
  async #settle() {
    const done = (await this.canvas.settle()) && (await this.notes.settle());
    if (!done) toast("There is text that could not be saved yet. It stays open until it is.", { tone: "problem" });
    return done;
  }

  /** @param {string} id */
  async #select(id) {
    if (id === this.#slideId || !(await this.#settle())) return;
    this.#slideId = id;
    this.host.slideShown(id);
    this.#draw();
    this.rail.reveal(id);
  }

  /** @param {string} blockId */
  async #reveal(blockId) {
    const slide = slideOf(this.project.state, blockId);
    if (!slide) return;
    await this.#select(slide.id);
    this.canvas.reveal(blockId);
  }

  #drawConflicts() {
    const count = this.project.conflicts.length;
    this.conflicts.update();
    const words = count === 1 ? "1 conflict" : `${count} conflicts`;
    if (this.#conflictsToggle.dataset.count === String(count)) return;
    const before = Number(this.#conflictsToggle.dataset.count ?? count);
    this.#conflictsToggle.dataset.count = String(count);
    this.#conflictsToggle.classList.toggle("has-conflicts", count > 0);
    this.#conflictsToggle.setAttribute("aria-label", count ? words : "No conflicts");
    fill(this.#conflictsToggle, icon(count ? "warning" : "check"), h("span", { class: count ? "" : "wide-only" }, count ? words : "No conflicts"));
    if (count > before) announce(`${words} to settle`);
  }

  /** @param {import("../project.js").Clash} clash */
  #clashed(clash) {
    const other = clash.actors.mine === this.project.me ? clash.actors.theirs : clash.actors.mine;
    const whose = clash.actors[clash.winner] === this.project.me ? "Yours stands" : `${other}’s stands`;
    toast(`You and ${other} changed the same thing. ${whose}; both are kept.`, {
      action: { label: "Compare", run: () => {
        if (this.project.conflicts.some((c) => c.id === clash.id)) void settle(this.project, clash, "A block of both of you");
        else toast("Somebody has settled it meanwhile.");
      } },
    });
  }

  /** @param {boolean} open */
  #showConflicts(open) {
    if (open) {
      this.#showHistory(false);
      this.tools.open(false); // one panel at a time
    }
    this.#conflictsToggle.setAttribute("aria-expanded", String(open));
    this.conflicts.show(open);
    if (!open && this.conflicts.el.contains(document.activeElement)) this.#conflictsToggle.focus();
  }

  /** @param {boolean} open */
  #showHistory(open) {
    if (open) this.#showConflicts(false);
    this.#historyToggle.setAttribute("aria-expanded", String(open));
    if (open) this.tools.open(false); // one panel at a time
    this.history.show(open);
    if (!open && this.history.el.contains(document.activeElement)) this.#historyToggle.focus();
  }

  async #addSlide() {
    if (!(await this.#settle())) return;
    const id = await this.#try(() => this.project.add("slide", { title: "" }, this.#slideId ? { after_id: this.#slideId } : {}));
    if (!id) return;
    this.#slideId = id;
    this.host.slideShown(id);
    this.#draw();
    this.rail.reveal(id);
    this.canvas.editBlock(id);
  }

  /** @param {string} id */
  async #removeSlide(id) {
    if (!(await this.#settle())) return;
    const done = await this.#try(async () => {
      await this.project.remove(id);
      return true;
    });
    if (!done) return;
    requestAnimationFrame(() => this.#slideId && this.rail.focus(this.#slideId));
    toast("Slide deleted", {
      action: {
        label: "Undo",
        run: () => void this.#try(async () => {
          await this.project.restore(id);
          await this.#select(id);
        }),
      },
    });
  }

  async #back() {
    if (await this.#settle()) this.host.back();
  }

  /** @param {HTMLElement} anchor */
  #openMe(anchor) {
    openMenu(anchor, [
      { label: "All projects", icon: "slide", run: () => void this.#back() },
      { label: "Log out", icon: "logout", testid: "logout", run: () => void this.#settle().then((done) => done && this.host.logout()) },
    ], { label: "You", align: "end" });
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
