/** Making a project from a Markdown file or a pasted text. */

import { explain } from "../api.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { dialog } from "../ui/dialog.js";

const MOST = 400_000;

/**
 * @param {import("../api.js").Api} api
 * @returns {Promise<import("../api.js").Answer | null>} null when nothing was imported
 */
export function openImport(api) {
  const text = h("textarea", {
    class: "field boxed import-text", rows: 10, id: "import-text", "data-testid": "import-text", spellcheck: "false",
    placeholder: "# My talk\n\nFirst words.\n\n## Second slide\n\n- a point\n- another", on: { input: count },
  });
  const title = h("input", { type: "text", class: "field boxed", id: "import-title", maxlength: 200, autocomplete: "off", "data-testid": "import-title", placeholder: "From the first heading" });
  const file = h("input", { type: "file", class: "visually-hidden", id: "import-file", accept: ".md,.markdown,.txt,text/markdown,text/plain", "data-testid": "import-file", on: { change: () => void read(file.files?.[0]) } });
  const size = h("span", { class: "muted" });
  const message = h("p", { class: "form-problem", role: "alert" });
  const submit = h("button", { type: "submit", class: "button primary", "data-testid": "import-submit", disabled: true }, "Import");
  const drop = h("label", { for: "import-file", class: "drop-zone" }, icon("upload"), h("span", null, h("strong", null, "Choose a Markdown file"), " or drop it here"));

  function count() {
    const n = text.value.length;
    size.textContent = n ? `${n.toLocaleString()} characters` : "";
    const long = n > MOST;
    message.textContent = long ? `That is too long: at most ${MOST.toLocaleString()} characters.` : "";
    submit.disabled = long || !text.value.trim();
  }

  /** @param {File | undefined} chosen */
  async function read(chosen) {
    if (!chosen) return;
    if (chosen.size > MOST * 4) {
      message.textContent = "This file is too large.";
      return;
    }
    text.value = await chosen.text();
    count();
    text.focus();
  }

  return dialog({
    title: "Import Markdown", wide: true, testid: "import-dialog",
    body: (close) => [h("form", {
      class: "stack",
      on: {
        dragover: (/** @type {DragEvent} */ e) => e.preventDefault(),
        drop: (/** @type {DragEvent} */ e) => {
          e.preventDefault();
          void read(e.dataTransfer?.files[0]);
        },
        submit: async (/** @type {Event} */ e) => {
          e.preventDefault();
          submit.disabled = true;
          submit.textContent = "Importing…";
          try {
            close(await api.command("import-markdown", { text: text.value, ...(title.value.trim() ? { title: title.value.trim() } : {}) }));
          } catch (error) {
            message.textContent = explain(error);
          }
          submit.textContent = "Import";
          submit.disabled = false;
        },
      },
    },
    file, drop,
    h("label", { class: "labelled", for: "import-text" }, h("span", null, "or paste it"), text),
    h("label", { class: "labelled", for: "import-title" }, h("span", null, "Title"), title),
    message,
    h("footer", null, size, h("span", { class: "spacer" }),
      h("button", { type: "button", class: "button", on: { click: () => close(null) } }, "Cancel"), submit))],
  });
}
