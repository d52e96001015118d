/** Who may do what: the members of a project and their roles. */

import { explain } from "../api.js";
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";
import { avatar } from "../people.js";
import { dialog } from "../ui/dialog.js";

const ROLES = /** @type {const} */ (["owner", "editor", "commenter", "viewer"]);
const MEANING = { owner: "can do everything", editor: "can edit", commenter: "can comment", viewer: "can look" };

/** @param {import("../project.js").ProjectSession} project */
export function openShare(project) {
  const message = h("p", { class: "form-problem", role: "alert" });
  const members = h("ul", { class: "members", "data-testid": "members" });
  const user = h("input", {
    type: "text", class: "field boxed", id: "share-user", placeholder: "Who? Their user name", required: true, maxlength: 200, autocomplete: "off", "data-testid": "share-user",
  });
  const role = h("select", { class: "choice", "aria-label": "Role", "data-testid": "share-role" },
    ROLES.map((r) => h("option", { value: r, selected: r === "editor" }, r)));

  /** @param {"grant-access" | "revoke-access"} name @param {Record<string, any>} body */
  async function run(name, body) {
    message.textContent = "";
    try {
      await project.run(name, body);
      return true;
    } catch (error) {
      message.textContent = explain(error);
      return false;
    } finally {
      draw();
    }
  }

  function draw() {
    const { project: p } = project.state;
    const owner = p.role === "owner";
    const order = (/** @type {string} */ r) => ROLES.indexOf(/** @type {any} */ (r));
    const sorted = [...p.members].sort((a, b) => order(a.role) - order(b.role) || (a.user < b.user ? -1 : 1));
    fill(members, sorted.map((m) => h("li", { "data-user": m.user },
      avatar(m.user),
      h("span", { class: "member-name" }, h("strong", null, m.user), m.user === project.me ? " (you)" : "", h("small", null, MEANING[m.role] ?? m.role)),
      owner
        ? h("select", {
          class: "choice", "aria-label": `Role of ${m.user}`,
          on: { change: (/** @type {Event} */ e) => void run("grant-access", { user: m.user, role: /** @type {HTMLSelectElement} */ (e.target).value }) },
        }, ROLES.map((r) => h("option", { value: r, selected: r === m.role }, r)))
        : h("span", { class: `badge role-${m.role}` }, m.role),
      owner
        ? h("button", {
          type: "button", class: "icon-button", "aria-label": `Remove ${m.user}`, title: "Remove", on: { click: () => void run("revoke-access", { user: m.user }) },
        }, icon("close"))
        : null)));
    form.hidden = !owner;
    hint.hidden = owner;
  }

  const form = h("form", {
    class: "share-form",
    on: {
      submit: async (/** @type {Event} */ e) => {
        e.preventDefault();
        const name = user.value.trim();
        if (name && (await run("grant-access", { user: name, role: role.value }))) user.value = "";
        user.focus();
      },
    },
  }, h("label", { for: "share-user", class: "visually-hidden" }, "User"), user, role,
  h("button", { type: "submit", class: "button primary", "data-testid": "share-submit" }, "Share"));
  const hint = h("p", { class: "dialog-text" }, "Only an owner can change who has access.");
  draw();
  let drawn = project.state.project;
  const changed = () => {
    // Most changes are of blocks; drawing anew would take a menu away from under the pointer.
    if (project.state.project === drawn) return;
    drawn = project.state.project;
    draw();
  };
  project.addEventListener("change", changed);
  return dialog({ title: "Share this project", testid: "share-dialog", body: () => [form, hint, message, members] })
    .finally(() => project.removeEventListener("change", changed));
}
