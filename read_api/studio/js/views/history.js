/** What happened in the project, newest first, growing while one looks at it. */

import { Problem, explain } from "../api.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { withoutMarkup } from "../blocks/inline.js";
import { avatar } from "../people.js";
import { sentence } from "../sentences.js";
import { clock, dayName, dayOf } from "../time.js";

/**
 * @typedef {import("../state.js").DeckEvent} DeckEvent
 * @typedef {{reveal: (blockId: string) => void, close: () => void}} HistoryHost
 */

/** The panel at the right. */
export class HistoryPanel {
  /** Newest first. @type {DeckEvent[]} */ #events = [];
  /** @type {string | null} */ #cursor = null;
  /** Items by position, kept while they would look the same: one of them may have the focus. @type {Map<number, {key: string, el: HTMLLIElement}>} */
  #drawn = new Map();
  #loaded = false;
  #loading = false;
  #drawing = 0;
  #list = h("div", { class: "history-list" });
  #older = h("button", { type: "button", class: "button quiet", "data-testid": "history-older", on: { click: () => void this.#load() } }, "Load older");
  #message = h("p", { class: "panel-message", role: "status" });
  el = h("aside", { class: "panel", "aria-label": "History", "data-testid": "history-panel", hidden: true },
    h("header", null, h("h2", null, "History"),
      h("button", { type: "button", class: "icon-button", "aria-label": "Close history", on: { click: () => this.host.close() } }, icon("close"))),
    h("div", { class: "panel-scroll", tabindex: 0, role: "region", "aria-label": "Events, newest first" }, this.#list, this.#message, this.#older));

  /** @param {import("../project.js").ProjectSession} project @param {HistoryHost} host */
  constructor(project, host) {
    this.project = project;
    this.host = host;
  }

  /** @param {boolean} open */
  show(open) {
    this.el.hidden = !open;
    if (open && !this.#loaded) void this.#load();
    else if (open) this.#draw();
  }

  /** @param {DeckEvent} event */
  add(event) {
    if (!this.#loaded) return; // the first page will have it
    this.#merge([event]);
    this.#drawSoon();
  }

  /** Start over: the log is another one. */
  reset() {
    this.#events = [];
    this.#drawn.clear();
    this.#cursor = null;
    this.#loaded = false;
    if (!this.el.hidden) void this.#load();
  }

  /** @param {DeckEvent[]} more */
  #merge(more) {
    const known = new Set(this.#events.map((e) => e.position));
    this.#events = [...this.#events, ...more.filter((e) => !known.has(e.position))].sort((a, b) => b.position - a.position);
  }

  async #load() {
    if (this.#loading) return;
    this.#loading = true;
    this.#message.textContent = "Loading…";
    try {
      const page = await this.project.history(this.#cursor);
      this.#cursor = page.next_cursor;
      this.#loaded = true;
      this.#merge(page.items);
      this.#message.textContent = "";
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.#message.textContent = explain(error);
    } finally {
      this.#loading = false;
      this.#draw();
    }
  }

  #drawSoon() {
    if (this.el.hidden || this.#drawing) return;
    this.#drawing = requestAnimationFrame(() => {
      this.#drawing = 0;
      this.#draw();
    });
  }

  #draw() {
    this.#older.hidden = this.#loaded && !this.#cursor;
    /** @type {Map<string, DeckEvent[]>} */
    const days = new Map();
    for (const event of this.#events) {
      const day = days.get(dayOf(event.at));
      if (day) day.push(event);
      else days.set(dayOf(event.at), [event]);
    }
    const focused = this.#list.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement) : null;
    const position = /** @type {HTMLElement | null | undefined} */ (focused?.closest("[data-position]"))?.dataset.position;
    fill(this.#list, [...days.values()].map((events) => h("section", null,
      h("h3", null, dayName(events[0].at)),
      h("ol", { reversed: true }, events.map((event, i) => this.#item(event, events[i - 1]))))));
    const again = focused?.isConnected ? focused : this.#list.querySelector(`[data-position="${position}"] button`);
    if (focused) /** @type {HTMLElement | null} */ (again)?.focus({ preventScroll: true });
    if (this.#loaded && !this.#cursor && this.#events.length) this.#list.append(h("p", { class: "panel-end" }, "This is where it began."));
  }

  /** @param {DeckEvent} event @param {DeckEvent | undefined} above */
  #item(event, above) {
    const { what, quote } = sentence(event, (id) => this.project.block(id));
    // Saves of one block in a row read as one thing.
    const goesOn = above && above.actor.id === event.actor.id && above.stream.id === event.stream.id && above.event === event.event;
    const shown = event.stream.kind === "block" && this.project.isShown(event.stream.id);
    const key = JSON.stringify([what, quote, goesOn, shown]);
    const drawn = this.#drawn.get(event.position);
    if (drawn?.key === key) return drawn.el;
    const words = [
      h("span", { class: "history-what" }, h("strong", null, event.actor.id), ` ${what}`,
        event.actor.kind === "machine" ? h("span", { class: "badge" }, icon("machine"), "machine") : null),
      quote ? h("span", { class: "history-quote" }, withoutMarkup(quote)) : null,
      h("span", { class: "history-when" }, h("time", { datetime: event.at }, clock(event.at)), ` · #${event.position}`),
    ];
    const el = h("li", { class: `history-item ${goesOn ? "goes-on" : ""}`, "data-testid": "history-item", "data-position": event.position },
      avatar(event.actor.id),
      shown
        ? h("button", { type: "button", class: "history-words", title: "Show this block", on: { click: () => this.host.reveal(event.stream.id) } }, words)
        : h("div", { class: "history-words" }, words));
    this.#drawn.set(event.position, { key, el });
    return el;
  }
}
