/**
 * Inline Markdown (bold, italic, struck, code, links) as DOM nodes. It builds text nodes and a fixed set of
 * elements, so nothing that a user writes is ever parsed as HTML. Whatever is no markup stays as written.
 */

import { h } from "../dom.js";

const DEEPEST = 6;
const SAFE = new Set(["http:", "https:", "mailto:"]);
/** Longer marks first: `**` is not two `*`. @type {[string, keyof HTMLElementTagNameMap][]} */
const MARKS = [["**", "strong"], ["__", "strong"], ["~~", "s"], ["*", "em"], ["_", "em"]];
const WORD = /[\p{L}\p{N}]/u;

/** @param {string} address @returns {string | null} the address, if following it is harmless */
export function safeHref(address) {
  try {
    const url = new URL(address);
    return SAFE.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} text
 * @param {number} [depth]
 * @returns {Node[]}
 */
export function inline(text, depth = 0) {
  /** @type {Node[]} */
  const out = [];
  let plain = "";
  const flush = () => {
    if (plain) out.push(document.createTextNode(plain));
    plain = "";
  };
  /** @param {Node} node */
  const emit = (node) => {
    flush();
    out.push(node);
  };
  /** Marks that have no partner in the rest: looking again at each would take quadratic time. @type {Set<string>} */
  const hopeless = new Set();

  let i = 0;
  while (i < text.length) {
    const c = text[i];
    if (c === "\\" && i + 1 < text.length && /[!-/:-@[-`{-~]/.test(text[i + 1])) {
      plain += text[i + 1];
      i += 2;
      continue;
    }
    if (c === "\n") {
      emit(h("br"));
      i += 1;
      continue;
    }
    if (c === "`" && !hopeless.has("`")) {
      const end = text.indexOf("`", i + 1);
      if (end > i + 1) {
        emit(h("code", null, text.slice(i + 1, end)));
        i = end + 1;
        continue;
      }
      if (end < 0) hopeless.add("`");
    }
    if (c === "[" && depth < DEEPEST && !hopeless.has("[")) {
      const link = linkAt(text, i);
      if (link) {
        emit(h("a", { href: link.href, target: "_blank", rel: "noopener noreferrer" }, inline(link.label, depth + 1)));
        i = link.end;
        continue;
      }
      if (text.indexOf("](", i) < 0) hopeless.add("[");
    }
    const mark = depth < DEEPEST ? MARKS.find(([m]) => text.startsWith(m, i)) : undefined;
    if (mark && !hopeless.has(mark[0]) && opens(text, i, mark[0])) {
      const end = closing(text, i + mark[0].length, mark[0]);
      if (end > 0) {
        emit(h(mark[1], null, inline(text.slice(i + mark[0].length, end), depth + 1)));
        i = end + mark[0].length;
        continue;
      }
      hopeless.add(mark[0]);
    }
    if (mark) {
      plain += mark[0];
      i += mark[0].length;
      continue;
    }
    plain += c;
    i += 1;
  }
  flush();
  return out;
}

/** @param {string} text @param {number} at @returns {{label: string, href: string, end: number} | null} */
function linkAt(text, at) {
  const middle = text.indexOf("](", at);
  if (middle < 0 || middle - at > 1000) return null;
  const end = text.indexOf(")", middle);
  if (end < 0 || end - middle > 2048) return null;
  const label = text.slice(at + 1, middle);
  const href = safeHref(text.slice(middle + 2, end).trim());
  return label && href && !label.includes("[") ? { label, href, end: end + 1 } : null;
}

/** @param {string} text @param {number} at @param {string} mark */
function opens(text, at, mark) {
  const after = text[at + mark.length];
  if (after === undefined || /\s/.test(after)) return false;
  return mark[0] !== "_" || at === 0 || !WORD.test(text[at - 1]); // snake_case is no emphasis
}

/** @param {string} text @param {number} from @param {string} mark @returns {number} -1 when nothing closes it */
function closing(text, from, mark) {
  for (let end = text.indexOf(mark, from); end >= 0; end = text.indexOf(mark, end + mark.length)) {
    if (end === from || /\s/.test(text[end - 1]) || text[end - 1] === "\\") continue;
    if (mark.length === 1 && text[end + 1] === mark) {
      end += 1; // a double mark inside is another one's
      continue;
    }
    // Of three marks the first closes what stands inside.
    if (mark.length === 2 && text[end + 2] === mark[0] && text[end + 3] !== mark[0]) end += 1;
    if (mark[0] === "_" && WORD.test(text[end + mark.length] ?? "")) continue;
    return end;
  }
  return -1;
}

/** Inline Markdown as a reader hears it: marks go, words stay. @param {string} text */
export function withoutMarkup(text) {
  return inline(text).map((node) => (node.nodeName === "BR" ? " " : node.textContent)).join("");
}

/**
 * Text in paragraphs, parted by empty lines.
 * @param {string} text
 * @returns {HTMLElement[]}
 */
export function paragraphs(text) {
  return text.split(/\n[ \t]*\n+/).filter((p) => p.trim()).map((p) => h("p", null, inline(p)));
}
