/** Logging in by pasting a token. */

import { Api, Problem, explain } from "../api.js";
import { h } from "../dom.js";
import { icon, mark } from "../icons.js";
import { claimsOf } from "../session.js";

/**
 * @param {{writeUrl: string, message: string, enter: (token: string) => void}} options
 * @returns {HTMLElement}
 */
export function loginView({ writeUrl, message, enter }) {
  const problem = h("p", { class: "form-problem", role: "alert", id: "login-problem" }, message);
  const token = h("textarea", {
    class: "field boxed token", id: "token", rows: 4, required: true, spellcheck: "false", autocomplete: "off", autocapitalize: "off",
    "aria-describedby": "login-problem", "data-testid": "login-token", placeholder: "eyJhbGciOi…",
    on: {
      keydown: (/** @type {KeyboardEvent} */ e) => {
        if (e.key !== "Enter" || e.shiftKey) return;
        e.preventDefault();
        form.requestSubmit();
      },
    },
  });
  const submit = h("button", { type: "submit", class: "button primary large", "data-testid": "login-submit" }, "Log in");
  const form = h("form", {
    class: "login-form",
    on: {
      submit: async (/** @type {Event} */ e) => {
        e.preventDefault();
        const text = token.value.trim().replace(/^Bearer\s+/i, "");
        const claims = claimsOf(text);
        problem.textContent = "";
        if (!claims) problem.textContent = "This is no token: it should be three parts with dots between.";
        else if (claims.exp && claims.exp * 1000 < Date.now()) problem.textContent = "This token has expired. Ask for a new one.";
        if (problem.textContent) return void token.focus();
        submit.disabled = true;
        submit.textContent = "Checking…";
        try {
          await new Api(text, writeUrl, () => {}).get("/projects", { limit: 1 });
          enter(text);
        } catch (error) {
          problem.textContent = error instanceof Problem && error.status === 401 ? "This token is not accepted here." : explain(error);
          token.focus();
        }
        submit.disabled = false;
        submit.textContent = "Log in";
      },
    },
  },
  h("h1", null, "Welcome"),
  h("p", { class: "muted" }, "Paste your access token to open the studio."),
  h("label", { for: "token" }, "Access token"), token, problem, submit,
  h("p", { class: "login-hint" }, icon("info"), h("span", null, "On your own machine, ", h("code", null, "decklog token --user you"), " prints one. It stays in this tab and is gone when you close it.")));
  requestAnimationFrame(() => token.focus());
  return h("main", { class: "login" },
    h("section", { class: "login-side", "aria-hidden": "true" },
      h("div", { class: "login-brand" }, mark(), "Decklog"),
      h("p", { class: "login-claim" }, "Every slide has a story. Keep all of it."),
      h("div", { class: "login-art" },
        h("div", { class: "art-card art-back" }),
        h("div", { class: "art-card art-front" }, h("i"), h("b"), h("b"), h("b")),
        h("ol", { class: "art-log" }, ["slide added", "title edited", "grace joined", "chart moved"].map((what, i) => h("li", null, h("span", null, `#${128 + i}`), what))))),
    h("section", { class: "login-main" }, form));
}
