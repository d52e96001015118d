/** A little colour for code: comments, strings, numbers and common keywords, whatever the language. */

import { h } from "../dom.js";

const TOKENS = new RegExp([
  String.raw`(?<comment>\/\/[^\n]*|(?<=^|\s)#(?![0-9a-fA-F]{3,8}\b)[^\n]*|--(?=\s)[^\n]*|\/\*[^]{0,4000}?\*\/|<!--[^]{0,4000}?-->)`,
  String.raw`(?<string>"(?:[^"\\\n]|\\.){0,2000}"|'(?:[^'\\\n]|\\.){0,2000}'|` + "`(?:[^`\\\\]|\\\\.){0,2000}`)",
  String.raw`(?<number>\b\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?\b)`,
  String.raw`(?<word>[A-Za-z_][A-Za-z0-9_]*)`,
].join("|"), "g");

const KEYWORDS = new Set(("and as async await begin break case catch class const continue def default del do elif else end enum "
  + "except export extends false False finally fn for from func function if impl import in interface is lambda let loop "
  + "match mod mut new nil None not null or package pass private pub public raise return self static struct super switch "
  + "then this throw trait true True try type typeof undefined use var void while with yield SELECT FROM WHERE INSERT INTO "
  + "UPDATE DELETE CREATE TABLE JOIN ON GROUP ORDER BY LIMIT VALUES SET RETURNING select from where insert update delete").split(" "));
const LONGEST = 10_000;

/** @param {string} text @returns {(Node | string)[]} */
export function highlighted(text) {
  if (text.length > LONGEST) return [text];
  /** @type {(Node | string)[]} */
  const out = [];
  let at = 0;
  for (const match of text.matchAll(TOKENS)) {
    const { comment, string, number, word } = match.groups ?? {};
    const kind = comment ? "comment" : string ? "string" : number ? "number" : KEYWORDS.has(word) ? "keyword" : null;
    if (!kind) continue;
    out.push(text.slice(at, match.index), h("span", { class: `tok-${kind}` }, match[0]));
    at = match.index + match[0].length;
  }
  out.push(text.slice(at));
  return out;
}
