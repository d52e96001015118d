/** A proposed outline, to be changed and approved before any slide is drafted. */

import { explain } from "../api.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { dialog } from "../ui/dialog.js";

const MOST_SLIDES = 50;
const PROVIDERS = {
  "offline-extractive": "chosen from the source, without a model",
  "offline-pptx": "the slides of your presentation, taken over as they stand",
};

/**
 * @typedef {import("./making.js").OutlineSlide} OutlineSlide
 * @param {import("./making.js").Making} making
 * @param {import("./making.js").Job} job
 */
export function reviewOutline(making, job) {
  const outline = /** @type {import("./making.js").Outline} */ (job.outline);
  /** @type {OutlineSlide[]} */
  const slides = outline.slides.map((slide) => ({ ...slide, points: [...slide.points] }));
  let changed = false;
  const list = h("ol", { class: "outline", "data-testid": "outline" });
  const message = h("p", { class: "form-problem", role: "alert" });
  const submit = h("button", { type: "submit", class: "button primary", "data-autofocus": true, "data-testid": "outline-approve" });

  /** @param {number} i @param {number} by */
  function move(i, by) {
    [slides[i], slides[i + by]] = [slides[i + by], slides[i]];
    edited();
    draw();
    /** @type {HTMLElement | null} */ (list.children[i + by]?.querySelector(".outline-title"))?.focus();
  }

  function edited() {
    changed = true;
    label();
  }

  function label() {
    const empty = slides.some((s) => !s.title.trim());
    submit.textContent = `Draft ${slides.length} ${slides.length === 1 ? "slide" : "slides"}`;
    submit.disabled = !slides.length || slides.length > MOST_SLIDES || empty;
    message.textContent = empty ? "Every slide needs a title." : slides.length > MOST_SLIDES ? `At most ${MOST_SLIDES} slides.` : "";
  }

  /** @param {OutlineSlide} slide @param {number} i */
  function row(slide, i) {
    const title = h("input", {
      type: "text", class: "field boxed outline-title", maxlength: 300, value: slide.title, "aria-label": `Title of slide ${i + 1}`, "data-testid": "outline-title",
      on: { input: () => { slide.title = title.value; edited(); } },
    });
    const points = h("textarea", {
      class: "field boxed outline-points", rows: Math.max(1, Math.min(6, slide.points.length)), "aria-label": `Points of slide ${i + 1}, one a line`, placeholder: "Points, one a line",
      on: {
        input: () => {
          slide.points = points.value.split("\n").map((p) => p.slice(0, 1_000)).filter((p) => p.trim()).slice(0, 20);
          edited();
        },
      },
    }, slide.points.join("\n"));
    return h("li", { class: "outline-slide" },
      h("div", { class: "outline-head" }, h("span", { class: "outline-number" }, i + 1), title,
        slide.kept?.length ? h("span", { class: "badge", title: "Put on the slide as it stands in the source" }, icon("table"), "kept") : null,
        h("button", { type: "button", class: "icon-button tiny", "aria-label": `Move slide ${i + 1} up`, disabled: i === 0, on: { click: () => move(i, -1) } }, icon("up")),
        h("button", { type: "button", class: "icon-button tiny", "aria-label": `Move slide ${i + 1} down`, disabled: i === slides.length - 1, on: { click: () => move(i, 1) } }, icon("down")),
        h("button", {
          type: "button", class: "icon-button tiny", "aria-label": `Leave slide ${i + 1} out`, "data-testid": "outline-remove",
          on: { click: () => { slides.splice(i, 1); edited(); draw(); } },
        }, icon("trash"))),
      points);
  }

  function draw() {
    fill(list, slides.map(row));
    label();
  }

  const add = h("button", {
    type: "button", class: "button quiet", "data-testid": "outline-add",
    on: {
      click: () => {
        slides.push({ title: "", points: [] });
        edited();
        draw();
        /** @type {HTMLElement | null} */ (list.lastElementChild?.querySelector(".outline-title"))?.focus();
      },
    },
  }, icon("plus"), "Add a slide");
  draw();
  const by = PROVIDERS[/** @type {keyof typeof PROVIDERS} */ (outline.provider ?? "")] ?? `by ${outline.model ?? outline.provider ?? "a machine"}`;

  return dialog({
    title: "The proposed outline", wide: true, testid: "outline-dialog",
    body: (close) => [h("form", {
      class: "stack outline-form",
      on: {
        submit: async (/** @type {Event} */ e) => {
          e.preventDefault();
          submit.disabled = true;
          try {
            await making.decide("approve-outline", job.id, changed ? { outline: sent(outline, slides) } : {});
            close(true);
          } catch (error) {
            label();
            message.textContent = explain(error);
          }
        },
      },
    },
    h("p", { class: "dialog-text" }, `${outline.title ?? "A deck"}: ${by}. Change what you like; nothing is drafted until you say so.`),
    (outline.warnings ?? []).map((w) => h("p", { class: "note warn" }, icon("warning"), w)),
    list, add, message,
    h("footer", null,
      h("button", {
        type: "button", class: "button quiet", "data-testid": "outline-cancel",
        on: {
          click: async () => {
            try {
              await making.decide("cancel-job", job.id);
              close(false);
            } catch (error) {
              message.textContent = explain(error);
            }
          },
        },
      }, "Throw it away"),
      h("span", { class: "spacer" }),
      h("button", { type: "button", class: "button", on: { click: () => close(null) } }, "Later"), submit))],
  });
}

/** @param {import("./making.js").Outline} outline @param {OutlineSlide[]} slides */
function sent(outline, slides) {
  const { title, provider, model, warnings, usage } = outline;
  const known = Object.fromEntries(Object.entries({ title, provider, model, warnings, usage }).filter(([, v]) => v !== null && v !== undefined));
  return { ...known, slides: slides.map((s) => ({ ...s, title: s.title.trim() })) };
}
