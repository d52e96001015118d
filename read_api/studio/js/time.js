/** Instants as people read them. */

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const DAY_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

/** @param {string} at @returns {string} such as 12:04:31 */
export function clock(at) {
  return CLOCK.format(new Date(at));
}

/** @param {string} at @returns {string} the same for all instants of one local day */
export function dayOf(at) {
  return new Date(at).toDateString();
}

/** @param {string} at @returns {string} such as "Today" */
export function dayName(at) {
  const date = new Date(at);
  const today = new Date();
  if (date.toDateString() === today.toDateString()) return "Today";
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return (date.getFullYear() === today.getFullYear() ? DAY : DAY_YEAR).format(date);
}

/** @param {string | undefined} at @returns {string} such as "5 minutes ago" */
export function ago(at) {
  if (!at) return "";
  const seconds = (Date.parse(at) - Date.now()) / 1000;
  if (Math.abs(seconds) < 45) return "just now";
  /** @type {[Intl.RelativeTimeFormatUnit, number][]} */
  const units = [["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3_600], ["minute", 60]];
  const [unit, size] = units.find(([, s]) => Math.abs(seconds) >= s) ?? ["minute", 60];
  return RELATIVE.format(Math.round(seconds / size), unit);
}
