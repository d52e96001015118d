/** A picture for a slide: uploaded, or made from words. */

import { explain } from "../api.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { dialog } from "../ui/dialog.js";
import { PICTURES, unfit } from "./upload.js";

/**
 * @param {import("./making.js").Making} making
 * @param {string | null} slideId  where it goes; none: a slide has to be there first
 * @returns {Promise<boolean>} whether one is being made
 */
export async function askPicture(making, slideId) {
  /** @type {File | null} */
  let file = null;
  const input = h("input", { type: "file", class: "visually-hidden", id: "picture-file", accept: PICTURES, "data-testid": "picture-file", on: { change: () => choose(input.files?.[0]) } });
  const drop = h("label", { for: "picture-file", class: "drop-zone" });
  const prompt = h("textarea", { class: "field boxed", rows: 2, id: "picture-prompt", maxlength: 10_000, "data-testid": "picture-prompt", placeholder: "A river delta seen from above", on: { input: look } });
  const alt = h("input", { type: "text", class: "field boxed", id: "picture-alt", maxlength: 1_000, autocomplete: "off", placeholder: "What it shows, for those who do not see it" });
  const message = h("p", { class: "form-problem", role: "alert" }, slideId ? "" : "Add a slide first.");
  const submit = h("button", { type: "submit", class: "button primary", disabled: true, "data-testid": "picture-submit" }, "Put it on the slide");

  /** @param {File | undefined} chosen */
  function choose(chosen) {
    if (!chosen) return;
    message.textContent = unfit(chosen, PICTURES);
    file = message.textContent ? null : chosen;
    draw();
    look();
  }

  function draw() {
    fill(drop, icon("image"), h("span", null, h("strong", null, file ? file.name : "Choose a picture"), file ? " · choose another" : " or drop it here: PNG, JPEG, GIF, WebP"));
  }

  function look() {
    prompt.disabled = file !== null;
    submit.disabled = !slideId || !(file || prompt.value.trim());
  }

  async function place() {
    const { project } = making;
    const parent = { parent_id: /** @type {string} */ (slideId) };
    if (file) {
      const { asset_id } = await making.upload(file);
      await project.add("image", { asset_id, alt: alt.value.trim() }, parent);
      return false;
    }
    const block = await project.add("image", { alt: alt.value.trim() }, parent);
    await making.request("request-image", { prompt: prompt.value.trim(), block_id: block });
    return true;
  }

  draw();
  const made = await dialog({
    title: "A picture", testid: "picture-dialog",
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
          try {
            close(await place());
          } catch (error) {
            message.textContent = explain(error);
            look();
          }
        },
      },
    },
    input, drop,
    h("label", { class: "labelled", for: "picture-prompt" }, h("span", null, "or have one made; without a model it is drawn, as a placeholder"), prompt),
    h("label", { class: "labelled", for: "picture-alt" }, h("span", null, "Alternative text"), alt),
    message,
    h("footer", null, h("button", { type: "button", class: "button", on: { click: () => close(null) } }, "Cancel"), submit))],
  });
  return made === true;
}
