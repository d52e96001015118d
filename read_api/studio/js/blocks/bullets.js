/** A bullet list as lines of text and back. Two spaces of indentation are one level. */

import { newId } from "../ids.js";

const DEEPEST = 8;
const MOST = 100;

/** @typedef {{id: string, text: string, level: number}} Item */

/** @param {Item[]} items @returns {string} */
export function linesOf(items) {
  return items.map((item) => "  ".repeat(item.level ?? 0) + item.text.replaceAll("\n", " ")).join("\n");
}

/**
 * Read the lines, keeping the ids of items that are still there: the server merges two people's edits of a
 * list by them. A line that is unchanged keeps its item; one between two unchanged ones keeps the item that
 * stood there.
 * @param {string} text
 * @param {Item[]} before
 * @returns {Item[]}
 */
export function itemsOf(text, before) {
  const lines = text.split("\n").filter((line) => line.trim()).slice(0, MOST).map((line) => {
    const words = line.trimStart().replace(/^[-*•]\s+/, "");
    const indent = line.slice(0, line.length - line.trimStart().length).replaceAll("\t", "  ").length;
    return { text: words.trimEnd(), level: Math.min(Math.floor(indent / 2), DEEPEST) };
  });
  const old = before.map((item) => item.text.replaceAll("\n", " ").trim());
  let head = 0;
  while (head < lines.length && head < old.length && lines[head].text === old[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(lines.length, old.length) - head && lines.at(-1 - tail)?.text === old.at(-1 - tail)) tail += 1;
  // In the changed middle: first what moved, by its words, then what was reworded, by its place.
  const free = before.slice(head, before.length - tail);
  const middle = lines.slice(head, lines.length - tail).map((line) => {
    const at = free.findIndex((item) => item.text.trim() === line.text);
    return { line, item: at >= 0 ? free.splice(at, 1)[0] : null };
  });
  const ids = [
    ...before.slice(0, head).map((item) => item.id),
    ...middle.map(({ item }) => item?.id ?? free.shift()?.id ?? newId()),
    ...before.slice(before.length - tail).map((item) => item.id),
  ];
  return lines.map((line, i) => ({ id: ids[i], ...line }));
}
