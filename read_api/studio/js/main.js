/** The way through the page: log in, choose a project, edit it. */

import { Api, Problem, explain } from "./api.js";
import { h } from "./dom.js";
import { mark } from "./icons.js";
import { ProjectSession } from "./project.js";
import { claimsOf, keepToken, placeInAddress, showPlace, storedToken, tokenFromAddress } from "./session.js";
import { announce } from "./ui/announce.js";
import { toast } from "./ui/toasts.js";
import { EditorView } from "./views/editor.js";
import { loginView } from "./views/login.js";
import { ProjectsView } from "./views/projects.js";

const app = /** @type {HTMLElement} */ (document.getElementById("app"));

let writeUrl = "";
/** @type {Api | null} */
let api = null;
/** @type {{close: () => void} | null} */
let view = null;
/** Changes with every step, so that what was started before knows that it is late. */
let step = 0;

/** @param {HTMLElement} el @param {{close: () => void} | null} next */
function show(el, next) {
  view?.close();
  view = next;
  for (const open of document.querySelectorAll("dialog")) open.close();
  app.replaceChildren(el);
}

/** @param {string} text */
const waiting = (text) => h("div", { class: "waiting", role: "status" }, mark(), h("p", null, text));

/** @param {string} [message] */
function login(message = "") {
  step += 1;
  api?.end();
  api = null;
  keepToken(null);
  document.title = "Log in · Decklog";
  show(loginView({ writeUrl, message, enter }), null);
}

/** @param {string} token */
function enter(token) {
  keepToken(token);
  api?.end();
  api = new Api(token, writeUrl, login);
  void route();
}

function logout() {
  showPlace({ project: null, slide: null }, true);
  login("");
}

/** Show what the address bar says. @param {number} [minPosition] @param {string | null} [job]  what the project was made for */
async function route(minPosition = 0, job = null) {
  const { project, slide } = placeInAddress();
  const me = api && claimsOf(api.token);
  if (!api || !me) return login(storedToken() ? "That token cannot be read. Log in again." : "");
  step += 1;
  const here = step;
  if (!project) {
    document.title = "Projects · Decklog";
    const list = new ProjectsView(api, me, { open, logout });
    show(list.el, list);
    return undefined;
  }
  show(waiting("Opening the project…"), null);
  try {
    const session = await ProjectSession.open(api, me.sub, project, minPosition);
    if (here !== step) return session.close();
    const editor = new EditorView(session, me, slide, {
      back, logout, lost,
      slideShown: (id) => showPlace({ project, slide: id }, true),
    }, job);
    show(editor.el, editor);
    session.start();
    announce(`Opened ${session.state.project.title}`);
  } catch (error) {
    if (here !== step || !(error instanceof Problem) || error.status === 401) {
      if (!(error instanceof Problem)) throw error;
      return undefined;
    }
    back();
    toast(error.status === 404 || error.status === 422 ? "There is no such project, or you have no access to it." : explain(error), { tone: "problem" });
  }
  return undefined;
}

/** @param {string} id @param {number} [minPosition] @param {string | null} [job] */
function open(id, minPosition = 0, job = null) {
  showPlace({ project: id, slide: null }, false);
  void route(minPosition, job);
}

function back() {
  showPlace({ project: null, slide: null }, false);
  void route();
}

/** @param {import("./live.js").End} why */
function lost(why) {
  if (why === "protocol") return toast("This page and the service do not fit together any more. Reload the page.", { tone: "problem" });
  if (why === "token") return login("Your token is not accepted (any more). Log in again.");
  back();
  toast("You no longer have access to that project.", { tone: "problem" });
}

/** A link with a token, or the back button. */
function addressChanged() {
  const token = tokenFromAddress();
  if (token) enter(token);
  else void route();
}

async function start() {
  const fromAddress = tokenFromAddress(); // before anything that takes time: the token is in plain sight
  try {
    writeUrl = (await (await fetch("/studio/config.json")).json()).write_url ?? "";
  } catch {
    app.replaceChildren(waiting("The service could not be reached. Reload the page to try again."));
    return;
  }
  addEventListener("hashchange", addressChanged);
  const token = fromAddress ?? storedToken();
  if (token) enter(token);
  else login();
}

void start();
