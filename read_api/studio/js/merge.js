/** Comparing contents. Pure. */

/** @param {any} a @param {any} b @returns {boolean} whether two JSON values are equal */
export function same(a, b) {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((k) => k in b && same(a[k], b[k]));
}

/**
 * The fields of `to` that differ from `from`.
 * @param {Record<string, any>} from
 * @param {Record<string, any>} to
 * @returns {Record<string, any>}
 */
export function changedFields(from, to) {
  return Object.fromEntries(Object.entries(to).filter(([field, value]) => !same(from[field], value)));
}

/** @param {string} a @param {string} b @returns {{start: number, end: number, text: string}} what makes b of a */
function splice(a, b) {
  const most = Math.min(a.length, b.length);
  let start = 0;
  while (start < most && a[start] === b[start]) start += 1;
  let tail = 0;
  while (tail < most - start && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  return { start, end: a.length - tail, text: b.slice(start, b.length - tail) };
}

/**
 * Carry over to `theirs` what was typed since `base`, if the two changes are at different places.
 * @param {string} base
 * @param {string} mine
 * @param {string} theirs
 * @returns {string | null} null when they touch
 */
export function rebaseText(base, mine, theirs) {
  if (mine === base) return theirs;
  if (theirs === base || theirs === mine) return mine;
  const [m, t] = [splice(base, mine), splice(base, theirs)];
  if (m.end < t.start) return base.slice(0, m.start) + m.text + base.slice(m.end, t.start) + t.text + base.slice(t.end);
  if (t.end < m.start) return base.slice(0, t.start) + t.text + base.slice(t.end, m.start) + m.text + base.slice(m.end);
  return null;
}
