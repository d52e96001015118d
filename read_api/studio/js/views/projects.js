/** The list of projects. */

import { Problem, explain } from "../api.js";
import { fill, h } from "../dom.js";
import { icon, mark } from "../icons.js";
import { makeFromSource } from "../making/start.js";
import { avatar, hueOf } from "../people.js";
import { ago } from "../time.js";
import { dialog } from "../ui/dialog.js";
import { openMenu } from "../ui/menu.js";
import { toast } from "../ui/toasts.js";
import { openImport } from "./importer.js";

const PAUSE_MS = 200;

/** @typedef {import("../state.js").Project} Project */

/** Searching, making and opening projects. */
export class ProjectsView {
  /** @type {Project[]} */ #items = [];
  /** @type {string | null} */ #cursor = null;
  #archived = false;
  /** Answers to older questions are thrown away. */
  #asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #awake = () => {
    if (document.visibilityState === "visible") void this.#load();
  };
  #search = h("input", {
    type: "search", class: "field search", placeholder: "Search projects", "aria-label": "Search projects", "data-testid": "project-search",
    on: {
      input: () => {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => void this.#load(), PAUSE_MS);
      },
    },
  });
  #grid = h("ul", { class: "project-grid", "aria-label": "Projects" });
  #status = h("div", { class: "project-status", role: "status" });
  #more = h("button", { type: "button", class: "button", hidden: true, on: { click: () => void this.#load(true) } }, "Show more");
  #switch = h("button", {
    type: "button", class: "button quiet toggle", "aria-pressed": "false", "data-testid": "archived-toggle",
    on: {
      click: () => {
        this.#archived = !this.#archived;
        this.#switch.setAttribute("aria-pressed", String(this.#archived));
        void this.#load();
      },
    },
  }, icon("archive"), "Archived");

  /**
   * @param {import("../api.js").Api} api
   * @param {import("../session.js").Me} me
   * @param {{open: (id: string, minPosition?: number, job?: string | null) => void, logout: () => void}} host
   */
  constructor(api, me, host) {
    this.api = api;
    this.host = host;
    this.el = h("div", { class: "projects" },
      h("header", { class: "topbar" },
        h("div", { class: "brand" }, mark(), "Decklog"), h("span", { class: "spacer" }),
        h("button", {
          type: "button", class: "me", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": `Logged in as ${me.sub}`,
          on: { click: (/** @type {Event} */ e) => openMenu(/** @type {HTMLElement} */ (e.currentTarget), [{ label: "Log out", icon: "logout", testid: "logout", run: host.logout }], { label: "You", align: "end" }) },
        }, avatar(me.sub), h("span", null, me.name || me.sub))),
      h("main", null,
        h("div", { class: "projects-head" },
          h("h1", null, "Projects"),
          h("div", { class: "projects-tools" },
            h("div", { class: "search-box" }, icon("search"), this.#search), this.#switch, h("span", { class: "spacer" }),
            h("button", { type: "button", class: "button", "data-testid": "source-open", on: { click: () => void this.#make() } }, icon("machine"), "From a document"),
            h("button", { type: "button", class: "button", "data-testid": "import-open", on: { click: () => void this.#import() } }, icon("upload"), "Import"),
            h("button", { type: "button", class: "button primary", "data-testid": "new-project", on: { click: () => void this.#create() } }, icon("plus"), "New project"))),
        h("section", { "data-testid": "project-list" }, this.#grid, this.#status, h("div", { class: "more" }, this.#more))));
    document.addEventListener("visibilitychange", this.#awake);
    fill(this.#grid, [0, 1, 2].map(() => h("li", { class: "project skeleton", "aria-hidden": "true" })));
    void this.#load();
  }

  close() {
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#awake);
    this.#asked += 1;
  }

  /** @param {boolean} [further] */
  async #load(further = false) {
    const asked = (this.#asked += 1);
    const query = { q: this.#search.value.trim(), archived: this.#archived, limit: 60, cursor: further ? this.#cursor : null };
    try {
      const page = await this.#list(query);
      if (asked !== this.#asked) return;
      this.#items = further ? [...this.#items, ...page.items] : page.items;
      this.#cursor = page.next_cursor;
      this.#draw();
    } catch (error) {
      if (asked !== this.#asked || !(error instanceof Problem)) return;
      fill(this.#grid);
      fill(this.#status, this.#message("warning", "The list could not be loaded", explain(error),
        h("button", { type: "button", class: "button", on: { click: () => void this.#load() } }, "Try again")));
    }
  }

  /** @param {Record<string, any>} query */
  async #list(query) {
    try {
      const { body } = await this.api.get("/projects", { ...query, min_position: this.api.lastWrite || null });
      this.api.lastWrite = 0; // seen; asking again would only make later lists wait
      return body;
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 503 || !this.api.lastWrite) throw error;
      this.api.lastWrite = 0; // a list that is a little behind is better than none
      return (await this.api.get("/projects", query)).body;
    }
  }

  #draw() {
    fill(this.#grid, this.#items.map((p) => this.#card(p)));
    this.#more.hidden = !this.#cursor;
    fill(this.#status);
    if (this.#items.length) return;
    const q = this.#search.value.trim();
    if (q) fill(this.#status, this.#message("search", `Nothing is called “${q}”`, "Try another word, or part of one."));
    else if (this.#archived) fill(this.#status, this.#message("archive", "The archive is empty", "Projects that you archive are kept here, read-only."));
    else {
      fill(this.#status, this.#message("slide", "Your first deck starts here", "Begin with an empty project, have slides made of a document, or bring Markdown along: headings become slides.",
        h("button", { type: "button", class: "button primary", on: { click: () => void this.#create() } }, icon("plus"), "New project"),
        h("button", { type: "button", class: "button", on: { click: () => void this.#make() } }, icon("machine"), "From a document"),
        h("button", { type: "button", class: "button", on: { click: () => void this.#import() } }, icon("upload"), "Import Markdown")));
    }
  }

  /** @param {string} image @param {string} title @param {string} text @param {...HTMLElement} actions */
  #message(image, title, text, ...actions) {
    return h("div", { class: "empty" }, icon(image), h("h2", null, title), h("p", null, text), actions.length ? h("div", { class: "empty-actions" }, actions) : null);
  }

  /** @param {Project} p */
  #card(p) {
    const others = (p.members ?? []).slice(0, 4);
    return h("li", { class: "project", "data-testid": "project-item", "data-project-id": p.id },
      h("a", {
        class: "project-open", href: `#project=${p.id}`, "aria-label": `Open ${p.title}`,
        on: {
          click: (/** @type {MouseEvent} */ e) => {
            if (e.ctrlKey || e.metaKey || e.shiftKey || e.button) return; // into another tab
            e.preventDefault();
            this.host.open(p.id);
          },
        },
      },
      h("div", { class: "project-cover", style: { "--hue": String(hueOf(p.id)) }, "aria-hidden": "true" }, h("span", null, p.title), h("i"), h("i")),
      h("div", { class: "project-words" },
        h("h2", null, p.title),
        h("p", { class: "muted" }, `Edited ${ago(p.updated_at)}${p.updated_by ? ` by ${p.updated_by}` : ""}`))),
      h("div", { class: "project-foot" },
        h("span", { class: "avatars" }, others.map((m) => avatar(m.user, `${m.user}, ${m.role}`)), (p.members?.length ?? 0) > 4 ? h("span", { class: "avatar rest" }, `+${p.members.length - 4}`) : null),
        h("span", { class: "spacer" }),
        p.archived ? h("span", { class: "badge" }, "archived") : null,
        h("span", { class: `badge role-${p.role}` }, p.role),
        p.role === "owner" ? this.#moreButton(p) : null));
  }

  /** @param {Project} p */
  #moreButton(p) {
    const button = h("button", {
      type: "button", class: "icon-button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": `${p.title}: more`,
      on: {
        click: () => openMenu(button, [
          { label: "Open", icon: "slide", run: () => this.host.open(p.id) },
          p.archived
            ? { label: "Bring back", icon: "archive", testid: "unarchive", run: () => void this.#archive(p, "unarchive-project") }
            : { label: "Archive", icon: "archive", testid: "archive", run: () => void this.#archive(p, "archive-project") },
        ], { label: p.title, align: "end" }),
      },
    }, icon("more"));
    return button;
  }

  /** @param {Project} p @param {"archive-project" | "unarchive-project"} name */
  async #archive(p, name) {
    try {
      await this.api.command(name, { project_id: p.id });
      await this.#load();
      const undo = name === "archive-project" ? "unarchive-project" : "archive-project";
      toast(name === "archive-project" ? `“${p.title}” is archived` : `“${p.title}” is back`, { action: { label: "Undo", run: () => void this.#archive(p, undo) } });
    } catch (error) {
      toast(explain(error), { tone: "problem" });
    }
  }

  async #create() {
    const answer = await openNewProject(this.api);
    if (answer) this.host.open(answer.project_id, answer.position);
  }

  async #make() {
    const made = await makeFromSource(this.api);
    if (made) this.host.open(made.project, made.position, made.job);
  }

  async #import() {
    const answer = await openImport(this.api);
    if (answer) this.host.open(answer.project_id, answer.position);
  }
}

/** @param {import("../api.js").Api} api @returns {Promise<import("../api.js").Answer | null>} */
function openNewProject(api) {
  const title = h("input", { type: "text", class: "field boxed", id: "new-title", required: true, maxlength: 200, autocomplete: "off", placeholder: "Quarterly review", "data-autofocus": true, "data-testid": "new-project-title" });
  const message = h("p", { class: "form-problem", role: "alert" });
  const submit = h("button", { type: "submit", class: "button primary", "data-testid": "new-project-submit" }, "Create");
  return dialog({
    title: "New project", testid: "new-project-dialog",
    body: (close) => [h("form", {
      class: "stack",
      on: {
        submit: async (/** @type {Event} */ e) => {
          e.preventDefault();
          const text = title.value.trim();
          if (!text) return;
          submit.disabled = true;
          try {
            close(await api.command("create-project", { title: text }));
          } catch (error) {
            message.textContent = explain(error);
            submit.disabled = false;
          }
        },
      },
    },
    h("label", { class: "labelled", for: "new-title" }, h("span", null, "Title"), title), message,
    h("footer", null, h("button", { type: "button", class: "button", on: { click: () => close(null) } }, "Cancel"), submit))],
  });
}
