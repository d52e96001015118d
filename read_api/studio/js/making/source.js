/** The form in which one says what slides are to be made of: a document, a text, a request. */

import { explain } from "../api.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { dialog } from "../ui/dialog.js";
import { DOCUMENTS, titleOf, unfit } from "./upload.js";

const MOST_TEXT = 400_000;
const MOST_PROMPT = 10_000;

/**
 * @typedef {{file: File | null, text: string, prompt: string, slides: number | null, auto: boolean, title: string}} Wish
 */

/**
 * Ask what slides are to be made of.
 * @template T
 * @param {{title: string, submit: string, run: (wish: Wish) => Promise<T>}} options  `run` does it; its refusal is shown
 * @returns {Promise<T | null>} null: nothing is wanted
 */
export function askSource(options) {
  /** @type {File | null} */
  let file = null;
  const input = h("input", { type: "file", class: "visually-hidden", id: "source-file", accept: DOCUMENTS, "data-testid": "source-file", on: { change: () => choose(input.files?.[0]) } });
  const drop = h("label", { for: "source-file", class: "drop-zone" });
  const text = h("textarea", { class: "field boxed import-text", rows: 4, id: "source-text", "data-testid": "source-text", placeholder: "Paste an article, notes, a report…", on: { input: look } });
  const prompt = h("textarea", { class: "field boxed", rows: 2, id: "source-prompt", maxlength: MOST_PROMPT, "data-testid": "source-prompt", placeholder: "A talk of ten minutes for new colleagues", on: { input: look } });
  const slides = h("input", { type: "number", class: "field boxed short-field", id: "source-slides", min: 1, max: 50, placeholder: "auto", "data-testid": "source-slides", on: { input: look } });
  const auto = h("input", { type: "checkbox", id: "source-auto", "data-testid": "source-auto" });
  const message = h("p", { class: "form-problem", role: "alert" });
  const submit = h("button", { type: "submit", class: "button primary", disabled: true, "data-testid": "source-submit" }, options.submit);

  /** @param {File | undefined} chosen */
  function choose(chosen) {
    if (!chosen) return;
    const why = unfit(chosen, DOCUMENTS);
    file = why ? null : chosen;
    message.textContent = why;
    draw();
    look(Boolean(why));
  }

  function draw() {
    fill(drop, icon(file ? "text" : "upload"), h("span", null,
      file ? h("strong", null, file.name) : h("strong", null, "Choose a document"),
      file ? ` · ${size(file.size)} · choose another` : " or drop it here: Markdown, text, DOCX, PDF, PPTX"));
  }

  /** @param {unknown} [kept]  true: what is said stays */
  function look(kept) {
    const long = text.value.length > MOST_TEXT;
    const wrong = slides.value !== "" && !(Number(slides.value) >= 1 && Number(slides.value) <= 50);
    if (kept !== true) {
      message.textContent = long ? `That is too long: at most ${MOST_TEXT.toLocaleString()} characters.` : wrong ? "Slides: 1 to 50." : "";
    }
    text.disabled = file !== null;
    submit.disabled = long || wrong || !(file || text.value.trim() || prompt.value.trim());
  }

  draw();
  return dialog({
    title: options.title, wide: true, testid: "source-dialog",
    body: (close) => [h("form", {
      class: "stack",
      on: {
        dragover: (/** @type {DragEvent} */ e) => e.preventDefault(),
        drop: (/** @type {DragEvent} */ e) => {
          e.preventDefault();
          choose(e.dataTransfer?.files[0]);
        },
        submit: async (/** @type {Event} */ e) => {
          e.preventDefault();
          submit.disabled = true;
          submit.textContent = file ? "Uploading…" : "Asking…";
          message.textContent = "";
          const words = prompt.value.trim();
          try {
            close(await options.run({
              file, text: file ? "" : text.value, prompt: words, slides: slides.value ? Number(slides.value) : null, auto: auto.checked,
              title: file ? titleOf(file.name) : words.split("\n")[0].slice(0, 200).trim() || "Untitled",
            }));
          } catch (error) {
            message.textContent = explain(error);
          }
          submit.textContent = options.submit;
          look(true);
        },
      },
    },
    input, drop,
    h("label", { class: "labelled", for: "source-text" }, h("span", null, "or a text"), text),
    h("label", { class: "labelled", for: "source-prompt" }, h("span", null, "What is it for? (without a source this is all there is to go by)"), prompt),
    h("div", { class: "form-row" },
      h("label", { class: "labelled", for: "source-slides" }, h("span", null, "Slides"), slides),
      h("label", { class: "check", for: "source-auto" }, auto, h("span", null, "Draft at once, without showing me the outline"))),
    message,
    h("footer", null, h("button", { type: "button", class: "button", on: { click: () => close(null) } }, "Cancel"), submit))],
  });
}

/**
 * The body of `request-generation` for a wish.
 * @param {Wish} wish
 * @param {string | null} assetId
 */
export function generationOf(wish, assetId) {
  return {
    ...(wish.prompt ? { prompt: wish.prompt } : {}),
    ...(assetId ? { source_asset_id: assetId } : wish.text.trim() ? { source_text: wish.text } : {}),
    ...(wish.slides ? { slides: wish.slides } : {}),
    ...(wish.auto ? { auto_approve: true } : {}),
  };
}

/** @param {number} bytes */
function size(bytes) {
  return bytes < 10_240 ? `${bytes.toLocaleString()} bytes` : bytes < 2 ** 20 ? `${Math.round(bytes / 1024)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
